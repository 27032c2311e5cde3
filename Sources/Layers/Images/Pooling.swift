public import Geometry
public import Tensors

/// What pooling layers of images share: the window, how far it moves, and the padding.
public class Pool2D: Layer {
  let window: [Int], stride: [Int]
  let padding: Padding

  /// - Parameters:
  ///   - window: its rows and columns.
  ///   - stride: the distance between windows along rows and columns; the window itself if nil.
  ///   - padding: what is added around the image; it does not count in the results.
  public init(_ window: [Int], stride: [Int]? = nil, padding: Padding = .valid) {
    self.window = window
    self.stride = stride ?? window
    self.padding = padding
  }

  /// With a square window.
  public convenience init(_ window: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.init([window, window], stride: stride.map { [$0, $0] }, padding: padding)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    throw TensorError(.argument, "\(type(of: self))", "has no forward", operands: [TensorInfo(x)])
  }
}

/// The largest value in each window of an image, a channel at a time.
public final class MaxPool2D: Pool2D {
  public override func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try maxPool2D(x, window: window, stride: stride, padding: padding)
  }
}

/// The mean of each window of an image, a channel at a time; padding is left out of it.
public final class AveragePool2D: Pool2D {
  public override func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try averagePool2D(x, window: window, stride: stride, padding: padding)
  }
}

/// What pooling layers of sequences `[batch, time, channels]` share.
public class Pool1D: Layer {
  let window: Int, stride: Int
  let padding: Padding

  /// - Parameters:
  ///   - window: its steps.
  ///   - stride: the distance between windows in steps; the window itself if nil.
  ///   - padding: what is added around the sequence; it does not count in the results.
  public init(_ window: Int = 2, stride: Int? = nil, padding: Padding = .valid) {
    self.window = window
    self.stride = stride ?? window
    self.padding = padding
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    throw TensorError(.argument, "\(type(of: self))", "has no forward", operands: [TensorInfo(x)])
  }
}

/// The largest value in each window of a sequence.
public final class MaxPool1D: Pool1D {
  public override func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try maxPool1D(x, window: window, stride: stride, padding: padding)
  }
}

/// The mean of each window of a sequence.
public final class AveragePool1D: Pool1D {
  public override func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try averagePool1D(x, window: window, stride: stride, padding: padding)
  }
}

/// The mean of each channel over all positions; over the steps that count, where there is a mask.
public final class GlobalAveragePool: Layer {
  private let keepsAxes: Bool

  /// - Parameter keepingAxes: whether pooled axes stay, with the extent 1.
  public init(keepingAxes: Bool = false) { keepsAxes = keepingAxes }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard let mask = x.mask, x.rank == 3, mask.rank == 2 else {
      return try globalAveragePool(x, keepingAxes: keepsAxes)
    }
    let weights = try mask.cast(to: x.scalarType).expanded(at: -1)
    let count = try weights.sum(axes: [1], keepingAxes: keepsAxes)
    return try (x * weights).sum(axes: [1], keepingAxes: keepsAxes)
      / maximum(count, count.scalar(1))
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    nil
  }
}

/// The largest value of each channel over all positions.
public final class GlobalMaxPool: Layer {
  private let keepsAxes: Bool

  /// - Parameter keepingAxes: whether pooled axes stay, with the extent 1.
  public init(keepingAxes: Bool = false) { keepsAxes = keepingAxes }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try globalMaxPool(x, keepingAxes: keepsAxes)
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    nil
  }
}

/// The means of as many cells as wanted, whatever the size of the image.
public final class AdaptiveAveragePool2D: Layer {
  private let size: [Int]

  /// - Parameter size: rows and columns of the result.
  public init(_ size: [Int]) { self.size = size }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try adaptiveAveragePool2D(x, outputSize: size)
  }
}

/// The largest values of as many cells as wanted, whatever the size of the image.
public final class AdaptiveMaxPool2D: Layer {
  private let size: [Int]

  /// - Parameter size: rows and columns of the result.
  public init(_ size: [Int]) { self.size = size }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try adaptiveMaxPool2D(x, outputSize: size)
  }
}

/// The means of as many cells of a sequence as wanted.
public final class AdaptiveAveragePool1D: Layer {
  private let size: Int

  /// - Parameter size: the steps of the result.
  public init(_ size: Int) { self.size = size }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try adaptiveAveragePool1D(x, outputSize: size)
  }
}

/// The largest values of as many cells of a sequence as wanted.
public final class AdaptiveMaxPool1D: Layer {
  private let size: Int

  /// - Parameter size: the number of cells, whatever the number of steps.
  public init(_ size: Int) { self.size = size }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == 3 else {
      throw TensorError(
        .shape, "adaptiveMaxPool1D", "takes sequences [batch, time, features]",
        operands: [TensorInfo(x)])
    }
    return try adaptiveMaxPool2D(x.expanded(at: 1), outputSize: [1, size]).squeezed(axes: [1])
  }
}

/// An image enlarged by whole factors.
public final class UpSampling2D: Layer {
  private let scale: [Int]
  private let mode: Interpolation

  /// - Parameters:
  ///   - scale: by what rows and columns are multiplied.
  ///   - mode: how pixels between pixels are made.
  public init(_ scale: [Int], mode: Interpolation = .nearest) {
    self.scale = scale
    self.mode = mode
  }

  /// The same factor for rows and columns.
  public convenience init(_ scale: Int = 2, mode: Interpolation = .nearest) {
    self.init([scale, scale], mode: mode)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try upsample2D(x, scale: scale, mode: mode)
  }
}
