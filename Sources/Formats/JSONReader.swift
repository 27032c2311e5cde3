internal import Geometry

/// Reads JSON text piece by piece: what the value parser and the parser of file headers share.
///
/// Every mistake is an error of kind `corruptFile` with the byte where it is. Time is linear in
/// the text, memory is what the caller keeps.
struct JSONReader {
  private let bytes: [UInt8]
  private(set) var position = 0
  /// Memory that strings are decoded in.
  private var scratch: [UInt8] = []
  /// What the text is, for errors: `weights.safetensors: header`.
  let source: String
  let operation: String

  /// The longest number that is read; a double has at most 767 significant digits.
  private static let longestNumber = 1024

  init(_ bytes: [UInt8], source: String, operation: String) {
    self.bytes = bytes
    self.source = source
    self.operation = operation
  }

  /// The error that says `problem` with the place of the next byte.
  func error(_ problem: String, kind: TensorError.Kind = .corruptFile) -> TensorError {
    TensorError(kind, operation, "\(source): byte \(position): \(problem)")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// Steps over `character` and the white space before it, if it comes next.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws(TensorError) {
    guard take(character) else {
      throw error("expected '\(character)', found \(describedNext)")
    }
  }

  /// Checks that only white space is left.
  mutating func finish() throws(TensorError) {
    skipSpace()
    guard next == nil else { throw error("expected the end, found \(describedNext)") }
  }

  private var describedNext: String {
    guard let next else { return "the end" }
    return next > 0x20 && next < 0x7F
      ? "'\(Character(Unicode.Scalar(next)))'" : "byte 0x\(String(next, radix: 16))"
  }
}

// Values
extension JSONReader {
  mutating func value(depth: Int) throws(TensorError) -> JSON {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"):
      guard depth > 0 else { throw error("nested too deep") }
      return .object(try object(depth: depth - 1))
    case UInt8(ascii: "["):
      guard depth > 0 else { throw error("nested too deep") }
      return .array(try array(depth: depth - 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(TensorError) -> [String: JSON] {
    var members: [String: JSON] = [:]
    try expect("{")
    guard !take("}") else { return members }
    repeat {
      let key = try string()
      try expect(":")
      let value = try value(depth: depth)
      guard members.updateValue(value, forKey: key) == nil else {
        throw error("key \(quoted(key)) appears twice")
      }
    } while take(",")
    try expect("}")
    return members
  }

  private mutating func array(depth: Int) throws(TensorError) -> [JSON] {
    var values: [JSON] = []
    try expect("[")
    guard !take("]") else { return values }
    repeat { values.append(try value(depth: depth)) } while take(",")
    try expect("]")
    return values
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(TensorError) -> JSON {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count,
      word.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) })
    else { throw error("expected a value, found \(describedNext)") }
    position = end
    return value
  }
}

// Numbers
extension JSONReader {
  private mutating func digits() throws(TensorError) {
    let start = position
    while let digit = next, digit >= 0x30, digit <= 0x39 { position += 1 }
    guard position > start else { throw error("expected a digit, found \(describedNext)") }
  }

  private mutating func number() throws(TensorError) -> JSON {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    guard let first = next, first >= 0x30, first <= 0x39 else {
      throw error("expected a value, found \(describedNext)")
    }
    if first == 0x30 { position += 1 } else { try digits() }
    var isInteger = true
    if next == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    guard position - start <= Self.longestNumber else {
      throw error("a number of \(position - start) characters")
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else {
      throw error("the number \(text.prefix(40)) is out of range")
    }
    return .number(number)
  }

  /// A number of digits only, without leading zeros, that fits an `Int`.
  mutating func natural() throws(TensorError) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let digit = next, digit >= 0x30, digit <= 0x39 {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - 0x30))
      guard !overflow, !carry else { throw error("the number does not fit 63 bits") }
      value = sum
      position += 1
    }
    guard position > start else {
      throw error("expected an integer that is not negative, found \(describedNext)")
    }
    guard position - start == 1 || bytes[start] != 0x30 else {
      position = start
      throw error("an integer with leading zeros")
    }
    if let next, next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
      throw error("expected an integer, found a fraction or an exponent")
    }
    return value
  }
}

// Strings
extension JSONReader {
  mutating func string() throws(TensorError) -> String {
    var decoded: [UInt8] = []
    swap(&decoded, &scratch)
    defer { swap(&decoded, &scratch) }
    decoded.removeAll(keepingCapacity: true)
    try appendString(to: &decoded)
    // The bytes were checked while they were read.
    return String(decoding: decoded, as: UTF8.self)
  }

  /// Appends the bytes of a string, escapes resolved, valid UTF-8.
  mutating func appendString(to decoded: inout [UInt8]) throws(TensorError) {
    try expect("\"")
    let start = decoded.count
    var isASCII = true
    while true {
      let run = position
      while let byte = next, byte != 0x22, byte != 0x5C, byte >= 0x20 {
        isASCII = isASCII && byte < 0x80
        position += 1
      }
      // Most runs are short, and a slice costs more than they do.
      if position - run > 32 {
        decoded.append(contentsOf: bytes[run..<position])
      } else {
        for index in run..<position { decoded.append(bytes[index]) }
      }
      guard let byte = next else { throw error("the string has no end") }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      position += 1
      if byte == 0x22 { break }
      try appendEscape(to: &decoded)
    }
    // Escapes append only valid sequences, so the whole is valid exactly if the runs are.
    guard isASCII || String(validating: decoded[start...], as: UTF8.self) != nil else {
      throw error("the string before is not UTF-8")
    }
  }

  private mutating func appendEscape(to decoded: inout [UInt8]) throws(TensorError) {
    guard let escape = next else { throw error("the string has no end") }
    position += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(escape)
    case UInt8(ascii: "b"): decoded.append(0x08)
    case UInt8(ascii: "f"): decoded.append(0x0C)
    case UInt8(ascii: "n"): decoded.append(0x0A)
    case UInt8(ascii: "r"): decoded.append(0x0D)
    case UInt8(ascii: "t"): decoded.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xFC00 == 0xD800 {
        guard next == UInt8(ascii: "\\"), position + 1 < bytes.count,
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair") }
        position += 2
        let low = try hexadecimal()
        guard low & 0xFC00 == 0xDC00 else { throw error("half of a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      // One by one: a text may be all escapes, and this is several times faster.
      for unit in UTF8.encode(scalar) ?? .init() { decoded.append(unit) }
    default:
      position -= 1
      throw error("unknown escape \(describedNext)")
    }
  }

  private mutating func hexadecimal() throws(TensorError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case .some(let byte) where byte &- 0x30 < 10: digit = byte &- 0x30
      case .some(let byte) where (byte | 0x20) &- 0x61 < 6: digit = (byte | 0x20) &- 0x57
      default: throw error("expected four hexadecimal digits, found \(describedNext)")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}

/// `text` between quotes as one short printable line, for errors.
func quoted(_ text: String) -> String {
  var quoted = ""
  JSON.writeString(String(text.unicodeScalars.prefix(60)), to: &quoted)
  return text.unicodeScalars.count > 60 ? quoted + "…" : quoted
}
