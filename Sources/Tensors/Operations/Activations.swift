public import Geometry

/// `max(x, 0)`. Its gradient at 0 is 0.
public func relu(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.relu, x, "relu") }

/// 1 where `x` is above 0, else 0. Its gradient is 0 everywhere.
public func step(_ x: Tensor) throws(TensorError) -> Tensor { try Tensor.unary(.step, x, "step") }

/// `1 / (1 + exp(-x))`.
public func sigmoid(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.sigmoid, x, "sigmoid")
}

/// `log(1 + exp(x))`, without overflow.
public func softplus(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.softplus, x, "softplus")
}

/// `x` above 0, `slope · x` elsewhere. Its gradient at 0 is the slope.
public func leakyRelu(_ x: Tensor, slope: Double = 0.2) throws(TensorError) -> Tensor {
  try floatingPoint(x, "leakyRelu", slope)
  return try select(greater(x, x.scalar(0)), x, x * slope)
}

/// `x` above 0, `alpha · (exp(x) - 1)` elsewhere.
public func elu(_ x: Tensor, alpha: Double = 1) throws(TensorError) -> Tensor {
  try floatingPoint(x, "elu", alpha)
  // The exponential is taken of what is not above 0 only, or its gradient would be ∞ · 0 for large
  // x.
  return try select(greater(x, x.scalar(0)), x, expm1(clip(x, max: 0)) * alpha)
}

/// `scale · elu(x, alpha: 1.6733)` with the scale 1.0507 that keeps mean and variance (Klambauer
/// 2017).
public func selu(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "selu", 0)
  let alpha = 1.6732632423543772848170429916717
  let scale = 1.0507009873554804934193349852946
  return try elu(x, alpha: alpha) * scale
}

/// `x · Φ(x)` with the normal distribution Φ, or its approximation by tanh (Hendrycks 2016).
public func gelu(_ x: Tensor, approximate: Bool = false) throws(TensorError) -> Tensor {
  try floatingPoint(x, "gelu", 0)
  if approximate {
    let inner = try (x + x * x * x * 0.044715) * 0.79788456080286535588
    return try x * 0.5 * (tanh(inner) + 1)
  }
  return try x * 0.5 * (erf(x * 0.70710678118654752440) + 1)
}

/// `x · sigmoid(x)`.
public func silu(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "silu", 0)
  return try x * sigmoid(x)
}

/// `x · tanh(softplus(x))`.
public func mish(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "mish", 0)
  return try x * tanh(softplus(x))
}

/// `x / (1 + |x|)`.
public func softsign(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "softsign", 0)
  return try x / (abs(x) + 1)
}

/// `clip(x / 6 + 0.5, 0, 1)`.
public func hardSigmoid(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "hardSigmoid", 0)
  return try clip(x * (1.0 / 6) + 0.5, min: 0, max: 1)
}

/// `clip(x, -1, 1)`.
public func hardTanh(_ x: Tensor) throws(TensorError) -> Tensor {
  try floatingPoint(x, "hardTanh", 0)
  return try clip(x, min: -1, max: 1)
}

/// Throws in the name of the function a user called, not of one it is made of.
private func floatingPoint(
  _ x: Tensor, _ name: StaticString, _ attribute: Double
) throws(TensorError) {
  guard x.scalarType.isFloatingPoint else { throw Tensor.unfit(name, [x]) }
  guard attribute.isFinite else {
    throw TensorError(
      .argument, "\(name)", "its coefficient is \(attribute), not a finite number",
      operands: [x.info])
  }
}
