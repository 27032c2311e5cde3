public import Geometry
public import Tensors

/// Neighbouring channels in groups, each with mean 0 and variance 1 over all positions of an
/// element of the batch, then scaled and shifted (Wu and He 2018).
public final class GroupNorm: Layer {
  private let groups: Int
  private let epsilon: Double
  /// `[channels]`, ones.
  public let scale: Weight?
  /// `[channels]`, zeros.
  public let shift: Weight?

  /// - Parameters:
  ///   - groups: how many; the channels are a multiple of it.
  ///   - epsilon: added to the variances.
  ///   - center: whether there is a shift.
  ///   - scale: whether there is a scale.
  public init(groups: Int = 32, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true) {
    self.groups = groups
    self.epsilon = epsilon
    self.scale = scale ? Weight(.ones) : nil
    shift = center ? Weight(.zeros) : nil
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let channels: Shape = [x.rank > 0 ? x.shape.last : 0]
    return try groupNorm(
      x, groups: groups, scale: scale?(channels, like: x), shift: shift?(channels, like: x),
      epsilon: epsilon)
  }
}

/// Each channel of each element of the batch with mean 0 and variance 1, then scaled and shifted.
public final class InstanceNorm: Layer {
  private let epsilon: Double
  /// `[channels]`, ones.
  public let scale: Weight?
  /// `[channels]`, zeros.
  public let shift: Weight?

  /// - Parameters:
  ///   - epsilon: added to the variances.
  ///   - center: whether there is a shift.
  ///   - scale: whether there is a scale.
  public init(epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true) {
    self.epsilon = epsilon
    self.scale = scale ? Weight(.ones) : nil
    shift = center ? Weight(.zeros) : nil
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let channels: Shape = [x.rank > 0 ? x.shape.last : 0]
    return try instanceNorm(
      x, scale: scale?(channels, like: x), shift: shift?(channels, like: x), epsilon: epsilon)
  }
}

/// Channels divided by a power of the squares of their neighbours (Krizhevsky et al. 2012).
public final class LocalResponseNorm: Layer {
  private let radius: Int
  private let bias: Double, alpha: Double, beta: Double

  /// - Parameters:
  ///   - radius: how many channels on either side count.
  ///   - bias: added to the sum of squares once it is multiplied by `alpha`; above 0.
  ///   - alpha: what the sum of squares is multiplied by; from 0 on.
  ///   - beta: the exponent of what channels are divided by.
  public init(radius: Int = 5, bias: Double = 1, alpha: Double = 1, beta: Double = 0.5) {
    self.radius = radius
    self.bias = bias
    self.alpha = alpha
    self.beta = beta
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try localResponseNorm(x, radius: radius, bias: bias, alpha: alpha, beta: beta)
  }
}
