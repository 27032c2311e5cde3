package import Geometry

/// A JSON value, as strictly as RFC 8259 has it: no duplicate keys, nothing after the value.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits an `Int`.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// The value that `bytes` spell, in time linear in their number.
  ///
  /// - Throws: `TensorError` of kind `corruptFile` that names `source` and the byte.
  package init(
    parsing bytes: [UInt8], source: String, in operation: String, maximumDepth: Int = 32
  ) throws(TensorError) {
    var reader = JSONReader(bytes, source: source, operation: operation)
    self = try reader.value(depth: maximumDepth)
    try reader.finish()
  }

  package init(
    parsing text: String, source: String, in operation: String, maximumDepth: Int = 32
  ) throws(TensorError) {
    try self.init(
      parsing: Array(text.utf8), source: source, in: operation, maximumDepth: maximumDepth)
  }
}

extension JSON {
  package var isNull: Bool { self == .null }

  package var boolean: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The value as an integer; `1.0` is not one.
  package var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  /// The value as a number, integers included.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var array: [JSON]? {
    if case .array(let values) = self { values } else { nil }
  }

  package var object: [String: JSON]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// All elements as integers, or nil if one is something else.
  package var integers: [Int]? {
    guard let array else { return nil }
    var found: [Int] = []
    for element in array {
      guard let integer = element.integer else { return nil }
      found.append(integer)
    }
    return found
  }
}

extension JSON: CustomStringConvertible {
  /// The value on one line. Numbers that are not finite are `null`; keys are sorted.
  package var description: String {
    var text = ""
    write(to: &text)
    return text
  }

  /// An object on one line, its members in the order given.
  package static func line(_ members: [(String, JSON)]) -> String {
    var text = "{"
    for (index, (key, value)) in members.enumerated() {
      if index > 0 { text += ", " }
      writeString(key, to: &text)
      text += ": "
      value.write(to: &text)
    }
    return text + "}"
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.writeString(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += ", " }
        value.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += Self.line(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }
  }

  package static func writeString(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // Lines of output are separated by line feeds only; U+2028 and U+2029 split lines elsewhere.
      case "\u{0}"..<"\u{20}", "\u{7F}", "\u{85}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
