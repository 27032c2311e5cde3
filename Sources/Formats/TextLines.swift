public import Geometry

/// Reads a text file line by line, holding one piece of it at a time.
///
/// Lines end with a line feed, or a carriage return and a line feed, neither of which is part of
/// them; the last need not. The text is UTF-8; a byte-order mark in front is left out.
///
///     let lines = try LineReader(path: "reviews.txt")
///     while let line = try lines.next() { print(line) }
public final class LineReader {
  private let source: any ByteSource
  private let longestLine: Int
  private var piece: [UInt8] = []
  private var start = 0
  private var position: Int
  /// How many lines were read.
  public private(set) var lineCount = 0

  private static let pieceSize = 1 << 16

  /// - Parameters:
  ///   - path: of the file.
  ///   - longestLine: in bytes; a longer one is an error, not a lot of memory.
  public convenience init(path: String, longestLine: Int = 1 << 24) throws(TensorError) {
    try self.init(InputFile(path: path, operation: "LineReader"), longestLine)
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public convenience init(
    _ bytes: [UInt8], name: String, longestLine: Int = 1 << 24
  ) throws(TensorError) {
    try self.init(
      BytesInMemory(bytes: bytes, path: name, operation: "LineReader"), longestLine)
  }

  private init(_ source: any ByteSource, _ longestLine: Int) throws(TensorError) {
    guard longestLine > 0 else {
      throw TensorError(.argument, source.operation, "a longest line of \(longestLine) bytes")
    }
    self.source = source
    self.longestLine = longestLine
    let mark = try source.bytes(at: 0, count: min(3, source.byteCount))
    position = mark == [0xEF, 0xBB, 0xBF] ? 3 : 0
  }

  /// The next line; nil after the last.
  public func next() throws(TensorError) -> String? {
    var searched = start
    while true {
      if let end = piece[searched...].firstIndex(of: 0x0A) {
        defer { start = end + 1 }
        return try line(piece[start..<end])
      }
      searched = piece.count - start
      piece.removeFirst(start)
      start = 0
      guard position < source.byteCount else {
        guard !piece.isEmpty else { return nil }
        defer { piece = [] }
        return try line(piece[...])
      }
      guard piece.count <= longestLine else { throw tooLong() }
      let count = min(Self.pieceSize, source.byteCount - position)
      piece += try source.bytes(at: position, count: count)
      position += count
    }
  }

  private func line(_ bytes: ArraySlice<UInt8>) throws(TensorError) -> String {
    guard bytes.count <= longestLine else { throw tooLong() }
    lineCount += 1
    let text = bytes.last == 0x0D ? bytes.dropLast() : bytes
    guard let line = String(validating: text, as: UTF8.self) else {
      throw source.corrupt("line \(lineCount) is not UTF-8")
    }
    return line
  }

  private func tooLong() -> TensorError {
    source.unsupported("line \(lineCount + 1) has more than \(longestLine) bytes")
  }
}

/// All lines of the text file at `path`.
public func textLines(path: String) throws(TensorError) -> [String] {
  let reader = try LineReader(path: path)
  var lines: [String] = []
  while let line = try reader.next() { lines.append(line) }
  return lines
}
