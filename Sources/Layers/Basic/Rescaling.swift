public import Geometry
public import Tensors

/// `scale · x + offset`: pixels from 0 to 255 become numbers from 0 to 1 with 1/255.
public final class Rescaling: Layer {
  private let scale: Double, offset: Double

  /// - Parameters:
  ///   - scale: what each element is multiplied by.
  ///   - offset: what is added behind that.
  public init(scale: Double, offset: Double = 0) {
    self.scale = scale
    self.offset = offset
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let x = x.scalarType.isFloatingPoint ? x : try x.cast(to: .float32)
    return try x * scale + offset
  }
}

/// Features with the mean 0 and the variance 1 of the data it was adapted to.
public final class Normalization: Layer {
  /// `[features]`; not trained.
  public let mean = Weight(.zeros, isTrained: false)
  /// `[features]`; not trained.
  public let variance = Weight(.ones, isTrained: false)

  /// One that has yet to be adapted: so far it changes nothing.
  public init() {}

  /// Takes mean and variance of the last axis of `data`.
  public func adapt(to data: Tensor) throws(TensorError) {
    guard data.rank > 1, data.count > 0 else {
      throw TensorError(
        .shape, "normalization", "adapts to [examples, …, features]", operands: [TensorInfo(data)])
    }
    let data = data.scalarType.isFloatingPoint ? data : try data.cast(to: .float32)
    let axes = Array(0..<(data.rank - 1))
    try mean.assign(data.mean(axes: axes))
    try variance.assign(data.variance(axes: axes))
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 0 else {
      throw TensorError(.shape, "normalization", "needs features", operands: [TensorInfo(x)])
    }
    let x = x.scalarType.isFloatingPoint ? x : try x.cast(to: .float32)
    let features: Shape = [x.shape.last]
    let deviation = try sqrt(variance(features, like: x))
    return try (x - mean(features, like: x)) / maximum(deviation, deviation.scalar(1e-7))
  }
}
