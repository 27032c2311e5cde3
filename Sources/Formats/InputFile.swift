package import Geometry
internal import Glibc

/// A regular file opened for reading at any offset.
///
/// It is read, not mapped, unless that is asked for: of a file that shrinks meanwhile a read tells,
/// where a mapping ends the process.
package final class InputFile: ByteSource {
  package let path: String
  package let operation: String
  /// The size when the file was opened.
  package let byteCount: Int
  let descriptor: Int32

  package init(path: String, operation: String) throws(TensorError) {
    self.path = path
    self.operation = operation
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = retryingInterrupted { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw systemError(operation, "cannot open \(quotedPath(path))") }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = systemError(operation, "cannot examine \(quotedPath(path))")
      close(descriptor)
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw TensorError(.unsupportedFile, operation, "\(quotedPath(path)) is not a regular file")
    }
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `target` with the bytes from `offset` on.
  package func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(TensorError)
  {
    var done = 0
    while done < target.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      let count = retryingInterrupted {
        pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      }
      guard count >= 0 else { throw systemError(operation, "cannot read \(quotedPath(path))") }
      guard count > 0 else {
        throw TensorError(
          .corruptFile, operation,
          "\(path): ends at byte \(offset + done), expected \(offset + target.count)")
      }
      done += count
    }
  }
}

/// The bytes of a regular file of at most `limit` bytes.
package func contents(ofFile path: String, limit: Int, in operation: String) throws(TensorError)
  -> [UInt8]
{
  let file = try InputFile(path: path, operation: operation)
  guard file.byteCount <= limit else {
    throw TensorError(
      .unsupportedFile, operation, "\(path): \(file.byteCount) bytes, at most \(limit) are read")
  }
  return try file.bytes(at: 0, count: file.byteCount)
}

/// An `io` error with the code and the text of the system call that just failed.
package func systemError(_ operation: String, _ problem: String) -> TensorError {
  let code = errno
  return TensorError(.io, operation, "\(problem): \(String(cString: strerror(code)))", code: code)
}

/// What `call` returns, called again as long as a signal interrupts it.
package func retryingInterrupted<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result != -1 || errno != EINTR { return result }
  }
}
