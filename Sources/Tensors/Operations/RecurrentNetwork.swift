internal import Geometry

/// A recurrent network with its operands: what the public functions of recurrence share.
struct RecurrentNetwork {
  let name: String
  let kind: Recurrence.Kind
  let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  var input: Tensor, kernel: Tensor, recurrentKernel: Tensor
  var bias: Tensor?, state: Tensor?, cell: Tensor?, mask: Tensor?
  var isReversed = false
  var resetsAfter = true
  /// Whether it is a single step: the input has no axis of time.
  var isCell = false

  init(
    _ name: String, _ kind: Recurrence.Kind, _ activation: RecurrentActivation,
    _ recurrentActivation: RecurrentActivation, _ input: Tensor, _ kernel: Tensor,
    _ recurrentKernel: Tensor
  ) {
    self.name = name
    self.kind = kind
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    self.input = input
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
  }

  private var units: Int { recurrentKernel.shape[0] }
  private var columns: Int { kind.gates * units }
  private var hasTwoBiases: Bool { kind == .gru && resetsAfter }

  /// The states after each step, the last one, and an LSTM's last cell.
  func run() throws(TensorError) -> (outputs: Tensor, state: Tensor, cell: Tensor?) {
    try check()
    return try inComputeType { network throws(TensorError) in try network.sequence() }
  }

  /// The state, and an LSTM's cell, after a single step.
  func step() throws(TensorError) -> (state: Tensor, cell: Tensor?) {
    var network = self
    network.isCell = true
    try network.check()
    let found = try network.inComputeType { network throws(TensorError) in
      let (projected, candidateBias) = try network.projected()
      let step = network.unrolled(candidateBias)
      let (state, cell) = try step.advance(projected, network.state, network.cell)
      return (state, state, cell)
    }
    return (found.state, found.cell)
  }

  private func unrolled(_ candidateBias: Tensor?) -> UnrolledRecurrence {
    UnrolledRecurrence(
      kind: kind, activation: activation, recurrentActivation: recurrentActivation,
      isReversed: isReversed, resetsAfter: resetsAfter, recurrentKernel: recurrentKernel,
      candidateBias: candidateBias)
  }

  /// What the input and the biases contribute to all gates, and the bias that belongs to the
  /// product of a GRU's candidate.
  private func projected() throws(TensorError) -> (sum: Tensor, candidateBias: Tensor?) {
    let product = try matmul(input, kernel)
    guard let bias else { return (product, nil) }
    guard hasTwoBiases else { return (try product + bias, nil) }
    let own = try bias.slice(axis: 0, 0..<1).reshaped(to: [columns])
    let recurrent = try bias.slice(axis: 0, 1..<2).reshaped(to: [columns])
    let gates = try recurrent.slice(axis: 0, 0..<(2 * units)).padded([(0, units)])
    return (try product + (own + gates), try recurrent.slice(axis: 0, (2 * units)..<columns))
  }

  private func sequence() throws(TensorError) -> (outputs: Tensor, state: Tensor, cell: Tensor?) {
    let batch = input.shape[0]
    let steps = input.shape[1]
    let nothing = Tensor.constant(0, [batch, units], input.scalarType, input.node.place)
    let start = state == nil && cell == nil ? nil : state ?? nothing
    let startCell = kind != .lstm || start == nil ? nil : cell ?? nothing
    guard steps > 0 else {
      let none = Tensor.constant(0, [batch, 0, units], input.scalarType, input.node.place)
      return (none, start ?? nothing, kind == .lstm ? startCell ?? nothing : nil)
    }
    let (projected, candidateBias) = try projected()
    var outputs: Tensor
    var cells: Tensor?
    if kind == .gru, !resetsAfter {
      outputs = try stack(
        unrolled(candidateBias).run(projected, start, nil, mask).states, axis: 1)
    } else {
      let recurrence = Recurrence(
        kind, input.scalarType, batch: batch, steps: steps, units: units, activation: activation,
        recurrentActivation: recurrentActivation, isReversed: isReversed, hasState: start != nil,
        hasMask: mask != nil, hasBias: candidateBias != nil,
        keepsGates: Recording.current != nil)
      let operands = [projected, recurrentKernel, candidateBias, start, startCell, mask]
      let parts = try RecurrenceOperation.recorded(recurrence, name, operands.compactMap { $0 })
      outputs = parts[0]
      if kind == .lstm { cells = parts[1] }
    }
    let last = isReversed ? 0..<1 : (steps - 1)..<steps
    let state = try outputs.slice(axis: 1, last).reshaped(to: [batch, units])
    let cell = try cells?.slice(axis: 1, last).reshaped(to: [batch, units])
    if let mask, start != nil { outputs = try outputs.clearedBeforeFirst(of: mask, isReversed) }
    return (outputs, state, cell)
  }

