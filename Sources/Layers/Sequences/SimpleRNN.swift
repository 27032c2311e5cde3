public import Geometry
internal import Tensors

/// A fully connected network whose state is its output: `h = activation(x·W + h·U + b)`.
public final class SimpleRNN: RecurrentLayer {
  private let activation: RecurrentActivation
  /// `[features, units]`, Glorot uniform.
  public let kernel: Weight
  /// `[units, units]`, orthogonal.
  public let recurrentKernel: Weight
  /// `[units]`, zeros.
  public let bias: Weight?

  public init(
    _ units: Int, activation: RecurrentActivation = .tanh, useBias: Bool = true,
    returnSequences: Bool = false, goBackwards: Bool = false, stateful: Bool = false,
    dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight = Weight(.zeros)
  ) {
    self.activation = activation
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    self.bias = useBias ? bias : nil
    super.init(
      units, returnSequences: returnSequences, goBackwards: goBackwards, stateful: stateful,
      dropout: dropout)
  }

  override func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    let found = try simpleRNN(
      x, kernel: kernel([x.shape[2], units], like: x),
      recurrentKernel: recurrentKernel([units, units], like: x), bias: bias?([units], like: x),
      initialState: states.first, mask: mask, activation: activation, reversed: goesBackwards)
    return (found.outputs, [found.state])
  }
}
