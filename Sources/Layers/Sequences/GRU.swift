public import Geometry
internal import Tensors

/// Gated recurrent units (Cho et al. 2014), gates in the order z, r, h.
public final class GRU: RecurrentLayer {
  private let resetsAfter: Bool

  /// - Parameters:
  ///   - units: how many numbers the state has.
  ///   - activation: of the candidate.
  ///   - recurrentActivation: of the gates.
  ///   - useBias: whether there is a bias.
  ///   - resetAfter: whether the reset gate is applied to the product of the state.
  ///   - returnSequences: whether all outputs are the result, `[batch, time, units]`, or the last.
  ///   - goBackwards: whether it begins at the last step.
  ///   - stateful: whether a call begins where the one before it ended.
  ///   - dropout: the share of the inputs that is dropped in training, the same at each step.
  ///   - kernel: how the weights of inputs begin, `[features, 3 · units]`.
  ///   - recurrentKernel: how the weights of the state begin, `[units, 3 · units]`.
  ///   - bias: how the biases begin: `[2, 3 · units]`, of inputs and of the state, with
  ///     `resetAfter`, else `[3 · units]`. Does not count without `useBias`.
  public init(
    _ units: Int, activation: RecurrentActivation = .tanh,
    recurrentActivation: RecurrentActivation = .sigmoid, useBias: Bool = true,
    resetAfter: Bool = true, returnSequences: Bool = false, goBackwards: Bool = false,
    stateful: Bool = false, dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight = Weight(.zeros)
  ) {
    resetsAfter = resetAfter
    let options = Options(
      activation: activation, recurrentActivation: recurrentActivation,
      returnSequences: returnSequences, goBackwards: goBackwards, stateful: stateful,
      dropout: dropout)
    super.init(
      units, options, kernel: kernel, recurrentKernel: recurrentKernel, bias: useBias ? bias : nil)
  }

  override func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    let own = try weights(gates: 3, bias: resetsAfter ? [2, 3 * units] : nil, like: x)
    let found = try gru(
      x, kernel: own.kernel, recurrentKernel: own.recurrentKernel, bias: own.bias,
      initialState: states.first, mask: mask, resetAfter: resetsAfter, activation: activation,
      recurrentActivation: recurrentActivation, reversed: goesBackwards)
    return (found.outputs, [found.state])
  }
}
