package import Geometry
internal import Glibc

/// Whether there is a folder at `path`.
package func isFolder(_ path: String) -> Bool { kind(path) == S_IFDIR }

/// Whether there is a regular file at `path`.
package func isFile(_ path: String) -> Bool { kind(path) == S_IFREG }

private func kind(_ path: String) -> mode_t? {
  var status = stat()
  return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
}

/// The folder that `path` is in.
package func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in a folder but for `.` and `..`, in the order of their bytes.
package func namesInFolder(_ path: String, in operation: String) throws(TensorError) -> [String] {
  guard let listing = opendir(path) else {
    throw systemError(operation, "cannot list the folder \(quotedPath(path))")
  }
  defer { closedir(listing) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(listing) else {
      guard errno == 0 else {
        throw systemError(operation, "cannot list the folder \(quotedPath(path))")
      }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
}

/// Makes the folder and those above it, where they are missing.
package func makeFolder(_ path: String, in operation: String) throws(TensorError) {
  if path.isEmpty || isFolder(path) { return }
  var path = path
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  let parent = folder(of: path)
  if parent != path { try makeFolder(parent, in: operation) }
  guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
    // The parent is there: its file system makes no folders. ENOENT would tell of a missing input.
    if errno == ENOENT { errno = EPERM }
    throw systemError(operation, "cannot make the folder \(quotedPath(path))")
  }
  try flushFolder(parent, in: operation)
}

/// Waits until the names in a folder are on the disk, so that they outlive a crash of the machine.
package func flushFolder(_ path: String, in operation: String) throws(TensorError) {
  let descriptor = retryingInterrupted { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  guard descriptor >= 0 else {
    throw systemError(operation, "cannot open the folder \(quotedPath(path))")
  }
  defer { close(descriptor) }
  // EINVAL: the file system has no such call for folders.
  guard retryingInterrupted({ fsync(descriptor) }) == 0 || errno == EINVAL else {
    throw systemError(operation, "cannot flush the folder \(quotedPath(path)) to the disk")
  }
}

/// Removes a file if it is there.
package func removeFile(_ path: String, in operation: String) throws(TensorError) {
  guard unlink(path) == 0 || errno == ENOENT else {
    throw systemError(operation, "cannot remove \(quotedPath(path))")
  }
}

/// `path` between quotes as one printable line, for errors: all of it, since its end says most.
package func quotedPath(_ path: String) -> String {
  var quoted = ""
  JSON.writeString(path, to: &quoted)
  return quoted
}
