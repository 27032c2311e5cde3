public import Geometry
public import Tensors

/// A convolution of sequences `[batch, time, channels]`, with bias and activation.
public final class Conv1D: Layer {
  private let filters: Int
  private let window: Int, stride: Int, dilation: Int
  private let padding: Padding
  private let groups: Int
  private let activation: ActivationFunction
  /// `[steps, inputs / groups, filters]`, Glorot uniform.
  public let kernel: Weight
  /// `[filters]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - filters: the channels of the result.
  ///   - window: the steps that a filter sees.
  ///   - stride: how many steps a window moves from one result to the next.
  ///   - padding: how many zeros stand around the sequence.
  ///   - dilation: the distance between the taps of a window, in steps.
  ///   - groups: into how many parts the channels are cut, each of which sees its own only.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - kernel: how the filters begin, `[steps, inputs / groups, filters]`, with what regularises
  ///     or constrains them.
  ///   - bias: the same for the biases, `[filters]`; does not count without `useBias`.
  public init(
    _ filters: Int, kernel window: Int, stride: Int = 1, padding: Padding = .valid,
    dilation: Int = 1, groups: Int = 1, activation: ActivationFunction = .linear,
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

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let shape = try filterShape("conv1D", [window], x, groups: groups, filters)
    return try activation(
      conv1D(
        x, kernel(shape, like: x), bias: bias?([filters], like: x), stride: stride,
        padding: padding, dilation: dilation, groups: groups))
  }

  /// The mask of the steps, where there are as many as before.
  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    result.rank == 3 && x.rank == 3 && result.shape[1] == x.shape[1] ? mask : nil
  }
}
