public import Geometry
public import Tensors

/// Neighbouring channels in groups, each with mean 0 and variance 1 over all positions of an element
/// of the batch, then scaled and shifted (Wu and He 2018).
public final class GroupNorm: Layer {
  private let groups: Int
  private let epsilon: Double
  /// `[channels]`, ones.
  public let scale: Weight?
  /// `[channels]`, zeros.
  public let shift: Weight?

  /// - Parameter groups: how many; the channels are a multiple of it.
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

  /// - Parameter epsilon: added to the variances.
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

  /// - Parameter radius: how many channels on either side count.
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
