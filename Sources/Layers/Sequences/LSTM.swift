public import Geometry
internal import Tensors

/// Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order i, f, g, o.
public final class LSTM: RecurrentLayer {
  /// - Parameters:
  ///   - units: how many numbers the state has, and the cell.
  ///   - activation: of the candidate and of the cell on its way out.
  ///   - recurrentActivation: of the gates.
  ///   - useBias: whether there is a bias.
  ///   - unitForgetBias: whether the bias of the forget gate begins as 1.
  ///   - returnSequences: whether all outputs are the result, `[batch, time, units]`, or the last.
  ///   - goBackwards: whether it begins at the last step.
  ///   - stateful: whether a call begins where the one before it ended.
  ///   - dropout: the share of the inputs that is dropped in training, the same at each step.
  ///   - kernel: how the weights of inputs begin, `[features, 4 · units]`.
  ///   - recurrentKernel: how the weights of the state begin, `[units, 4 · units]`.
  ///   - bias: how the biases begin, `[4 · units]`, in place of what `unitForgetBias` says; does
  ///     not count without `useBias`.
  public init(
    _ units: Int, activation: RecurrentActivation = .tanh,
    recurrentActivation: RecurrentActivation = .sigmoid, useBias: Bool = true,
    unitForgetBias: Bool = true, returnSequences: Bool = false, goBackwards: Bool = false,
    stateful: Bool = false, dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight? = nil
  ) {
    let options = Options(
      activation: activation, recurrentActivation: recurrentActivation,
      returnSequences: returnSequences, goBackwards: goBackwards, stateful: stateful,
      dropout: dropout)
    let usual = unitForgetBias ? Self.forgetBias(units) : .zeros
    super.init(
      units, options, kernel: kernel, recurrentKernel: recurrentKernel,
      bias: useBias ? bias ?? Weight(usual) : nil)
  }

  override func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    let own = try weights(gates: 4, like: x)
    let found = try lstm(
      x, kernel: own.kernel, recurrentKernel: own.recurrentKernel, bias: own.bias,
      initialState: states.first, initialCell: states.count > 1 ? states[1] : nil, mask: mask,
      activation: activation, recurrentActivation: recurrentActivation, reversed: goesBackwards)
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
