public import Geometry

/// A table of comma-separated values: columns of numbers and text, with missing values.
///
/// Fields may be quoted, as in RFC 4180: `"` begins and ends them, `""` is one, and separators and
/// line ends between are part of the field. Every row has as many fields as the first. The text is
/// UTF-8, lines end with a line feed, with or without a carriage return; empty lines are left out.
///
///     let table = try CSVTable(path: "houses.csv", columns: ["area", "rooms", "price"])
///     let area = try table.numbers("area")                  // [Double?], nil where missing
///     let rows = try table.matrix(["area", "rooms"])        // row-major floats, NaN where missing
public struct CSVTable: Sendable {
  /// The type of a column.
  public enum ColumnType: String, Sendable {
    /// All values are whole numbers that fit 64 bits.
    case integer
    /// All values are numbers.
    case number
    case text
  }

  /// How a file is read.
  public struct Options: Sendable {
    /// What stands between fields.
    public var separator: Character
    /// Whether the first row has the names of the columns; otherwise they are `0`, `1`, ….
    public var hasHeader: Bool
    /// Fields that stand for no value, when they are not quoted.
    public var missing: Set<String>

    public init(
      separator: Character = ",", hasHeader: Bool = true,
      missing: Set<String> = ["", "NA", "N/A", "NaN", "nan", "null", "?"]
    ) {
      self.separator = separator
      self.hasHeader = hasHeader
      self.missing = missing
    }
  }

  /// The names of the columns, in their order.
  public let names: [String]
  /// The number of rows, the header left out.
  public let rowCount: Int
  let cells: CSVCells
  /// The places of the columns among the cells of a row.
  private let places: [String: Int]

  /// Reads the file at `path`.
  ///
  /// - Parameters:
  ///   - path: of the file.
  ///   - columns: the names of the columns to keep, in this order; all if nil.
  ///   - types: what columns must be; others become what all their values are.
  ///   - options: what separates fields, whether there is a header, and what stands for no value.
  /// - Throws: `TensorError`: `io` if the file cannot be read; `corruptFile` with the line for a
  ///   quote that does not end, text that is not UTF-8 and rows of different lengths; `argument`
  ///   for a column that is not there.
  public init(
    path: String, columns: [String]? = nil, types: [String: ColumnType] = [:],
    options: Options = Options()
  ) throws(TensorError) {
    let file = try InputFile(path: path, operation: "CSVTable")
    try self.init(
      file.bytes(at: 0, count: file.byteCount), name: path, columns: columns, types: types,
      options: options)
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public init(
    _ bytes: [UInt8], name: String, columns: [String]? = nil, types: [String: ColumnType] = [:],
    options: Options = Options()
  ) throws(TensorError) {
    var reader = try CSVReader(bytes, name: name, options: options)
    let header = try reader.header()
    var found: [String: Int] = [:]
    for (place, column) in header.enumerated()
    where found.updateValue(place, forKey: column) != nil {
      throw TensorError(
        .corruptFile, "CSVTable", "\(name): the column \(quoted(column)) appears twice")
    }
    var kept: [Int] = []
    for column in columns ?? header {
      guard let place = found[column] else {
        let known = header.prefix(20).map(quoted).joined(separator: ", ")
        throw TensorError(
          .argument, "CSVTable", "\(name): there is no column \(quoted(column)), only \(known)")
      }
      kept.append(place)
    }
    names = columns ?? header
    var places: [String: Int] = [:]
    for (place, column) in names.enumerated()
    where places.updateValue(place, forKey: column) != nil {
      throw TensorError(
        .argument, "CSVTable", "\(name): column \(quoted(column)) is asked for twice")
    }
    self.places = places
    cells = try reader.cells(kept, of: header.count)
    rowCount = kept.isEmpty ? 0 : cells.count / kept.count
    for (column, type) in types.sorted(by: { $0.key < $1.key }) {
      switch type {
      case .integer: _ = try integers(column)
      case .number: _ = try numbers(column)
      case .text: _ = try place(column)
      }
    }
  }
}

extension CSVTable {
  /// What all values of a column are; a column without any value is of numbers.
  public func type(_ column: String) throws(TensorError) -> ColumnType {
    let place = try place(column)
    var type = ColumnType.integer
    var isEmpty = true
    for row in 0..<rowCount {
      let cell = cells[row * names.count + place]
      if cells.isMissing(cell) { continue }
      isEmpty = false
      let text = cells.text(cell)
      if type == .integer, Int(text) == nil { type = .number }
      if type == .number, Self.number(text) == nil { return .text }
    }
    return isEmpty ? .number : type
  }

  /// The values of a column of whole numbers, nil where they are missing.
  public func integers(_ column: String) throws(TensorError) -> [Int?] {
    try values(column, "a whole number") { Int($0) }
  }

  /// The values of a column of numbers, nil where they are missing.
  public func numbers(_ column: String) throws(TensorError) -> [Double?] {
    try values(column, "a number", Self.number)
  }

  /// The values of a column as text, nil where they are missing.
  public func strings(_ column: String) throws(TensorError) -> [String?] {
    try values(column, "text") { $0 }
  }

  /// The numbers of some columns, of all if nil, row by row: `rowCount` rows of `columns.count`.
  /// Where a value is missing, `missing` stands.
  public func matrix(
    _ columns: [String]? = nil, missing: Float = .nan
  ) throws(TensorError) -> [Float] {
    let columns = columns ?? names
    var matrix = [Float](repeating: missing, count: rowCount * columns.count)
    for (place, column) in columns.enumerated() {
      for (row, value) in try numbers(column).enumerated() {
        if let value { matrix[row * columns.count + place] = Float(value) }
      }
    }
    return matrix
  }

  private func values<Value>(
    _ column: String, _ wanted: String, _ convert: (String) -> Value?
  ) throws(TensorError) -> [Value?] {
    let place = try place(column)
    var values: [Value?] = []
    values.reserveCapacity(rowCount)
    for row in 0..<rowCount {
      let cell = cells[row * names.count + place]
      if cells.isMissing(cell) {
        values.append(nil)
        continue
      }
      let text = cells.text(cell)
      guard let value = convert(text) else {
        throw TensorError(
          .corruptFile, "CSVTable",
          "\(cells.name): line \(cells.line(of: cell)): column \(quoted(column)): "
            + "\(quoted(String(text.prefix(80)))) is not \(wanted)")
      }
      values.append(value)
    }
    return values
  }

  private func place(_ column: String) throws(TensorError) -> Int {
    guard let place = places[column] else {
      throw TensorError(
        .argument, "CSVTable", "\(cells.name): column \(quoted(column)) was not read")
    }
    return place
  }

  /// The number that a field spells, in decimal, with spaces around it or not.
  private static func number(_ text: String) -> Double? {
    if let number = Double(text) { return text.utf8.contains { $0 | 0x20 == 0x78 } ? nil : number }
    let trimmed = text.utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }
    guard trimmed.count < text.utf8.count, !trimmed.isEmpty else { return nil }
    return number(String(decoding: trimmed.reversed(), as: UTF8.self))
  }
}
