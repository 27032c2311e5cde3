internal import Formats
internal import Geometry
internal import Glibc

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
    guard descriptor >= 0 else { throw systemError(operation, "cannot open \(quotedPath(path))") }
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
      guard count >= 0 else { throw systemError(operation, "cannot write \(quotedPath(path))") }
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
