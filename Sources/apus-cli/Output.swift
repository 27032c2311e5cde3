internal import Formats
internal import Geometry
internal import Glibc

/// What goes to standard output and standard error, line by line as it comes.
enum Output {
  /// Whether standard output has a reader. Without one what is written to it is dropped, and the work
  /// goes on: a training is worth more than its last line.
  // Unchecked: only the thread that runs the verb writes to standard output.
  nonisolated(unsafe) private(set) static var isRead = true

  /// Writes `text` and a line feed to standard output.
  static func text(_ text: String) throws(TensorError) {
    guard isRead, !write(text + "\n", to: STDOUT_FILENO) else { return }
    let code = errno
    if code == EPIPE {
      isRead = false
      return
    }
    throw TensorError(
      .io, "output", "cannot write: \(String(cString: strerror(code)))", code: code)
  }

  /// Writes `text`, which is all there is to do.
  static func show(_ text: String) throws(TensorError) -> ExitCode {
    try self.text(text)
    return .done
  }

  /// Writes one JSON object on a line to standard output.
  static func json(_ members: [(String, JSON)]) throws(TensorError) {
    try text(JSON.line(members))
  }

  /// Writes `text` and a line feed to standard error.
  static func note(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
