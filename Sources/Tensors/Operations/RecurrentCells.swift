public import Geometry

/// One step of a recurrent network: the state `[batch, units]` after
/// `activation(input·kernel + state·recurrentKernel + bias)`.
///
/// - Parameters:
///   - input: `[batch, features]`.
///   - state: `[batch, units]`.
///   - kernel: `[features, units]`.
///   - recurrentKernel: `[units, units]`.
///   - bias: `[units]`.
///   - activation: what makes the new state of the sum.
public func simpleRNNCell(
  _ input: Tensor, state: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor? = nil,
  activation: RecurrentActivation = .tanh
) throws(TensorError) -> Tensor {
  var network = RecurrentNetwork(
    "simpleRNNCell", .simple, activation, activation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = state
  return try network.step().state
}

/// One step of an LSTM, as `lstm` says: the state and the cell `[batch, units]` after it.
///
///     for t in 0..<steps {
///       (h, c) = try lstmCell(x[t], state: h, cell: c, kernel: w, recurrentKernel: u, bias: b)
///     }
///
/// - Parameters:
///   - input: `[batch, features]`.
///   - state: `[batch, units]`.
///   - cell: `[batch, units]`.
///   - kernel: `[features, 4 · units]`.
///   - recurrentKernel: `[units, 4 · units]`.
///   - bias: `[4 · units]`.
///   - activation: of the candidate and of the cell on its way out.
///   - recurrentActivation: of the gates.
public func lstmCell(
  _ input: Tensor, state: Tensor, cell: Tensor, kernel: Tensor, recurrentKernel: Tensor,
  bias: Tensor? = nil, activation: RecurrentActivation = .tanh,
  recurrentActivation: RecurrentActivation = .sigmoid
) throws(TensorError) -> (state: Tensor, cell: Tensor) {
  var network = RecurrentNetwork(
    "lstmCell", .lstm, activation, recurrentActivation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = state
  network.cell = cell
  let (state, cell) = try network.step()
  return (state, cell ?? state)
}

/// One step of gated recurrent units, as `gru` says: the state `[batch, units]` after it.
///
/// - Parameters:
///   - input: `[batch, features]`.
///   - state: `[batch, units]`.
///   - kernel: `[features, 3 · units]`.
///   - recurrentKernel: `[units, 3 · units]`.
///   - bias: `[2, 3 · units]`, `[3 · units]` without `resetAfter`.
///   - resetAfter: whether the reset gate is applied to the product of the state.
///   - activation: of the candidate.
///   - recurrentActivation: of the gates.
public func gruCell(
  _ input: Tensor, state: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor? = nil,
  resetAfter: Bool = true, activation: RecurrentActivation = .tanh,
  recurrentActivation: RecurrentActivation = .sigmoid
) throws(TensorError) -> Tensor {
  var network = RecurrentNetwork(
    "gruCell", .gru, activation, recurrentActivation, input, kernel, recurrentKernel)
  network.bias = bias
  network.state = state
  network.resetsAfter = resetAfter
  return try network.step().state
}

/// A recurrence step by step, each made of tensor operations: what single steps are, what a GRU is
/// whose reset gate comes before the product, and what the second derivatives of all are taken of.
struct UnrolledRecurrence {
  let kind: Recurrence.Kind
  let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  let isReversed: Bool
  let resetsAfter: Bool
  let recurrentKernel: Tensor
  let candidateBias: Tensor?

  /// States and cells after each step, where the step is.
  struct Steps {
    var states: [Tensor] = []
    var cells: [Tensor] = []
    /// What the reset gates of a GRU are multiplied with.
    var products: [Tensor?] = []
  }

  /// The steps of what inputs and biases contribute, `[batch, time, gates · units]`.
  func run(
    _ projected: Tensor, _ state: Tensor?, _ cell: Tensor?, _ mask: Tensor?
  ) throws(TensorError) -> Steps {
    let (batch, steps) = (projected.shape[0], projected.shape[1])
    let zeros = Tensor.constant(
      0, [batch, recurrentKernel.shape[0]], projected.scalarType, projected.node.place)
    var found = Steps()
    var (state, cell) = (state, cell)
    for step in 0..<steps {
      let t = isReversed ? steps - 1 - step : step
      let line = try projected.slice(axis: 1, t..<(t + 1)).reshaped(
        to: [batch, projected.shape.last])
      var product: Tensor?
      var (newState, newCell) = try advance(line, state, cell, product: &product)
      if let mask {
        let isTaken = try mask.slice(axis: 1, t..<(t + 1))
        newState = try select(isTaken, newState, state ?? zeros)
        if let next = newCell { newCell = try select(isTaken, next, cell ?? zeros) }
      }
      state = newState
      cell = newCell
      found.states.append(newState)
      if let newCell { found.cells.append(newCell) }
      found.products.append(product)
    }
    if isReversed {
      found.states.reverse()
      found.cells.reverse()
      found.products.reverse()
    }
    return found
  }

  func advance(
    _ line: Tensor, _ state: Tensor?, _ cell: Tensor?
  ) throws(TensorError) -> (state: Tensor, cell: Tensor?) {
    var product: Tensor?
    return try advance(line, state, cell, product: &product)
  }

  private func advance(
    _ line: Tensor, _ state: Tensor?, _ cell: Tensor?, product: inout Tensor?
  ) throws(TensorError) -> (state: Tensor, cell: Tensor?) {
    switch kind {
    case .simple: return (try activation.of(summed(line, state, recurrentKernel)), nil)
    case .lstm:
      let gates = try summed(line, state, recurrentKernel).split(parts: 4, axis: 1)
      let added = try recurrentActivation.of(gates[0]) * activation.of(gates[2])
      let kept = try cell.map { cell throws(TensorError) in
        try recurrentActivation.of(gates[1]) * cell
      }
      let cell = try kept.map { kept throws(TensorError) in try kept + added } ?? added
      return (try recurrentActivation.of(gates[3]) * activation.of(cell), cell)
    case .gru:
      let (update, candidate) = try gated(line, state, product: &product)
      guard let state else { return (try candidate - update * candidate, nil) }
      return (try candidate + update * (state - candidate), nil)
    }
  }

  private func gated(
    _ line: Tensor, _ state: Tensor?, product: inout Tensor?
  ) throws(TensorError) -> (update: Tensor, candidate: Tensor) {
    let units = recurrentKernel.shape[0]
    let inputs = try line.split(sizes: [2 * units, units], axis: 1)
    guard resetsAfter else {
      let kernels = try recurrentKernel.split(sizes: [2 * units, units], axis: 1)
      let gates = try recurrentActivation.of(summed(inputs[0], state, kernels[0]))
        .split(parts: 2, axis: 1)
      let reset = try state.map { state throws(TensorError) in try gates[1] * state }
      return (gates[0], try activation.of(summed(inputs[1], reset, kernels[1])))
    }
    guard let state else {
      let gates = try recurrentActivation.of(inputs[0]).split(parts: 2, axis: 1)
      guard let candidateBias else { return (gates[0], try activation.of(inputs[1])) }
      let inner = try candidateBias.broadcast(to: gates[1].shape)
      product = inner
      return (gates[0], try activation.of(inputs[1] + gates[1] * inner))
    }
    let sums = try matmul(state, recurrentKernel).split(sizes: [2 * units, units], axis: 1)
    let gates = try recurrentActivation.of(inputs[0] + sums[0]).split(parts: 2, axis: 1)
    var inner = sums[1]
    if let candidateBias { inner = try inner + candidateBias }
    product = inner
    return (gates[0], try activation.of(inputs[1] + gates[1] * inner))
  }

  private func summed(
    _ line: Tensor, _ state: Tensor?, _ kernel: Tensor
  ) throws(TensorError) -> Tensor {
    guard let state else { return line }
    return try line + matmul(state, kernel)
  }
}

extension RecurrentActivation {
  func of(_ x: Tensor) throws(TensorError) -> Tensor {
    switch self {
    case .tanh: try Tensors.tanh(x)
    case .sigmoid: try Tensors.sigmoid(x)
    case .relu: try Tensors.relu(x)
    case .linear: x
    case .hardSigmoid: try Tensors.hardSigmoid(x)
    }
  }
}
