public import Geometry

/// `x / (bias + alpha · Σ x²)^beta`, where the sum is over the `radius` channels before and after
/// each, its own included; channels are the last axis (Krizhevsky 2012).
///
/// The sums are one product of the squares with a banded matrix, in which what follows is fused.
/// What is not finite in a channel spreads to all of its position.
///
/// - Parameters:
///   - x: floating-point, `[…, channels]`.
///   - radius: from 0 on.
///   - bias: above 0.
///   - alpha: from 0 on. AlexNet takes radius 2, bias 2, alpha 1e-4 and beta 0.75.
///   - beta: the exponent of what `x` is divided by.
public func localResponseNorm(
  _ x: Tensor, radius: Int = 5, bias: Double = 1, alpha: Double = 1, beta: Double = 0.5
) throws(TensorError) -> Tensor {
  let name = "localResponseNorm"
  guard x.scalarType.isFloatingPoint else { throw Tensor.unfit(name, [x]) }
  guard x.rank >= 1 else {
    throw TensorError(
      .shape, name, "takes one axis or more, the last of channels", operands: [x.info])
  }
  guard radius >= 0, bias > 0, bias.isFinite, alpha >= 0, alpha.isFinite, beta.isFinite else {
    throw TensorError(
      .argument, name,
      "radius \(radius), bias \(bias), alpha \(alpha) and beta \(beta) do not go together",
      operands: [x.info])
  }
  let channels = x.shape.last
  if x.count == 0 { return x }
  let type: ScalarType = x.scalarType == .float64 ? .float64 : .float32
  let wide = try x.cast(to: type)
  let rows = try wide.reshaped(to: [x.count / channels, channels])
  let index = try Tensor.arange(0, Double(channels), as: .float32, on: x.device)
  let distance = try abs(index.reshaped(to: [channels, 1]) - index)
  let reach = Double(Swift.min(radius, channels))
  let band = try lessEqual(distance, distance.scalar(reach)).cast(to: type)
  let sums = try matmul(square(rows), band)
  let result = try rows * pow(sums * alpha + bias, -beta)
  return try result.reshaped(to: x.shape).cast(to: x.scalarType)
}
