public import Geometry
public import Tensors

/// Elements set to zero by chance in training, the rest scaled up to keep the mean (Srivastava et
/// al. 2014).
public final class Dropout: Layer {
  private let rate: Double

  /// - Parameter rate: the share that is dropped, from 0 up to but not 1.
  public init(_ rate: Double) { self.rate = rate }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    Phase.current == .training ? try dropout(x, rate: rate) : x
  }
}

/// Whole channels set to zero by chance in training.
public final class SpatialDropout: Layer {
  private let rate: Double

  /// - Parameter rate: the share that is dropped, from 0 up to but not 1.
  public init(_ rate: Double) { self.rate = rate }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    Phase.current == .training ? try spatialDropout(x, rate: rate) : x
  }
}

/// Dropout that keeps mean and variance of what `selu` gives (Klambauer et al. 2017).
public final class AlphaDropout: Layer {
  private let rate: Double

  /// - Parameter rate: the share that is dropped, from 0 up to but not 1.
  public init(_ rate: Double) { self.rate = rate }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    Phase.current == .training ? try alphaDropout(x, rate: rate) : x
  }
}

/// Normally distributed numbers added in training.
public final class GaussianNoise: Layer {
  private let deviation: Double

  /// - Parameter standardDeviation: of what is added.
  public init(_ standardDeviation: Double) { deviation = standardDeviation }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard Phase.current == .training else { return x }
    return try x
      + .normal(x.shape, standardDeviation: deviation, as: x.scalarType, on: x.device)
  }
}

/// Its input, with a penalty on it added to the loss of training.
public final class ActivityRegularization: Layer {
  private let regularizer: Regularizer

  /// - Parameter regularizer: the penalty, divided by the size of the batch.
  public init(_ regularizer: Regularizer) { self.regularizer = regularizer }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let batch = Double(max(1, x.rank > 0 ? x.shape[0] : 1))
    try ActivityPenalties.add(regularizer(x) / batch)
    return x
  }
}
