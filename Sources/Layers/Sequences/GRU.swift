public import Geometry
internal import Tensors

/// Gated recurrent units (Cho et al. 2014), gates in the order z, r, h.
public final class GRU: RecurrentLayer {
  private let resetsAfter: Bool

  /// - Parameters: those of `LSTM`, and
  ///   - resetAfter: whether the reset gate is applied to the product of the state; then the bias is
  ///     `[2, 3 · units]`, of inputs and of the state, else `[3 · units]`.
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
