public import Geometry
internal import Tensors

/// A fully connected network whose state is its output: `h = activation(x·W + h·U + b)`.
public final class SimpleRNN: RecurrentLayer {
  /// - Parameters: those of `LSTM`.
  public init(
    _ units: Int, activation: RecurrentActivation = .tanh, useBias: Bool = true,
    returnSequences: Bool = false, goBackwards: Bool = false, stateful: Bool = false,
    dropout: Double = 0, kernel: Weight = Weight(.glorotUniform),
    recurrentKernel: Weight = Weight(.orthogonal()), bias: Weight = Weight(.zeros)
  ) {
    let options = Options(
      activation: activation, returnSequences: returnSequences, goBackwards: goBackwards,
      stateful: stateful, dropout: dropout)
    super.init(
      units, options, kernel: kernel, recurrentKernel: recurrentKernel, bias: useBias ? bias : nil)
  }

  override func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    let own = try weights(gates: 1, like: x)
    let found = try simpleRNN(
      x, kernel: own.kernel, recurrentKernel: own.recurrentKernel, bias: own.bias,
      initialState: states.first, mask: mask, activation: activation, reversed: goesBackwards)
    return (found.outputs, [found.state])
  }
}
