public import Geometry
public import Tensors

/// Each element of the batch with mean 0 and variance 1 over its last axes, then scaled and shifted
/// (Ba et al. 2016).
public final class LayerNorm: Layer {
  private let axisCount: Int
  private let epsilon: Double
  /// The extents of the axes, ones.
  public let scale: Weight?
  /// The extents of the axes, zeros.
  public let shift: Weight?

  /// - Parameters:
  ///   - axisCount: how many of the last axes are normalised together.
  ///   - epsilon: added to the variances.
  ///   - center: whether there is a shift.
  ///   - scale: whether there is a scale.
  public init(
    axisCount: Int = 1, epsilon: Double = 1e-3, center: Bool = true, scale: Bool = true
  ) {
    self.axisCount = axisCount
    self.epsilon = epsilon
    self.scale = scale ? Weight(.ones) : nil
    shift = center ? Weight(.zeros) : nil
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let extents = try trailing(axisCount, of: x, "layerNorm")
    return try layerNorm(
      x, scale: scale?(extents, like: x), shift: shift?(extents, like: x), axisCount: axisCount,
      epsilon: epsilon)
  }
}

/// Each element of the batch divided by its root mean square over the last axes, then scaled.
public final class RMSNorm: Layer {
  private let axisCount: Int
  private let epsilon: Double
  /// The extents of the axes, ones.
  public let scale = Weight(.ones)

  /// - Parameters:
  ///   - axisCount: how many of the last axes are normalised together.
  ///   - epsilon: added to the mean squares.
  public init(axisCount: Int = 1, epsilon: Double = 1e-6) {
    self.axisCount = axisCount
    self.epsilon = epsilon
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let extents = try trailing(axisCount, of: x, "rmsNorm")
    return try rmsNorm(x, scale: scale(extents, like: x), axisCount: axisCount, epsilon: epsilon)
  }
}

private func trailing(_ count: Int, of x: Tensor, _ name: String) throws(TensorError) -> Shape {
  guard count > 0, count <= x.rank else {
    throw TensorError(
      .shape, name, "\(count) last axes are to be normalised", operands: [TensorInfo(x)])
  }
  return Shape(Array(x.shape).suffix(count))
}
