internal import Geometry

/// What an npy file declares before its elements: a dictionary as Python spells it.
struct NPYHeader {
  static let maximumByteCount = 1 << 16

  private(set) var scalarType = ScalarType.float32
  /// The type in the file where tensors do not have it; `scalarType` is then what it becomes.
  private(set) var stored: NPYInteger?
  private(set) var isBigEndian = false
  private(set) var isFortranOrder = false
  private(set) var shape = Shape()
  /// The size of the elements in the file.
  private(set) var byteCount = 0
  /// The size of one of them.
  var itemByteCount: Int { stored?.byteCount ?? scalarType.byteCount }

  private let reader: any NPYReader
  private let text: [UInt8]
  private var position = 0

  init(_ reader: any NPYReader) throws(TensorError) {
    self.reader = reader
    guard reader.remaining >= 10 else {
      throw reader.corrupt("\(reader.remaining) bytes are too few for an npy header")
    }
    let start = try reader.next(8)
    guard start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw reader.corrupt("does not begin as an npy file does")
    }
    guard (1...3).contains(start[6]), start[7] == 0 else {
      throw reader.unsupported("version \(start[6]).\(start[7]) of npy", hint: nil)
    }
    let width = start[6] == 1 ? 2 : 4
    guard reader.remaining >= width else {
      throw reader.corrupt("ends before the length of its header")
    }
    let length = try reader.next(width).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= reader.remaining, length <= Self.maximumByteCount else {
      throw reader.corrupt(
        "header of \(length) bytes, at most \(min(reader.remaining, Self.maximumByteCount))")
    }
    text = try reader.next(length)
    try parse()
  }
}

extension NPYHeader {
  private mutating func parse() throws(TensorError) {
    var seen: Set<String> = []
    try expect("{")
    while !take("}") {
      let key = try string()
      guard seen.insert(key).inserted else { throw error("key \(quoted(key)) appears twice") }
      try expect(":")
      switch key {
      case "descr": try readType()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": try readShape()
      default: throw error("unknown key \(quoted(key))")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw error("more after the dictionary") }
    guard seen.count == 3 else {
      let missing = ["descr", "fortran_order", "shape"].filter { !seen.contains($0) }
      throw error("\(missing.joined(separator: " and ")) missing")
    }
    do throws(TensorError) {
      _ = try shape.validated(in: "NPY")
    } catch {
      throw self.error(error.detail)
    }
    let (_, isTooLarge) = shape.count.multipliedReportingOverflow(by: scalarType.byteCount)
    let (size, overflow) = shape.count.multipliedReportingOverflow(by: itemByteCount)
    guard !overflow, !isTooLarge else {
      throw error("\(shape) \(scalarType) has too many elements")
    }
    byteCount = size
  }

  private mutating func readType() throws(TensorError) {
    guard !take("[") else {
      throw reader.unsupported("an array of records", hint: "save each field on its own")
    }
    let name = try string()
    let known = ScalarType.allCases.first { $0.npyName?.dropFirst() == name.dropFirst() }
    stored = NPYInteger(name.dropFirst())
    guard let order = name.first, "<>|=".contains(order), let type = stored?.widened ?? known else {
      throw reader.unsupported(
        "elements of type \(quoted(name))",
        hint: "cast to bool, an integer, float16, float32 or float64")
    }
    scalarType = type
    isBigEndian = order == ">"
  }

  private mutating func readShape() throws(TensorError) {
    var extents: [Int] = []
    try expect("(")
    while !take(")") {
      extents.append(try natural())
      guard extents.count <= 64 else { throw error("more than 64 axes") }
      if !take(",") {
        // Python reads (3) as a number: a tuple of one has a comma.
        guard extents.count > 1 else { throw error("expected ',', found \(describedNext)") }
        try expect(")")
        break
      }
    }
    guard extents.count <= Shape.maximumRank else {
      throw reader.unsupported(
        "\(extents.count) axes, at most \(Shape.maximumRank) are supported", hint: nil)
    }
    shape = Shape(extents)
  }
}

// Tokens
extension NPYHeader {
  private func error(_ problem: String) -> TensorError {
    reader.corrupt("header: byte \(position): \(problem)")
  }

  private var next: UInt8? { position < text.count ? text[position] : nil }

  private var describedNext: String {
    guard let next else { return "the end" }
    return next > 0x20 && next < 0x7F
      ? "'\(Character(Unicode.Scalar(next)))'" : "byte 0x\(String(next, radix: 16))"
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(TensorError) {
    guard take(character) else { throw error("expected '\(character)', found \(describedNext)") }
  }

  /// A string of printable ASCII, which all keys and supported types are.
  private mutating func string() throws(TensorError) -> String {
    skipSpace()
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw error("expected a string, found \(describedNext)")
    }
    position += 1
    let start = position
    while let byte = next, byte != quote {
      guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\") else {
        throw error("\(describedNext) in a string")
      }
      position += 1
    }
    guard next == quote else { throw error("a string does not end") }
    defer { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func boolean() throws(TensorError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw error("expected True or False, found \(describedNext)")
  }

  private mutating func natural() throws(TensorError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let digit = next, (0x30...0x39).contains(digit) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
      guard !overflow, !carry else { throw error("an extent does not fit 63 bits") }
      value = sum
      position += 1
    }
    guard position > start else { throw error("expected a number, found \(describedNext)") }
    // Python 2 wrote long integers so.
    if next == UInt8(ascii: "L") { position += 1 }
    return value
  }
}

extension ScalarType {
  /// What NumPy calls the type; nil where it has none.
  var npyName: String? {
    switch self {
    case .float32: "<f4"
    case .float64: "<f8"
    case .float16: "<f2"
    case .bfloat16: nil
    case .int32: "<i4"
    case .int64: "<i8"
    case .uint8: "|u1"
    case .bool: "|b1"
    }
  }
}
