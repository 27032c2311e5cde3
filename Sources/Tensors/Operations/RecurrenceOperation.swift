internal import Backends
internal import Geometry

/// A recurrence over whole sequences. Its inputs are the projected inputs, the recurrent kernel,
/// and those there are of the candidate's bias, the state, the cell, the mask.
final class RecurrenceOperation: KernelOperation, @unchecked Sendable {
  private let recurrence: Recurrence
  private static let code = Operation.newCode()

  private init(_ recurrence: Recurrence, _ name: String) {
    self.recurrence = recurrence
    super.init(name, code: Self.code)
  }

  /// The states after each step, and an LSTM's cells.
  static func recorded(
    _ recurrence: Recurrence, _ name: String, _ operands: [Tensor]
  ) throws(TensorError) -> [Tensor] {
    let node = try node(recurrence, name, operands)
    return try parts(recurrence.parts, of: node)
  }

  private static func node(
    _ recurrence: Recurrence, _ name: String, _ operands: [Tensor]
  ) throws(TensorError) -> Node {
    let shape = try recurrence.shape.validated(in: name)
    let node = Node(
      RecurrenceOperation(recurrence, name), shape, recurrence.type, operands[0].node.place,
      inputs: ContiguousArray(operands.map(\.node)))
    return try Tensor(recording: node).node
  }

  fileprivate static func parts(
    _ parts: [(shape: Shape, start: Int)], of node: Node
  ) throws(TensorError) -> [Tensor] {
    var tensors: [Tensor] = []
    for (number, part) in parts.enumerated() {
      tensors.append(
        try PartOperation.part(number, of: Tensor(node), part.shape, start: part.start))
    }
    return tensors
  }

  override func describe(into key: inout Key) { recurrence.describe(into: &key) }

  override func multiplications(of inputs: [Shape], result: Shape) -> Int {
    recurrence.sequence.count * recurrence.kind.gates * recurrence.units
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in builder.inputs[value] { reads.append(try builder.contiguous(input)) }
    builder.add(try builder.backend.recurrence(recurrence), reads: reads, writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let operands = (0..<context.inputCount).map { context.input($0) }
    let places = RecurrenceInputs(recurrence)
    var kept = recurrence
    kept.keepsGates = kept.kind != .simple
    let hasGates = kept == recurrence
    let saved = hasGates ? context.output : Tensor(try Self.node(kept, name, operands))
    let states = try Self.parts([kept.parts[0]], of: saved.node)[0]
    let zeros = Tensor.constant(0, kept.sequence, kept.type, states.node.place)
    let gradients = try RecurrenceGradientOperation.recorded(
      kept, name, operands, saved, context.upstream(ofResult: 0) ?? zeros,
      context.upstream(ofResult: 1))
    let slopes = gradients[0]
    let products = kept.kind == .gru ? gradients[1] : nil
    try context.give(0, slopes)
    if context.isWanted(1) {
      let start = places.state.map { operands[$0] }
      let earlier = try previous(states, start).rows()
      try context.give(1, kernelGradient(earlier, slopes.rows(), products?.rows()))
    }
    if let bias = places.bias, let products, context.isWanted(bias) {
      try context.give(bias, products.sum(axes: [0, 1]))
    }
    let starts = gradients.dropFirst(products == nil ? 1 : 2)
    for (place, gradient) in zip([places.state, places.cell].compactMap { $0 }, starts) {
      try context.give(place, gradient)
    }
  }

  /// The state that each step found.
  private func previous(_ states: Tensor, _ start: Tensor?) throws(TensorError) -> Tensor {
    let steps = recurrence.steps
    let isReversed = recurrence.isReversed
    let kept = try states.slice(axis: 1, isReversed ? 1..<steps : 0..<(steps - 1))
    guard let start else {
      return try kept.padded([(0, 0), isReversed ? (0, 1) : (1, 0), (0, 0)])
    }
    let first = try start.expanded(at: 1)
    return try concatenate(isReversed ? [kept, first] : [first, kept], axis: 1)
  }

  /// The gradient of the recurrent kernel from all steps at once, one a row.
  private func kernelGradient(
    _ states: Tensor, _ slopes: Tensor, _ products: Tensor?
  ) throws(TensorError) -> Tensor {
    guard let products else { return try matmul(states, slopes, transposeLeft: true) }
    let gates = try slopes.slice(axis: 1, 0..<(2 * recurrence.units))
    return try concatenate(
      [
        matmul(states, gates, transposeLeft: true), matmul(states, products, transposeLeft: true),
      ], axis: 1)
  }
}

/// Which inputs of a recurrence the optional ones are.
private struct RecurrenceInputs {
  let bias: Int?, state: Int?, cell: Int?, mask: Int?
  let count: Int

  init(_ recurrence: Recurrence) {
    var next = 2
    func take(_ isThere: Bool) -> Int? {
      guard isThere else { return nil }
      next += 1
      return next - 1
    }
    bias = take(recurrence.hasBias)
    state = take(recurrence.hasState)
    cell = take(recurrence.hasState && recurrence.kind == .lstm)
    mask = take(recurrence.hasMask)
    count = next
  }
}

/// The gradients of a recurrence but for that of its kernel. Its inputs are those of the
/// recurrence, then what the recurrence made, the gradient of the states, and perhaps that of the
/// cells.
private final class RecurrenceGradientOperation: KernelOperation, @unchecked Sendable {
  private let recurrence: Recurrence
  private let hasCells: Bool
  private static let code = Operation.newCode()

