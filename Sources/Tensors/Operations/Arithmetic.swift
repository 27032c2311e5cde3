public import Geometry

extension Tensor {
  /// The sum, element by element; shapes broadcast.
  public static func + (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.add, left, right, "add")
  }

  /// The difference, element by element; shapes broadcast.
  public static func - (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.subtract, left, right, "subtract")
  }

  /// The product, element by element; shapes broadcast.
  public static func * (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.multiply, left, right, "multiply")
  }

  /// The quotient, element by element; shapes broadcast. Not for integers: cast first.
  public static func / (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.divide, left, right, "divide")
  }

  /// `left` with `right` added to each element.
  public static func + (left: Tensor, right: Double) throws(TensorError) -> Tensor {
    try binary(.add, left, left.scalar(right), "add")
  }

  /// `left` with `right` taken from each element.
  public static func - (left: Tensor, right: Double) throws(TensorError) -> Tensor {
    try binary(.subtract, left, left.scalar(right), "subtract")
  }

  /// `left` with each element times `right`.
  public static func * (left: Tensor, right: Double) throws(TensorError) -> Tensor {
    try binary(.multiply, left, left.scalar(right), "multiply")
  }

  /// `left` with each element divided by `right`.
  public static func / (left: Tensor, right: Double) throws(TensorError) -> Tensor {
    try binary(.divide, left, left.scalar(right), "divide")
  }

  /// `right` with `left` added to each element.
  public static func + (left: Double, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.add, right.scalar(left), right, "add")
  }

  /// `left` less each element of `right`.
  public static func - (left: Double, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.subtract, right.scalar(left), right, "subtract")
  }

  /// `right` with each element times `left`.
  public static func * (left: Double, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.multiply, right.scalar(left), right, "multiply")
  }

  /// `left` divided by each element of `right`.
  public static func / (left: Double, right: Tensor) throws(TensorError) -> Tensor {
    try binary(.divide, right.scalar(left), right, "divide")
  }

  /// `x` with the sign of each element changed.
  public static prefix func - (x: Tensor) throws(TensorError) -> Tensor {
    if x.node.isConstant, x.scalarType.isFloatingPoint {
      return constant(-Double(bitPattern: x.node.word), x.shape, x.scalarType, x.node.place)
    }
    return try unary(.negate, x, "negate")
  }

  /// A number that goes with this tensor. A fraction beside integers keeps its own type, so that
  /// the operation reports it.
  package func scalar(_ value: Double) -> Tensor {
    let fits = scalarType.isFloatingPoint || value == value.rounded()
    return .constant(value, [], fits ? scalarType : .float32, node.place)
  }
}

/// `a` to the power of `b`, element by element. NaN for a negative base with a fractional exponent.
public func pow(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.power, a, b, "pow")
}

/// `a` to the power of a number. Exponents 1, 2, 3, -1 and 0.5 are computed without logarithms.
public func pow(_ a: Tensor, _ exponent: Double) throws(TensorError) -> Tensor {
  switch exponent {
  case 1: return a
  case 2: return try a * a
  case 3: return try a * a * a
  case -1: return try reciprocal(a)
  case 0.5: return try sqrt(a)
  default: return try Tensor.binary(.power, a, a.scalar(exponent), "pow")
  }
}

/// The smaller of two elements; NaN if either is. Equal ones share the gradient.
public func minimum(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.minimum, a, b, "minimum")
}

/// The larger of two elements; NaN if either is. Equal ones share the gradient.
public func maximum(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.maximum, a, b, "maximum")
}

/// What is left of dividing towards minus infinity: it has the sign of `b`. 0 for an integer `b` of
/// 0.
public func remainder(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.remainder, a, b, "remainder")
}

/// `x` with what is below `min` raised to it and what is above `max` lowered; nil leaves a side
/// open.
public func clip(
  _ x: Tensor, min: Double? = nil, max: Double? = nil
) throws(TensorError) -> Tensor {
  if let min, let max, min > max {
    throw TensorError(.argument, "clip", "min \(min) is above max \(max)", operands: [x.info])
  }
  if min?.isNaN == true || max?.isNaN == true {
    throw TensorError(.argument, "clip", "a bound is NaN", operands: [x.info])
  }
  guard x.scalarType != .bool else { throw Tensor.unfit("clip", [x]) }
  var result = x
  if let min { result = try Tensor.binary(.maximum, result, x.scalar(min), "clip") }
  if let max { result = try Tensor.binary(.minimum, result, x.scalar(max), "clip") }
  return result
}
