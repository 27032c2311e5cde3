public import Geometry
public import Tensors

/// Channels, the last axis, with mean 0 and variance 1 over the batch and all positions, then
/// scaled and shifted (Ioffe and Szegedy 2015).
///
/// In training the statistics are those of the batch, and running averages of them are kept; in
/// inference, and where the layer is frozen, the running averages serve. Steps that the mask of the
/// input leaves out do not count.
public final class BatchNorm: Layer {
  private let momentum: Double, epsilon: Double
  /// `[channels]`, ones.
  public let scale: Weight?
  /// `[channels]`, zeros.
  public let shift: Weight?
  /// `[channels]`, zeros; not trained.
  public let movingMean = Weight(.zeros, isTrained: false)
  /// `[channels]`, ones; not trained.
  public let movingVariance = Weight(.ones, isTrained: false)
  private var isFrozen: Bool {
    let own = [scale, shift].compactMap(\.self)
    return own.isEmpty ? movingMean.isFrozen : own.allSatisfy { !$0.isTrained }
  }

  /// - Parameters:
  ///   - momentum: the share of the old in the running averages.
  ///   - epsilon: added to the variances.
  ///   - center: whether there is a shift.
  ///   - scale: whether there is a scale.
  public init(
    momentum: Double = 0.99, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true
  ) {
    self.momentum = momentum
    self.epsilon = epsilon
    self.scale = scale ? Weight(.ones) : nil
    shift = center ? Weight(.zeros) : nil
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 1 else {
      throw TensorError(
        .shape, "batchNorm", "needs a batch and channels", operands: [TensorInfo(x)])
    }
    let channels: Shape = [x.shape.last]
    let scale = try scale?(channels, like: x)
    let shift = try shift?(channels, like: x)
    let mean = try movingMean.parameter(channels, like: x)
    let variance = try movingVariance.parameter(channels, like: x)
    guard Phase.current == .training, !isFrozen else {
      return try batchNorm(
        x, mean: mean.value, variance: variance.value, scale: scale, shift: shift,
        epsilon: epsilon)
    }
    let found: (result: Tensor, mean: Tensor, variance: Tensor)
    if let mask = x.mask, mask.rank < x.rank {
      found = try maskedNorm(x, mask, scale, shift)
    } else {
      found = try batchNorm(x, scale: scale, shift: shift, epsilon: epsilon)
    }
    try Parameter.assign([
      (mean, movingAverage(mean.value, stopGradient(found.mean), momentum: momentum)),
      (variance, movingAverage(variance.value, stopGradient(found.variance), momentum: momentum)),
    ])
    return found.result
  }

  /// With the statistics of the steps that count.
  private func maskedNorm(
    _ x: Tensor, _ mask: Tensor, _ scale: Tensor?, _ shift: Tensor?
  ) throws(TensorError) -> (result: Tensor, mean: Tensor, variance: Tensor) {
    let weights = try mask.cast(to: x.scalarType).leading(x.rank)
    let axes = Array(0..<(x.rank - 1))
    let positions = Array(x.shape)[mask.rank..<(x.rank - 1)].reduce(1, *)
    let count = try maximum(weights.sum() * Double(positions), x.scalar(1))
    let mean = try (x * weights).sum(axes: axes) / count
    let variance = try (square(x - mean) * weights).sum(axes: axes) / count
    var result = try (x - mean) * rsqrt(variance + epsilon)
    if let scale { result = try result * scale }
    if let shift { result = try result + shift }
    return (result, mean, variance)
  }
}
