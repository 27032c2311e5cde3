import Apus

/// An LSTM whose state is a projection of what its cells give (Sak et al. 2014): a cell of one's
/// own.
final class ProjectedLSTMCell: RecurrentCell {
  private let cells: Int, units: Int
  private let kernel = Weight(.glorotUniform), recurrentKernel = Weight(.orthogonal())
  private let bias = Weight(.zeros), projection = Weight(.glorotUniform)

  init(cells: Int, units: Int) {
    self.cells = cells
    self.units = units
  }

  func initialStates(like input: Tensor) throws(TensorError) -> [Tensor] {
    [
      try .zeros([input.shape[0], units], on: input.device),
      try .zeros([input.shape[0], cells], on: input.device),
    ]
  }

  func step(
    _ input: Tensor, _ states: [Tensor]
  ) throws(TensorError) -> (output: Tensor, states: [Tensor]) {
    let drive =
      try matmul(input, kernel([input.shape[1], 4 * cells], like: input))
      + matmul(states[0], recurrentKernel([units, 4 * cells], like: input))
      + bias([4 * cells], like: input)
    let gates = try drive.split(parts: 4, axis: 1)
    let cell = try sigmoid(gates[1]) * states[1] + sigmoid(gates[0]) * tanh(gates[2])
    let state = try matmul(sigmoid(gates[3]) * tanh(cell), projection([cells, units], like: input))
    return (state, [state, cell])
  }
}
