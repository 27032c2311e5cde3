public import Geometry
public import Tensors

/// A depthwise convolution and a product over the channels behind it: far fewer parameters than a
/// convolution with the same window.
public final class SeparableConv2D: Layer {
  private let filters: Int
  private let window: [Int], stride: [Int], dilation: [Int]
  private let padding: Padding
  private let multiplier: Int
  private let activation: ActivationFunction
  /// `[rows, columns, inputs, multiplier]`, Glorot uniform.
  public let depthwiseKernel: Weight
  /// `[1, 1, inputs · multiplier, filters]`, Glorot uniform.
  public let pointwiseKernel: Weight
  /// `[filters]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - filters: the channels of the result.
  ///   - window: rows and columns of a depthwise filter.
  ///   - stride: how far a window moves from one result to the next, down and across.
  ///   - padding: how many zeros stand around the image.
  ///   - dilation: the distance between the taps of a window, down and across.
  ///   - multiplier: how many channels the depthwise filters make of each.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - depthwiseKernel: how these filters begin, `[rows, columns, inputs, multiplier]`, with what
  ///     regularises or constrains them.
  ///   - pointwiseKernel: the same for the filter that mixes channels,
  ///     `[1, 1, inputs · multiplier, filters]`.
  ///   - bias: the same for the biases, `[filters]`; does not count without `useBias`.
  public init(
    _ filters: Int, kernel window: [Int], stride: [Int] = [1, 1], padding: Padding = .valid,
    dilation: [Int] = [1, 1], multiplier: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, depthwiseKernel: Weight = Weight(.glorotUniform),
    pointwiseKernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.filters = filters
    self.window = window
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.multiplier = multiplier
    self.activation = activation
    self.depthwiseKernel = depthwiseKernel
    self.pointwiseKernel = pointwiseKernel
    self.bias = useBias ? bias : nil
  }

  /// With square filters.
  public convenience init(
    _ filters: Int, kernel window: Int, stride: Int = 1, padding: Padding = .valid,
    dilation: Int = 1, multiplier: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true
  ) {
    self.init(
      filters, kernel: [window, window], stride: [stride, stride], padding: padding,
      dilation: [dilation, dilation], multiplier: multiplier, activation: activation,
      useBias: useBias)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let shape = try filterShape("separableConv2D", window, x, groups: 1, multiplier)
    let depthwise = try depthwiseKernel(shape, like: x)
    let pointwise = try pointwiseKernel([1, 1, x.shape.last * multiplier, filters], like: x)
    return try activation(
      separableConv2D(
        x, depthwise: depthwise, pointwise: pointwise, bias: bias?([filters], like: x),
        stride: stride, padding: padding, dilation: dilation))
  }
}
