public import Geometry

/// What a recurrent network leaves.
public struct RecurrentStates: Sendable {
  /// The state after each step, `[batch, time, units]`.
  public let outputs: Tensor
  /// The state after the last step taken, `[batch, units]`.
  public let state: Tensor
}

/// What an LSTM leaves.
public struct LSTMStates: Sendable {
  /// The state after each step, `[batch, time, units]`.
  public let outputs: Tensor
  /// The state after the last step taken, `[batch, units]`.
  public let state: Tensor
  /// The cell after the last step taken, `[batch, units]`.
  public let cell: Tensor
}

/// A recurrent network over whole sequences: `h = activation(x·kernel + h·recurrentKernel + bias)`.
///
/// The inputs of all steps are multiplied at once; what depends on the state runs in one operation.
///
///     let states = try simpleRNN(x, kernel: w, recurrentKernel: u, bias: b)
///     states.outputs      // [8, 20, 64]
///
/// Back-propagation is truncated by cutting a sequence into pieces, each begun from the state that
/// the one before left, through which no gradient goes: `initialState: stopGradient(states.state)`.
///
/// - Parameters:
///   - input: `[batch, time, features]`.
///   - kernel: `[features, units]`.
///   - recurrentKernel: `[units, units]`.
///   - bias: `[units]`.
///   - initialState: `[batch, units]`; zeros for nil.
///   - mask: bools `[batch, time]`, true where a step is taken. Others leave the state alone; their
///     output is that of the step before, zeros if there was none.
///   - activation: what makes the new state of the sum.
///   - reversed: runs from the last step to the first. Outputs stay with their inputs.
public func simpleRNN(
  _ input: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor? = nil,
  initialState: Tensor? = nil, mask: Tensor? = nil, activation: RecurrentActivation = .tanh,
  reversed: Bool = false
) throws(TensorError) -> RecurrentStates {
  var network = RecurrentNetwork(
    "simpleRNN", .simple, activation, activation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = initialState
  network.mask = mask
  network.isReversed = reversed
  let (outputs, state, _) = try network.run()
  return RecurrentStates(outputs: outputs, state: state)
}

/// Long short-term memory over whole sequences, gates in the order i, f, g, o:
///
///     [i, f, g, o] = x·kernel + h·recurrentKernel + bias
///     c = σ(f)·c + σ(i)·tanh(g)
///     h = σ(o)·tanh(c)
///
/// Truncated back-propagation, masks and direction are as for `simpleRNN`.
///
/// - Parameters:
///   - input: `[batch, time, features]`.
///   - kernel: `[features, 4 · units]`.
///   - recurrentKernel: `[units, 4 · units]`.
///   - bias: `[4 · units]`.
///   - initialState: `[batch, units]`; zeros for nil.
///   - initialCell: `[batch, units]`; zeros for nil.
///   - mask: bools `[batch, time]`, true where a step is taken.
///   - activation: in place of tanh.
///   - recurrentActivation: in place of σ.
///   - reversed: runs from the last step to the first. Outputs stay with their inputs.
public func lstm(
  _ input: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor? = nil,
  initialState: Tensor? = nil, initialCell: Tensor? = nil, mask: Tensor? = nil,
  activation: RecurrentActivation = .tanh, recurrentActivation: RecurrentActivation = .sigmoid,
  reversed: Bool = false
) throws(TensorError) -> LSTMStates {
  var network = RecurrentNetwork(
    "lstm", .lstm, activation, recurrentActivation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = initialState
  network.cell = initialCell
  network.mask = mask
  network.isReversed = reversed
  let (outputs, state, cell) = try network.run()
  return LSTMStates(outputs: outputs, state: state, cell: cell ?? state)
}

/// Gated recurrent units over whole sequences, gates in the order z, r, h:
///
///     [xz, xr, xh] = x·kernel + bias[0]
///     [hz, hr, hh] = h·recurrentKernel + bias[1]
///     z = σ(xz + hz), r = σ(xr + hr)
///     h = z·h + (1 - z)·tanh(xh + r·hh)
///
/// Without `resetAfter` the candidate is `tanh(xh + (r·h)·recurrentKernel)` and there is one bias
/// `[3 · units]`. That form is made of single steps and takes several times as long.
///
/// Truncated back-propagation, masks and direction are as for `simpleRNN`.
///
/// - Parameters:
///   - input: `[batch, time, features]`.
///   - kernel: `[features, 3 · units]`.
///   - recurrentKernel: `[units, 3 · units]`.
///   - bias: `[2, 3 · units]`.
///   - initialState: `[batch, units]`; zeros for nil.
///   - mask: bools `[batch, time]`, true where a step is taken.
///   - resetAfter: whether the reset gate is applied to the product of the state.
///   - activation: in place of tanh.
///   - recurrentActivation: in place of σ.
///   - reversed: runs from the last step to the first. Outputs stay with their inputs.
public func gru(
  _ input: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor? = nil,
  initialState: Tensor? = nil, mask: Tensor? = nil, resetAfter: Bool = true,
  activation: RecurrentActivation = .tanh, recurrentActivation: RecurrentActivation = .sigmoid,
  reversed: Bool = false
) throws(TensorError) -> RecurrentStates {
  var network = RecurrentNetwork(
    "gru", .gru, activation, recurrentActivation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = initialState
  network.mask = mask
  network.isReversed = reversed
  network.resetsAfter = resetAfter
  let (outputs, state, _) = try network.run()
  return RecurrentStates(outputs: outputs, state: state)
}
