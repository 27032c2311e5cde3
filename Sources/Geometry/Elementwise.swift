/// What is computed for one element: the instructions that fused programs are made of.
///
/// The raw values are shared with `Kernels/cpu/include/elementwise.h`.
package enum Elementwise: UInt8, Hashable, Sendable, CaseIterable {
  // Two operands of one type, a result of that type.
  case add, subtract, multiply, divide
  /// The smaller or larger one; NaN if either is.
  case minimum, maximum
  case power
  /// What is left of dividing towards minus infinity; it has the sign of the divisor.
  case remainder

  // Two operands of one type, a bool.
  case equal, notEqual, less, lessEqual

  // Bools.
  case and, or, xor, not

  /// The second operand where the first, a bool, is true, else the third.
  case select

  // One operand, a result of its type.
  case negate, absolute, sign, floor, ceil, round
  case squareRoot, reciprocalSquareRoot, reciprocal
  case exp, expm1, log, log1p, sin, cos, tanh
  case sigmoid, softplus, erf, erfInverse
  /// `max(x, 0)`, NaN for NaN.
  case relu
  /// 1 where the operand is above 0, else 0.
  case step

  // One operand, a bool.
  case isNaN, isFinite

  /// The operand as another type: towards zero from floating point to integers, whose range it
  /// saturates to; NaN is 0. To bool: whether it is not 0.
  case cast

  // No operand.
  /// The index of this element along one axis, an int32.
  case coordinate
  /// A float32 in [0, 1), a multiple of 2⁻²⁴, from Philox at the element's index.
  case uniform
  /// A float32 in (-1, 1), an odd multiple of 2⁻²⁴, from Philox at the element's index.
  case signedUniform
}

extension Elementwise {
  package var operandCount: Int {
    switch self {
    case .coordinate, .uniform, .signedUniform: 0
    case .add, .subtract, .multiply, .divide, .minimum, .maximum, .power, .remainder: 2
    case .equal, .notEqual, .less, .lessEqual, .and, .or, .xor: 2
    case .select: 3
    default: 1
    }
  }

  /// Whether the result is a bool whatever the operands are.
  package var isPredicate: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessEqual, .and, .or, .xor, .not, .isNaN, .isFinite: true
    default: false
    }
  }

  /// Whether operands of this type have a meaning.
  package func accepts(_ type: ScalarType) -> Bool {
    switch self {
    case .and, .or, .xor, .not: type == .bool
    case .equal, .notEqual, .cast, .select: true
    case .less, .lessEqual, .minimum, .maximum: type != .bool
    case .add, .subtract, .multiply, .remainder, .relu, .step: type != .bool
    case .negate, .absolute, .sign: type != .bool && type != .uint8
    case .coordinate, .uniform, .signedUniform: true
    default: type.isFloatingPoint
    }
  }

  /// A rough price of one result, in additions, for cost estimates.
  package var cost: Int {
    switch self {
    case .divide, .squareRoot, .reciprocal, .reciprocalSquareRoot, .remainder: 4
    case .exp, .expm1, .log, .log1p, .sin, .cos, .tanh, .sigmoid, .softplus, .erf: 16
    case .erfInverse, .power, .uniform, .signedUniform: 32
    default: 1
    }
  }
}
