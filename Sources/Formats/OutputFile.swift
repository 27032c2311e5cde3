package import Geometry
internal import Glibc

/// Writes a file that appears at once and whole, or not at all.
///
/// The bytes go to a temporary file beside the target, which is flushed to the disk, takes the
/// target's place, and has its folder flushed too. Whatever fails on the way, and at whatever point
/// the process ends, the target is the old file or the new one.
package final class OutputFile {
  private let operation: String
  private let target: String
  private let folder: String
  private let temporary: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []

  private static let bufferSize = 1 << 16
  /// In the names of temporary files: between the name of the target and the writing process.
  private static let mark = ".apus-"

  package init(replacing target: String, operation: String) throws(TensorError) {
    self.operation = operation
    self.target = target
    let name: Substring
    if let slash = target.lastIndex(of: "/") {
      folder = slash == target.startIndex ? "/" : String(target[..<slash])
      name = target[target.index(after: slash)...]
    } else {
      folder = "."
      name = target[...]
    }
    var short = name
    while short.utf8.count > 200 { short.removeLast() }
    let prefix = ".\(short)\(OutputFile.mark)"
    OutputFile.sweep(folder: folder, prefix: prefix)

    var permissions: mode_t?
    var status = stat()
    if stat(target, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw TensorError(.io, operation, "\(quotedPath(target)) is not a regular file")
      }
      permissions = status.st_mode & 0o7777
    }
    let folder = self.folder
    let unique = UInt64.random(in: 0...(.max))
    let temporary = "\(folder)/\(prefix)\(getpid())-\(String(unique, radix: 36))"
    self.temporary = temporary
    descriptor = retryingInterrupted {
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    }
    guard descriptor >= 0 else {
      throw systemError(operation, "cannot create \(quotedPath(target))")
    }
    // The lock tells a sweep that this file is being written. Where locks are not supported the
    // sweep cannot lock either, and leaves the file alone.
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    if let permissions, fchmod(descriptor, permissions) != 0 {
      throw systemError(operation, "cannot set the permissions of \(quotedPath(target))")
    }
  }

  deinit {
    if descriptor >= 0 {
      unlink(temporary)
      close(descriptor)
    }
  }

  package func write(_ bytes: [UInt8]) throws(TensorError) {
    if buffer.count + bytes.count > Self.bufferSize { try flush() }
    if bytes.count > Self.bufferSize {
      try writeThrough(bytes)
    } else {
      buffer += bytes
    }
  }

  private func flush() throws(TensorError) {
    try writeThrough(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: [UInt8]) throws(TensorError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        retryingInterrupted {
          Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        }
      }
      guard count >= 0 else { throw systemError(operation, "cannot write \(quotedPath(target))") }
      done += count
    }
  }

  /// Puts the file in place. An error before the rename leaves the old file untouched.
  package func commit() throws(TensorError) {
    try flush()
    // A failed fsync is never tried again: the system may have dropped the pages.
    guard retryingInterrupted({ fsync(descriptor) }) == 0 else {
      throw systemError(operation, "cannot flush \(quotedPath(target)) to the disk")
    }
    try closeKeepingTheLock()
    guard rename(temporary, target) == 0 else {
      throw systemError(operation, "cannot put \(quotedPath(target)) in place")
    }
    close(descriptor)
    descriptor = -1
    try flushFolder(folder, in: operation)
  }

  /// Closes the file before it is put in place: some file systems tell only then of a failed write.
  private func closeKeepingTheLock() throws(TensorError) {
    let written = descriptor
    let locked = fcntl(written, F_DUPFD_CLOEXEC, 0)
    guard locked >= 0 else { throw systemError(operation, "cannot close \(quotedPath(target))") }
    descriptor = locked
    guard close(written) == 0 || errno == EINTR else {
      throw systemError(operation, "cannot close \(quotedPath(target))")
    }
  }

  /// Removes temporary files of targets in `folder` that no process writes any more.
  package static func sweep(_ folder: String) { sweep(folder: folder, prefix: ".") }

  private static func sweep(folder: String, prefix: String) {
    for name in (try? namesInFolder(folder, in: "OutputFile")) ?? [] {
      guard name.hasPrefix(prefix), name.contains(mark) else { continue }
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }
}
