public import Geometry
internal import Tensors

/// Gated recurrent units (Cho et al. 2014), gates in the order z, r, h.
public final class GRU: RecurrentLayer {
  private let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  private let resetsAfter: Bool
  /// `[features, 3 · units]`, Glorot uniform.
  public let kernel: Weight
  /// `[units, 3 · units]`, orthogonal.
  public let recurrentKernel: Weight
  /// `[2, 3 · units]`, of inputs and of the state, zeros; without `resetAfter` `[3 · units]`.
  public let bias: Weight?

  /// - Parameter resetAfter: whether the reset gate is applied to the product of the state.
  public init(
    _ units: Int, activation: RecurrentActivation = .tanh,
    recurrentActivation: RecurrentActivation = .sigmoid, useBias: Bool = true,
    resetAfter: Bool = true, returnSequences: Bool = false, goBackwards: Bool = false,
    stateful: Bool = false, dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight = Weight(.zeros)
  ) {
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    resetsAfter = resetAfter
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
    let found = try gru(
      x, kernel: kernel([x.shape[2], 3 * units], like: x),
      recurrentKernel: recurrentKernel([units, 3 * units], like: x),
      bias: bias?(resetsAfter ? [2, 3 * units] : [3 * units], like: x),
      initialState: states.first, mask: mask, resetAfter: resetsAfter, activation: activation,
      recurrentActivation: recurrentActivation, reversed: goesBackwards)
    return (found.outputs, [found.state])
  }
}
