public import Geometry
internal import Glibc
public import Tensors

/// A gate for each feature that learns to be shut: L0 regularisation (Louizos et al. 2018).
///
/// In training a gate is drawn from the hard concrete distribution of its logit; in inference it is
/// its mean, and exactly 0 where that is small enough. The expected number of open gates, times
/// `strength`, is a penalty of the weight.
public final class HardConcreteGates: Layer {
  /// `[features]`; 0 leaves a gate half open.
  public let logits: Weight
  private let temperature: Double
  // The distribution is stretched beyond 0 and 1, so that both ends have a share of their own.
  private static let (low, high) = (-0.1, 1.1)

  /// - Parameters:
  ///   - strength: what an open gate costs.
  ///   - temperature: how far gates are from open or shut in training; the paper has 2/3.
  ///   - initial: the mean of the first logits.
  public init(strength: Double = 1e-3, temperature: Double = 2.0 / 3, initial: Double = 2) {
    self.temperature = temperature
    let shift = temperature * log(-Self.low / Self.high)
    logits = Weight(
      .normal(mean: initial, standardDeviation: 0.01),
      regularizer: Regularizer("l0 \(strength)") { try sigmoid($0 - shift).sum() * strength })
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 0 else {
      throw TensorError(.shape, "hardConcreteGates", "needs features", operands: [TensorInfo(x)])
    }
    let logits = try logits([x.shape.last], like: x)
    return try x * gates(logits)
  }

  /// The probability of each gate to be open at all.
  public func openness() throws(TensorError) -> Tensor? {
    guard let parameter = logits.parameter else { return nil }
    return try sigmoid(parameter.value - temperature * log(-Self.low / Self.high))
  }

  private func gates(_ logits: Tensor) throws(TensorError) -> Tensor {
    let soft: Tensor
    if Phase.current == .training {
      let u = try Tensor.uniform(
        logits.shape, from: 1e-6, to: 1 - 1e-6, as: logits.scalarType, on: logits.device)
      soft = try sigmoid((Tensors.log(u) - log1p(-u) + logits) / temperature)
    } else {
      soft = try sigmoid(logits)
    }
    return try clip(soft * (Self.high - Self.low) + Self.low, min: 0, max: 1)
  }
}
