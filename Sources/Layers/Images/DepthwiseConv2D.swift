public import Geometry
public import Tensors

/// A filter or several for each channel by itself.
public final class DepthwiseConv2D: Layer {
  private let window: [Int], stride: [Int], dilation: [Int]
  private let padding: Padding
  private let multiplier: Int
  private let activation: ActivationFunction
  /// `[rows, columns, inputs, multiplier]`, Glorot uniform.
  public let kernel: Weight
  /// `[inputs · multiplier]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - window: rows and columns of a filter.
  ///   - stride: how far a window moves from one result to the next, down and across.
  ///   - padding: how many zeros stand around the image.
  ///   - dilation: the distance between the taps of a window, down and across.
  ///   - multiplier: how many channels of the result each channel gives.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - kernel: how the filters begin, `[rows, columns, inputs, multiplier]`, with what
  ///     regularises or constrains them.
  ///   - bias: the same for the biases, `[inputs · multiplier]`; does not count without `useBias`.
  public init(
    kernel window: [Int], stride: [Int] = [1, 1], padding: Padding = .valid,
    dilation: [Int] = [1, 1], multiplier: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, kernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.window = window
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.multiplier = multiplier
    self.activation = activation
    self.kernel = kernel
    self.bias = useBias ? bias : nil
  }

  /// With square filters.
  public convenience init(
    kernel window: Int, stride: Int = 1, padding: Padding = .valid, dilation: Int = 1,
    multiplier: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true
  ) {
    self.init(
      kernel: [window, window], stride: [stride, stride], padding: padding,
      dilation: [dilation, dilation], multiplier: multiplier, activation: activation,
      useBias: useBias)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let shape = try filterShape("depthwiseConv2D", window, x, groups: 1, multiplier)
    return try activation(
      depthwiseConv2D(
        x, kernel(shape, like: x), bias: bias?([x.shape.last * multiplier], like: x),
        stride: stride, padding: padding, dilation: dilation))
  }
}
