internal import Backends
public import Geometry

/// The loss of connectionist temporal classification (Graves et al. 2006): the negative logarithm
/// of the probability that `logits` `[batch, time, classes]` spell `targets` `[batch, labels]`,
/// with blanks anywhere and repeats merged.
///
/// A label that follows its equal needs a blank between. Where a sequence has not the steps that
/// its labels need, its loss is ∞ and its gradient 0. Probabilities are added up as logarithms, in
/// double precision where the device has it. The gradient has no gradient.
///
/// - Parameters:
///   - logits: floating-point, `[batch, time, classes]`.
///   - targets: integers; those past a sequence's target length are not looked at.
///   - inputLengths: how many steps of each sequence there are, `[batch]`.
///   - targetLengths: how many labels of each sequence there are, `[batch]`.
///   - blank: the class that stands for no label.
///   - reduction: the mean is over the batch; losses are not divided by their target's length.
/// - Throws: `TensorError`, of kind `index` when it is evaluated if a label or length is out of
///   range.
public func ctcLoss(
  _ logits: Tensor, _ targets: Tensor, inputLengths: Tensor, targetLengths: Tensor, blank: Int = 0,
  reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  let operands = [logits, targets, inputLengths, targetLengths]
  func fail(_ kind: TensorError.Kind, _ detail: String) -> TensorError {
    TensorError(kind, "ctcLoss", detail, operands: operands.map(\.info))
  }
  guard logits.scalarType.isFloatingPoint else {
    throw fail(.dtype, "not defined for \(logits.scalarType)")
  }
  for operand in operands.dropFirst() {
    guard !operand.scalarType.isFloatingPoint, operand.scalarType != .bool else {
      throw fail(.dtype, "labels and lengths are integers")
    }
  }
  for operand in operands where operand.node.place !== logits.node.place {
    throw fail(.device, "operands are on different devices")
  }
  guard logits.rank == 3, targets.rank == 2, logits.shape[0] == targets.shape[0] else {
    throw fail(.shape, "takes logits [batch, time, classes] and targets [batch, labels]")
  }
  let batch = logits.shape[0]
  guard inputLengths.shape == [batch], targetLengths.shape == [batch] else {
    throw fail(.shape, "lengths are not of shape [\(batch)]")
  }
  guard blank >= 0, blank < logits.shape[2] else {
    throw fail(.argument, "the blank \(blank) is none of \(logits.shape[2]) classes")
  }
  let wide = try logits.cast(to: logits.scalarType.computeType)
  let logarithms = try logSoftmax(wide)
  var nodes: ContiguousArray<Node> = [logarithms.node]
  for operand in operands.dropFirst() { nodes.append(operand.node) }
  let losses = try Tensor(
    recording: Node(
      CTCOperation(blank: blank), [batch], wide.scalarType, logits.node.place, inputs: nodes))
  let result =
    switch reduction {
    case .none: losses
    case .sum: try losses.sum()
    case .mean: try losses.sum() * (1 / Double(max(batch, 1)))
    }
  return try result.cast(to: logits.scalarType)
}

/// The loss of each sequence, from logarithms of probabilities.
final class CTCOperation: KernelOperation, @unchecked Sendable {
  private let blank: Int
  private static let code = Operation.newCode()

  init(blank: Int) {
    self.blank = blank
    super.init("ctcLoss", code: Self.code)
  }

  override func describe(into key: inout Key) { key.append(blank) }

  /// Where the plan has the gradient too, one kernel computes both.
  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let inputs = builder.inputs[value]
    let ctc = CTC(inputs.map { builder.nodes[$0] }, blank: blank)
    if ctc.batch == 0 { return }
    let links = builder.inputs
    let companion = try builder.takeCompanion(of: value) { node, operation in
      guard let gradient = operation as? CTCGradientOperation, gradient.blank == blank,
        Array(links[node].dropLast()) == inputs
      else { return nil }
      return Array(links[node].suffix(1))
    }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    guard let companion else {
      builder.add(try builder.backend.ctc(ctc, .losses), reads: reads, writes: [value])
      return
    }
    let upstream = try builder.rowNumbers(builder.inputs[companion][inputs.count])
    builder.add(
      try builder.backend.ctc(ctc, .both(upstreamOfRows: upstream.isOfRows)),
      reads: reads + [upstream.read], writes: [value, companion])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    guard context.isWanted(0) else { return }
    let x = context.input(0)
    var nodes: ContiguousArray<Node> = []
    for number in 0..<context.inputCount { nodes.append(context.input(number).node) }
    nodes.append(context.upstream.node)
    try context.give(
      0,
      Tensor(
        recording: Node(
          CTCGradientOperation(blank: blank), x.shape, x.scalarType, x.node.place, inputs: nodes)))
  }
}

/// What each class is expected to have been at each step, times minus the upstream number.
final class CTCGradientOperation: KernelOperation, @unchecked Sendable {
  let blank: Int
  private static let code = Operation.newCode()

  init(blank: Int) {
    self.blank = blank
    super.init("gradient of ctcLoss", code: Self.code)
  }

  override func describe(into key: inout Key) { key.append(blank) }
  override var isDifferentiable: Bool { false }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let inputs = builder.inputs[value].dropLast()
    let ctc = CTC(inputs.map { builder.nodes[$0] }, blank: blank)
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    let upstream = try builder.rowNumbers(builder.inputs[value][inputs.count])
    builder.add(
      try builder.backend.ctc(ctc, .gradient(upstreamOfRows: upstream.isOfRows)),
      reads: reads + [upstream.read], writes: [value])
  }
}

extension CTC {
  /// - Parameter inputs: logarithms of probabilities, labels, and the lengths of both.
  fileprivate init(_ inputs: [Node], blank: Int) {
    let shape = inputs[0].shape
    self.init(
      inputs[0].scalarType, batch: shape[0], time: shape[1], classes: shape[2],
      targets: inputs[1].shape[1], blank: blank, labelType: inputs[1].scalarType,
      inputLengthType: inputs[2].scalarType, targetLengthType: inputs[3].scalarType,
      operation: "ctcLoss", operands: inputs.map { Tensor($0).info })
  }
}