  private init(_ recurrence: Recurrence, hasCells: Bool, _ name: String) {
    self.recurrence = recurrence
    self.hasCells = hasCells
    super.init("gradient of \(name)", code: Self.code)
  }

  /// The gradients, as `Recurrence.gradientParts` lists them.
  static func recorded(
    _ recurrence: Recurrence, _ name: String, _ operands: [Tensor], _ made: Tensor,
    _ states: Tensor, _ cells: Tensor?
  ) throws(TensorError) -> [Tensor] {
    let operation = RecurrenceGradientOperation(recurrence, hasCells: cells != nil, name)
    let inputs = operands + [made, states] + (cells.map { [$0] } ?? [])
    let shape = try recurrence.gradientShape.validated(in: name)
    let node = Node(
      operation, shape, recurrence.type, made.node.place,
      inputs: ContiguousArray(inputs.map(\.node)))
    return try RecurrenceOperation.parts(
      recurrence.gradientParts, of: Tensor(recording: node).node)
  }

  override func describe(into key: inout Key) {
    recurrence.describe(into: &key)
    key.append(hasCells ? 1 : 0)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let places = RecurrenceInputs(recurrence)
    var inputs = [1] + [places.state, places.cell, places.mask].compactMap { $0 }
    inputs += places.count..<builder.inputs[value].count
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(builder.inputs[value][input])) }
    let kernel = try builder.backend.recurrenceGradient(recurrence, hasCells: hasCells)
    builder.add(kernel, reads: reads, writes: [value])
  }

  /// The recurrence is recorded step by step, and the gradient of that, which this operation
  /// computes, differentiated. What the recurrence made follows from its inputs.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    let places = RecurrenceInputs(recurrence)
    // Stand-ins, so that what the inputs themselves depend on stays out of it.
    var inputs: [Tensor] = []
    for number in 0..<context.inputCount {
      inputs.append(try stopGradient(context.input(number)).lifted)
    }
    func optional(_ place: Int?) -> Tensor? { place.map { inputs[$0] } }
    let network = UnrolledRecurrence(
      kind: recurrence.kind, activation: recurrence.activation,
      recurrentActivation: recurrence.recurrentActivation, isReversed: recurrence.isReversed,
      resetsAfter: true, recurrentKernel: inputs[1], candidateBias: optional(places.bias))
    let steps = try network.run(
      inputs[0], optional(places.state), optional(places.cell), optional(places.mask))
    let given = try lines(of: inputs[places.count + 1])
    let givenCells = hasCells ? try lines(of: inputs[places.count + 2]) : []
    let products = recurrence.kind == .gru ? steps.products.compactMap { $0 } : []
    let starts = [optional(places.state), optional(places.cell)].compactMap { $0 }
    let first = try gradients(
      of: steps.states + (hasCells ? steps.cells : []), upstream: given + givenCells,
      for: [inputs[0]] + starts + products)
    let parts = recurrence.gradientParts.count - (recurrence.kind == .gru ? 1 : 0)
    var values: [Tensor] = []
    var upstreams: [Tensor] = []
    // The gradient of a GRU's products is the second result.
    for number in 0..<parts {
      let result = number > 0 && recurrence.kind == .gru ? number + 1 : number
      guard let upstream = context.upstream(ofResult: result) else { continue }
      values.append(first[number])
      upstreams.append(upstream)
    }
    if recurrence.kind == .gru, let upstream = context.upstream(ofResult: 1) {
      var rest = first.dropFirst(parts)
      for (product, line) in zip(steps.products, try lines(of: upstream)) where product != nil {
        values.append(rest.removeFirst())
        upstreams.append(line)
      }
    }
    let wanted = (0..<context.inputCount).filter {
      $0 != places.count && context.isWanted($0)
    }
    let second = try gradients(of: values, upstream: upstreams, for: wanted.map { inputs[$0] })
    for (number, gradient) in zip(wanted, second) { try context.give(number, gradient) }
  }

  /// Each step of a sequence.
  private func lines(of sequence: Tensor) throws(TensorError) -> [Tensor] {
    var lines: [Tensor] = []
    for t in 0..<recurrence.steps {
      lines.append(
        try sequence.slice(axis: 1, t..<(t + 1)).reshaped(
          to: [recurrence.batch, recurrence.units]))
    }
    return lines
  }
}

extension Tensor {
  /// `[batch, time, features]` as rows of features.
  fileprivate func rows() throws(TensorError) -> Tensor {
    try reshaped(to: [shape[0] * shape[1], shape.last])
  }
}

extension Recurrence {
  fileprivate func describe(into key: inout Key) {
    for number in [batch, steps, units] { key.append(number) }
    let kinds = UInt64(kind.rawValue) | UInt64(activation.rawValue) << 8
    var flags: UInt64 = 0
    for (bit, flag) in [isReversed, hasState, hasMask, hasBias, keepsGates].enumerated()
    where flag { flags |= 1 << UInt64(24 + bit) }
    key.append(kinds | UInt64(recurrentActivation.rawValue) << 16 | flags)
  }
}
