internal import Geometry

/// The fields of a table that are kept, row by row, as places in the text.
struct CSVCells: Sendable {
  let name: String
  let bytes: [UInt8]
  let missing: Set<String>
  /// Where the fields begin, the quote included.
  var starts: [Int] = []
  /// Where they end, the quote included.
  var ends: [Int] = []

  var count: Int { starts.count }

  subscript(_ index: Int) -> Range<Int> { starts[index]..<ends[index] }

  /// What the field says, without its quotes.
  func text(_ cell: Range<Int>) -> String {
    guard isQuoted(cell) else { return String(decoding: bytes[cell], as: UTF8.self) }
    let inside = bytes[(cell.lowerBound + 1)..<(cell.upperBound - 1)]
    guard inside.contains(0x22) else { return String(decoding: inside, as: UTF8.self) }
    var text: [UInt8] = []
    var position = inside.startIndex
    while position < inside.endIndex {
      text.append(inside[position])
      position += inside[position] == 0x22 ? 2 : 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  func isMissing(_ cell: Range<Int>) -> Bool {
    !isQuoted(cell) && missing.contains(String(decoding: bytes[cell], as: UTF8.self))
  }

  /// The number of the line that a field begins in.
  func line(of cell: Range<Int>) -> Int {
    1 + bytes[..<cell.lowerBound].count { $0 == 0x0A }
  }

  private func isQuoted(_ cell: Range<Int>) -> Bool {
    !cell.isEmpty && bytes[cell.lowerBound] == 0x22
  }
}

/// Finds the fields of a text.
struct CSVReader {
  private let bytes: [UInt8]
  private let name: String
  private let options: CSVTable.Options
  private let separator: UInt8
  private var position = 0
  private var line = 1
  /// The line in which the latest row begins.
  private var rowLine = 1

  init(_ bytes: [UInt8], name: String, options: CSVTable.Options) throws(TensorError) {
    self.bytes = bytes
    self.name = name
    self.options = options
    guard let separator = options.separator.asciiValue, ![0x22, 0x0A, 0x0D].contains(separator)
    else {
      throw TensorError(
        .argument, "CSVTable",
        "\(quoted(String(options.separator))) cannot separate fields, a character of ASCII can")
    }
    self.separator = separator
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw corrupt("the text is not UTF-8")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  func corrupt(_ problem: String) -> TensorError {
    TensorError(.corruptFile, "CSVTable", "\(name): line \(line): \(problem)")
  }

  /// The names of the columns: the first row, or numbers if it is one of values.
  mutating func header() throws(TensorError) -> [String] {
    let (start, startLine) = (position, line)
    var cells = CSVCells(name: name, bytes: bytes, missing: [])
    guard
      try row({
        cells.starts.append($0)
        cells.ends.append($1)
      })
    else {
      throw corrupt("there is no row")
    }
    guard !options.hasHeader else { return (0..<cells.count).map { cells.text(cells[$0]) } }
    (position, line) = (start, startLine)
    return (0..<cells.count).map { "\($0)" }
  }

  /// The fields at the places `kept` of all rows left, each of which has `width` fields.
  mutating func cells(_ kept: [Int], of width: Int) throws(TensorError) -> CSVCells {
    var cells = CSVCells(name: name, bytes: bytes, missing: options.missing)
    var starts = [Int](repeating: 0, count: width)
    var ends = starts
    while true {
      var count = 0
      let found = try row { start, end in
        if count < width { (starts[count], ends[count]) = (start, end) }
        count += 1
      }
      guard found else { return cells }
      guard count == width else {
        line = rowLine
        throw corrupt("\(count) fields, expected \(width)")
      }
      for place in kept {
        cells.starts.append(starts[place])
        cells.ends.append(ends[place])
      }
    }
  }

  /// Gives the beginnings and ends of the fields of the next row. False if there is none.
  private mutating func row(_ field: (Int, Int) -> Void) throws(TensorError) -> Bool {
    try bytes.withUnsafeBufferPointer { bytes throws(TensorError) in
      // Empty lines are no rows.
      while position < bytes.count, bytes[position] == 0x0A || isReturn(bytes, position) {
        if bytes[position] == 0x0A { line += 1 }
        position += 1
      }
      guard position < bytes.count else { return false }
      rowLine = line
      while true {
        let start = position
        let end = try fieldEnd(bytes)
        field(start, end)
        guard position < bytes.count else { return true }
        if bytes[position] == separator {
          position += 1
          continue
        }
        position += bytes[position] == 0x0D ? 2 : 1
        line += 1
        return true
      }
    }
  }

  /// Whether a carriage return is there that belongs to the end of a line.
  private func isReturn(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
    bytes[position] == 0x0D && (position + 1 == bytes.count || bytes[position + 1] == 0x0A)
  }

  /// Moves to what ends the field that begins here, and returns where the field ends.
  private mutating func fieldEnd(_ bytes: UnsafeBufferPointer<UInt8>) throws(TensorError) -> Int {
    if position < bytes.count, bytes[position] == 0x22 {
      let startLine = line
      position += 1
      while true {
        while position < bytes.count, bytes[position] != 0x22 {
          if bytes[position] == 0x0A { line += 1 }
          position += 1
        }
        guard position < bytes.count else {
          line = startLine
          throw corrupt("a quoted field does not end")
        }
        position += 1
        guard position < bytes.count, bytes[position] == 0x22 else { break }
        position += 1
      }
      let end = position
      if position < bytes.count, isReturn(bytes, position), position + 1 == bytes.count {
        position += 1
      }
      guard
        position >= bytes.count || bytes[position] == separator || bytes[position] == 0x0A
          || isReturn(bytes, position)
      else { throw corrupt("more after a quoted field") }
      return end
    }
    while position < bytes.count, bytes[position] != separator, bytes[position] != 0x0A {
      if isReturn(bytes, position) { break }
      guard bytes[position] != 0x22 else { throw corrupt("a quote within a field without quotes") }
      position += 1
    }
    let end = position
    if position < bytes.count, bytes[position] == 0x0D, position + 1 == bytes.count {
      position += 1
    }
    return end
  }
}
