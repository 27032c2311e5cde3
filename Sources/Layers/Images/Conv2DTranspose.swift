public import Geometry
public import Tensors

/// A convolution turned round: it enlarges images, as the gradient of a convolution does.
public final class Conv2DTranspose: Layer {
  private let filters: Int
  private let window: [Int], stride: [Int]
  private let padding: Padding
  private let outputPadding: [Int]?
  private let activation: ActivationFunction
  /// `[rows, columns, filters, inputs]`, Glorot uniform.
  public let kernel: Weight
  /// `[filters]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - filters: the channels of the result.
  ///   - window: rows and columns of a filter.
  ///   - stride: by how many rows and columns of the result neighbouring positions of the input are
  ///     apart.
  ///   - padding: that of the convolution whose gradient this is: what it adds is cut off the
  ///     result.
  ///   - outputPadding: how many positions the result has after the last that a window reaches,
  ///     less than the stride; nil for the sizes that `conv2DTranspose` describes.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - kernel: how the filters begin, `[rows, columns, filters, inputs]`, with what regularises
  ///     or constrains them.
  ///   - bias: the same for the biases, `[filters]`; does not count without `useBias`.
  public init(
    _ filters: Int, kernel window: [Int], stride: [Int] = [1, 1], padding: Padding = .valid,
    outputPadding: [Int]? = nil, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.filters = filters
    self.window = window
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.activation = activation
    self.kernel = kernel
    self.bias = useBias ? bias : nil
  }

  /// With square filters.
  public convenience init(
    _ filters: Int, kernel window: Int, stride: Int = 1, padding: Padding = .valid,
    outputPadding: Int? = nil, activation: ActivationFunction = .linear, useBias: Bool = true
  ) {
    self.init(
      filters, kernel: [window, window], stride: [stride, stride], padding: padding,
      outputPadding: outputPadding.map { [$0, $0] }, activation: activation, useBias: useBias)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var shape = Array(try filterShape("conv2DTranspose", window, x, groups: 1, filters))
    shape.swapAt(2, 3)
    return try activation(
      conv2DTranspose(
        x, kernel(Shape(shape), like: x), bias: bias?([filters], like: x), stride: stride,
        padding: padding, outputPadding: outputPadding))
  }
}
