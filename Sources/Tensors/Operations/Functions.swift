public import Geometry

/// e to the power of `x`.
public func exp(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.exp, x, "exp") }

/// `exp(x) - 1`, accurate near 0.
public func expm1(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.expm1, x, "expm1")
}

/// The natural logarithm: -∞ at 0, NaN below.
public func log(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.log, x, "log") }

/// `log(1 + x)`, accurate near 0.
public func log1p(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.log1p, x, "log1p")
}

/// The square root; NaN below 0.
public func sqrt(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.squareRoot, x, "sqrt")
}

/// `1 / sqrt(x)`.
public func rsqrt(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.reciprocalSquareRoot, x, "rsqrt")
}

/// `1 / x`.
public func reciprocal(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.reciprocal, x, "reciprocal")
}

/// `x · x`.
public func square(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.multiply, x, x, "square")
}

/// The absolute value. Its gradient at 0 is 0.
public func abs(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.absolute, x, "abs") }

/// -1, 0 or 1.
public func sign(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.sign, x, "sign") }

/// The largest integer that is not above `x`.
public func floor(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.floor, x, "floor")
}

/// The smallest integer that is not below `x`.
public func ceil(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.ceil, x, "ceil") }

/// The nearest integer; of two equally near ones the even one.
public func round(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.round, x, "round")
}

/// The sine of an angle in radians.
public func sin(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.sin, x, "sin") }

/// The cosine of an angle in radians.
public func cos(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.cos, x, "cos") }

/// The hyperbolic tangent.
public func tanh(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.tanh, x, "tanh") }

/// The error function, `2/√π ∫₀ˣ exp(-t²) dt`.
public func erf(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.erf, x, "erf") }

/// The inverse of the error function: ±∞ at ±1, NaN outside.
public func erfInverse(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.erfInverse, x, "erfInverse")
}