  /// Runs `body` with half-size operands widened, and rounds what it returns.
  private func inComputeType(
    _ body: (RecurrentNetwork) throws(TensorError) -> (Tensor, Tensor, Tensor?)
  ) throws(TensorError) -> (outputs: Tensor, state: Tensor, cell: Tensor?) {
    let type = input.scalarType
    let wide = type.computeType
    if wide == type { return try body(self) }
    var network = self
    network.input = try input.cast(to: wide)
    network.kernel = try kernel.cast(to: wide)
    network.recurrentKernel = try recurrentKernel.cast(to: wide)
    network.bias = try bias?.cast(to: wide)
    network.state = try state?.cast(to: wide)
    network.cell = try cell?.cast(to: wide)
    let (outputs, state, cell) = try body(network)
    return (try outputs.cast(to: type), try state.cast(to: type), try cell?.cast(to: type))
  }
}

extension RecurrentNetwork {
  private var operands: [(name: String, tensor: Tensor)] {
    let all: [(String, Tensor?)] = [
      ("input", input), ("kernel", kernel),
      ("recurrentKernel", recurrentKernel), ("bias", bias), ("state", state), ("cell", cell),
      ("mask", mask),
    ]
    return all.compactMap { name, tensor in tensor.map { (name, $0) } }
  }

  private func error(
    _ kind: TensorError.Kind, _ detail: String, hint: String? = nil
  ) -> TensorError {
    let infos = operands.map { name, tensor in
      TensorInfo(
        name: name, shape: tensor.shape, scalarType: tensor.scalarType,
        device: tensor.node.place.name)
    }
    return TensorError(kind, name, detail, operands: infos, hint: hint)
  }

  /// Throws unless the operands go together.
  private func check() throws(TensorError) {
    let type = input.scalarType
    guard type.isFloatingPoint else {
      throw error(.dtype, "not defined for \(type)", hint: "cast first: x.cast(to: .float32)")
    }
    for (name, tensor) in operands {
      if name == "mask" {
        guard tensor.scalarType == .bool else {
          throw error(
            .dtype, "the mask is not of bools", hint: "compare first: notEqual(mask, Tensor(0))")
        }
      } else if tensor.scalarType != type {
        throw error(
          .dtype, "the \(name) is not of the input's type", hint: "cast it: x.cast(to: .\(type))")
      }
      guard tensor.node.place === input.node.place else {
        throw error(
          .device, "the \(name) is on another device than the input",
          hint: "move it: x.moved(to:)")
      }
    }
    let axes = isCell ? "[batch, features]" : "[batch, time, features]"
    guard input.rank == (isCell ? 2 : 3) else { throw error(.shape, "the input is not \(axes)") }
    guard recurrentKernel.rank == 2, recurrentKernel.shape[0] > 0,
      recurrentKernel.shape[1] % recurrentKernel.shape[0] == 0,
      recurrentKernel.shape[1] / recurrentKernel.shape[0] == kind.gates
    else {
      throw error(.shape, "the recurrent kernel is not [units, \(kind.columnsText)]")
    }
    try require(kernel, "kernel", [input.shape.last, columns])
    try require(bias, "bias", hasTwoBiases ? [2, columns] : [columns])
    try require(state, "state", [input.shape[0], units])
    try require(cell, "cell", [input.shape[0], units])
    if !isCell { try require(mask, "mask", [input.shape[0], input.shape[1]]) }
  }

  private func require(_ tensor: Tensor?, _ name: String, _ shape: Shape) throws(TensorError) {
    guard let tensor, tensor.shape != shape else { return }
    throw error(
      .shape, "the \(name) of \(units) units and \(input.shape.last) features is not \(shape)")
  }
}

extension Recurrence.Kind {
  fileprivate var columnsText: String { gates == 1 ? "units" : "\(gates) · units" }
}

extension Tensor {
  /// The outputs `[batch, time, units]` with zeros at steps before the first one that is taken.
  fileprivate func clearedBeforeFirst(
    of mask: Tensor, _ isReversed: Bool
  ) throws(TensorError) -> Tensor {
    let taken = try mask.cast(to: .int32).cumsum(axis: 1, reverse: isReversed)
    let isAfter = try greater(taken, taken.scalar(0)).expanded(at: 2)
    return try select(isAfter, self, scalar(0))
  }
}
