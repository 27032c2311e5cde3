public import Geometry
public import Tensors

/// A convolution of images `[batch, rows, columns, channels]`, with bias and activation.
public final class Conv2D: Layer {
  private let filters: Int
  private let window: [Int], stride: [Int], dilation: [Int]
  private let padding: Padding
  private let groups: Int
  private let activation: ActivationFunction
  /// `[rows, columns, inputs / groups, filters]`, Glorot uniform.
  public let kernel: Weight
  /// `[filters]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - filters: the channels of the result.
  ///   - window: rows and columns of a filter.
  ///   - stride: how far a window moves from one result to the next, down and across.
  ///   - padding: how many zeros stand around the image.
  ///   - dilation: the distance between the taps of a window, down and across.
  ///   - groups: into how many parts the channels are cut, each of which sees its own only.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - kernel: how the filters begin, `[rows, columns, inputs / groups, filters]`, with what
  ///     regularises or constrains them.
  ///   - bias: the same for the biases, `[filters]`; does not count without `useBias`.
  public init(
    _ filters: Int, kernel window: [Int], stride: [Int] = [1, 1], padding: Padding = .valid,
    dilation: [Int] = [1, 1], groups: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, kernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.filters = filters
    self.window = window
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.activation = activation
    self.kernel = kernel
    self.bias = useBias ? bias : nil
  }

  /// With square filters.
  public convenience init(
    _ filters: Int, kernel window: Int, stride: Int = 1, padding: Padding = .valid,
    dilation: Int = 1, groups: Int = 1, activation: ActivationFunction = .linear,
    useBias: Bool = true, kernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.init(
      filters, kernel: [window, window], stride: [stride, stride], padding: padding,
      dilation: [dilation, dilation], groups: groups, activation: activation, useBias: useBias,
      kernel: kernel, bias: bias)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let shape = try filterShape("conv2D", window, x, groups: groups, filters)
    return try activation(
      conv2D(
        x, kernel(shape, like: x), bias: bias?([filters], like: x), stride: stride,
        padding: padding, dilation: dilation, groups: groups))
  }
}
