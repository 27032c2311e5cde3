public import Geometry
public import Tensors

/// `activation(x · kernel + bias)` over the last axis.
public final class Dense: Layer {
  /// How many numbers it gives.
  public let units: Int
  private let activation: ActivationFunction
  /// `[inputs, units]`, Glorot uniform.
  public let kernel: Weight
  /// `[units]`, zeros.
  public let bias: Weight?

  /// - Parameters:
  ///   - units: how many numbers it gives.
  ///   - activation: applied to the result, bias included.
  ///   - useBias: whether there is a bias.
  ///   - kernel: how the weights begin, with what regularises or constrains them.
  ///   - bias: the same for the biases; does not count without `useBias`.
  public init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true,
    kernel: Weight = Weight(.glorotUniform), bias: Weight = Weight(.zeros)
  ) {
    self.units = units
    self.activation = activation
    self.kernel = kernel
    self.bias = useBias ? bias : nil
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 0, units > 0 else {
      throw TensorError(
        .shape, "dense", "\(units) units for an input without features", operands: [TensorInfo(x)])
    }
    var y = try matmul(x, kernel([x.shape.last, units], like: x))
    if let bias { y = try y + bias([units], like: x) }
    return try activation(y)
  }
}
