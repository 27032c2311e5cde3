public import Geometry
internal import Tensors

/// Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order i, f, g, o.
public final class LSTM: RecurrentLayer {
  private let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  /// `[features, 4 · units]`, Glorot uniform.
  public let kernel: Weight
  /// `[units, 4 · units]`, orthogonal.
  public let recurrentKernel: Weight
  /// `[4 · units]`, ones for the forget gate and zeros for the others.
  public let bias: Weight?

  /// - Parameter unitForgetBias: whether the bias of the forget gate begins as 1.
  public init(
    _ units: Int, activation: RecurrentActivation = .tanh,
    recurrentActivation: RecurrentActivation = .sigmoid, useBias: Bool = true,
    unitForgetBias: Bool = true, returnSequences: Bool = false, goBackwards: Bool = false,
    stateful: Bool = false, dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight? = nil
  ) {
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    let usual = unitForgetBias ? Self.forgetBias(units) : .zeros
    self.bias = useBias ? bias ?? Weight(usual) : nil
    super.init(
      units, returnSequences: returnSequences, goBackwards: goBackwards, stateful: stateful,
      dropout: dropout)
  }

  override func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    let found = try lstm(
      x, kernel: kernel([x.shape[2], 4 * units], like: x),
      recurrentKernel: recurrentKernel([units, 4 * units], like: x),
      bias: bias?([4 * units], like: x), initialState: states.first,
      initialCell: states.count > 1 ? states[1] : nil, mask: mask, activation: activation,
      recurrentActivation: recurrentActivation, reversed: goesBackwards)
    return (found.outputs, [found.state, found.cell])
  }

  private static func forgetBias(_ units: Int) -> Initializer {
    Initializer("ones for the forget gate") { _, type, device in
      try concatenate([
        .zeros([units], as: type, on: device), .ones([units], as: type, on: device),
        .zeros([2 * units], as: type, on: device),
      ])
    }
  }
}
