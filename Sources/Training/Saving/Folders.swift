internal import Formats
package import Geometry
internal import Glibc

/// Whether there is a folder at `path`.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func isFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
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
    throw systemError(operation, "cannot make the folder \(path)")
  }
  // So that it is there after a crash of the machine too.
  let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw systemError(operation, "cannot open the folder \(parent)") }
  defer { close(descriptor) }
  guard retryingInterrupted({ fsync(descriptor) }) == 0 || errno == EINVAL else {
    throw systemError(operation, "cannot flush the folder \(parent) to the disk")
  }
}

/// The folder that `path` is in.
func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in a folder, in alphabetical order.
func namesInFolder(_ path: String, in operation: String) throws(TensorError) -> [String] {
  guard let listing = opendir(path) else {
    throw systemError(operation, "cannot list the folder \(path)")
  }
  defer { closedir(listing) }
  var names: [String] = []
  while let entry = readdir(listing) {
    names.append(
      withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      })
  }
  return names.filter { $0 != "." && $0 != ".." }.sorted()
}

/// Removes a file if it is there.
func removeFile(_ path: String, in operation: String) throws(TensorError) {
  guard unlink(path) == 0 || errno == ENOENT else {
    throw systemError(operation, "cannot remove \(path)")
  }
}

/// A text file that grows line by line.
final class LineFile {
  let path: String
  private let operation: String
  private let descriptor: Int32

  /// - Parameter keep: which lines of a file that is there stay; none if not given.
  init(
    _ path: String, in operation: String, keeping keep: ((String) -> Bool)? = nil
  ) throws(TensorError) {
    self.path = path
    self.operation = operation
    try makeFolder(folder(of: path), in: operation)
    var kept = ""
    if let keep, isFile(path) {
      let bytes = try contents(ofFile: path, limit: 1 << 30, in: operation)
      var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      // A last line without an end was being written when the process ended.
      lines.removeLast()
      for line in lines {
        let text = String(decoding: line, as: UTF8.self)
        if keep(text) { kept += text + "\n" }
      }
    }
    let file = try OutputFile(replacing: path, operation: operation)
    try file.write(Array(kept.utf8))
    try file.commit()
    descriptor = retryingInterrupted { open(path, O_WRONLY | O_APPEND | O_CLOEXEC) }
    guard descriptor >= 0 else { throw systemError(operation, "cannot open \(path)") }
  }

  deinit { close(descriptor) }

  func append(_ line: String) throws(TensorError) {
    let bytes = Array((line + "\n").utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        retryingInterrupted {
          write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        }
      }
      guard count >= 0 else { throw systemError(operation, "cannot write \(path)") }
      done += count
    }
  }
}

/// Writes a whole file, at once or not at all.
func writeFile(_ text: String, to path: String, in operation: String) throws(TensorError) {
  try makeFolder(folder(of: path), in: operation)
  let file = try OutputFile(replacing: path, operation: operation)
  try file.write(Array(text.utf8))
  try file.commit()
}
