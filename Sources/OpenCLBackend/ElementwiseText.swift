internal import Geometry

/// The OpenCL C expression of each elementwise operation.
enum ElementwiseText {
  /// - Parameters:
  ///   - result: the type of the result.
  ///   - type: the type of the first operand, for `select` of the condition.
  ///   - a, b, c: variables.
  static func expression(
    _ operation: Elementwise, _ result: ScalarType, of type: ScalarType, _ a: String, _ b: String,
    _ c: String
  ) -> String {
    switch operation {
    case .equal: return "\(a) == \(b)"
    case .notEqual: return "\(a) != \(b)"
    case .less: return "\(a) < \(b)"
    case .lessEqual: return "\(a) <= \(b)"
    case .and: return "\(a) & \(b)"
    case .or: return "\(a) | \(b)"
    case .xor: return "\(a) ^ \(b)"
    case .not: return "!\(a)"
    case .select: return "\(a) ? \(b) : \(c)"
    case .isNaN: return "\(a) != \(a)"
    case .isFinite: return "fabs(\(a)) < INFINITY"
    case .cast: return cast(a, type, result)
    case .minimum where type != .float32: return "\(a) < \(b) || \(a) != \(a) ? \(a) : \(b)"
    case .maximum where type != .float32: return "\(a) > \(b) || \(a) != \(a) ? \(a) : \(b)"
    default: break
    }
    switch type.computeType {
    case .float32:
      let value = float32(operation, a, b)
      return isExact(operation) ? value : result.rounding(value)
    case .float64: return float64(operation, a, b)
    default: return integer(operation, type, a, b)
    }
  }

  /// Whether the result of operands of a type is one of its values without rounding.
  private static func isExact(_ operation: Elementwise) -> Bool {
    switch operation {
    case .minimum, .maximum, .negate, .absolute, .sign, .relu, .step, .floor, .ceil, .round: true
    default: false
    }
  }

  private static func float32(_ operation: Elementwise, _ a: String, _ b: String) -> String {
    switch operation {
    case .add: "\(a) + \(b)"
    case .subtract: "\(a) - \(b)"
    case .multiply: "\(a) * \(b)"
    case .divide: "\(a) / \(b)"
    case .negate: "-\(a)"
    case .absolute: "fabs(\(a))"
    case .floor: "floor(\(a))"
    case .ceil: "ceil(\(a))"
    case .round: "rint(\(a))"
    case .squareRoot: "sqrt(\(a))"
    case .reciprocalSquareRoot: "1.0f / sqrt(\(a))"
    case .reciprocal: "1.0f / \(a)"
    case .power: "elementary_pow(\(a), \(b))"
    case .minimum, .maximum, .remainder: "elementary_\(operation)(\(a), \(b))"
    case .erfInverse: "elementary_erf_inverse(\(a))"
    default: "elementary_\(operation)(\(a))"
    }
  }

  private static func float64(_ operation: Elementwise, _ a: String, _ b: String) -> String {
    switch operation {
    case .add: "\(a) + \(b)"
    case .subtract: "\(a) - \(b)"
    case .multiply: "\(a) * \(b)"
    case .divide: "\(a) / \(b)"
    case .power: "pow(\(a), \(b))"
    case .remainder: "elementary_remainder64(\(a), \(b))"
    case .negate: "-\(a)"
    case .absolute: "fabs(\(a))"
    case .round: "rint(\(a))"
    case .squareRoot: "sqrt(\(a))"
    case .reciprocalSquareRoot: "1.0 / sqrt(\(a))"
    case .reciprocal: "1.0 / \(a)"
    case .sign, .sigmoid, .softplus, .relu, .step: "elementary_\(operation)64(\(a))"
    case .erfInverse: "elementary_erf_inverse64(\(a))"
    default: "\(operation)(\(a))"
    }
  }

  private static func integer(
    _ operation: Elementwise, _ type: ScalarType, _ a: String, _ b: String
  ) -> String {
    let name = type.registerName
    // Signed integers must not overflow, unsigned ones wrap around.
    let unsigned = type == .int64 ? "ulong" : "uint"
    switch operation {
    case .add: return "(\(name))((\(unsigned))\(a) + (\(unsigned))\(b))"
    case .subtract: return "(\(name))((\(unsigned))\(a) - (\(unsigned))\(b))"
    case .multiply: return "(\(name))((\(unsigned))\(a) * (\(unsigned))\(b))"
    case .remainder: return "remainder_\(name)(\(a), \(b))"
    case .negate: return "(\(name))(0 - (\(unsigned))\(a))"
    case .absolute: return "\(a) < 0 ? (\(name))(0 - (\(unsigned))\(a)) : \(a)"
    case .sign: return "(\(a) > 0) - (\(a) < 0)"
    case .relu: return "\(a) > 0 ? \(a) : 0"
    case .step: return "\(a) > 0"
    default: return a
    }
  }

  private static func cast(_ a: String, _ from: ScalarType, _ to: ScalarType) -> String {
    if from == to { return a }
    switch (to, from.computeType) {
    case (.bool, _): return "\(a) != 0"
    case (.int32, .float32), (.int64, .float32), (.uint8, .float32):
      return "float_to_\(to.registerName)(\(a))"
    case (.int32, .float64), (.int64, .float64), (.uint8, .float64):
      return "double_to_\(to.registerName)(\(a))"
    case (.float16, _), (.bfloat16, _): return to.rounding("(float)\(a)")
    default: return "(\(to.registerName))\(a)"
    }
  }
}
