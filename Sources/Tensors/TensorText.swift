internal import Geometry

/// The elements of a tensor as text: rows in brackets, columns in line, long axes shortened.
struct TensorText {
  private(set) var text = ""
  private let shape: Shape
  private let elements: [String]
  private let width: Int

  /// Tensors of more elements show the first and last three along each axis.
  private static let limit = 1000, edge = 3

  init(_ tensor: Tensor) throws(TensorError) {
    shape = tensor.shape
    elements = try Self.formatted(tensor)
    width = elements.reduce(0) { max($0, $1.count) }
    if elements.isEmpty, shape.rank > 0 {
      text = "[]"
    } else {
      append(axis: 0, start: 0, indent: 0)
    }
  }

  private var isShortened: Bool { shape.count > Self.limit }

  private mutating func append(axis: Int, start: Int, indent: Int) {
    guard axis < shape.rank else {
      let element = elements[start]
      text += String(repeating: " ", count: width - element.count) + element
      return
    }
    text += "["
    let extent = shape[axis]
    let step = shape[(axis + 1)...].reduce(1, *)
    let isLast = axis == shape.rank - 1
    let separator =
      isLast
      ? " "
      : String(repeating: "\n", count: shape.rank - axis - 1)
        + String(repeating: " ", count: indent + 1)
    var index = 0
    while index < extent {
      if index > 0 { text += separator }
      if isShortened, extent > 2 * Self.edge, index == Self.edge {
        text += "..."
        index = extent - Self.edge
        continue
      }
      append(axis: axis + 1, start: start + index * step, indent: indent + 1)
      index += 1
    }
    text += "]"
  }

  private static func formatted(_ tensor: Tensor) throws(TensorError) -> [String] {
    switch tensor.scalarType {
    case .bool: return try tensor.scalars(as: Bool.self).map { "\($0)" }
    case .int32, .int64, .uint8: return try tensor.scalars(as: Int64.self).map { "\($0)" }
    case .float64: return decimals(try tensor.scalars(as: Double.self))
    default: return decimals(try tensor.scalars().map { Double($0) })
    }
  }

  /// All numbers with the same digits behind the point, as few as show them to four; in powers of
  /// ten where they are very large, very small or very different.
  private static func decimals(_ values: [Double]) -> [String] {
    let sizes = values.filter { $0.isFinite && $0 != 0 }.map(\.magnitude)
    let largest = sizes.max() ?? 0
    let smallest = sizes.min() ?? 1
    if largest >= 1e8 || smallest < 1e-4 || largest / smallest >= 1e5 && largest > 1 {
      return values.map(scientific)
    }
    var digits = 0
    while digits < 4, values.contains(where: { !isWhole($0, at: digits) }) { digits += 1 }
    return values.map { value in
      guard value.isFinite else { return name(value) }
      return fixed(value, digits)
    }
  }

  private static func isWhole(_ value: Double, at digits: Int) -> Bool {
    guard value.isFinite else { return true }
    let scaled = value * power(digits)
    return (scaled - scaled.rounded()).magnitude < 1e-3
  }

  private static func power(_ digits: Int) -> Double {
    (0..<digits).reduce(1) { power, _ in power * 10 }
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    (value.sign == .minus ? "-" : "") + value.magnitude.fixed(digits) + (digits == 0 ? "." : "")
  }

  private static func scientific(_ value: Double) -> String {
    guard value.isFinite else { return name(value) }
    if value == 0 { return "0.0000e+00" }
    var exponent = 0
    var mantissa = value.magnitude
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    if (mantissa * 1e4).rounded() >= 1e5 {
      mantissa /= 10
      exponent += 1
    }
    let tail = exponent.magnitude < 10 ? "0\(exponent.magnitude)" : "\(exponent.magnitude)"
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, 4))e\(exponent < 0 ? "-" : "+")\(tail)"
  }

  private static func name(_ value: Double) -> String {
    value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
  }
}
