internal import Backends
internal import Geometry

/// What cross-entropy operations have in common, besides their operands.
struct CrossEntropySettings: Hashable, Sendable {
  let name: String
  /// Both are literals: one put together at each step would be a string on the heap.
  let gradientName: String
  let takesLogits: Bool
  let smoothing: Double
  let ignoredLabel: Int?
  /// The scores as a user passed them, for messages.
  var shape: Shape = []
  var type = ScalarType.float32

  func describe(into key: inout Key) {
    key.append(takesLogits ? 1 : 0)
    key.append(smoothing.bitPattern)
    key.append(ignoredLabel == nil ? 0 : 1)
    key.append(ignoredLabel ?? 0)
    // Messages tell of it, and a plan keeps its messages.
    key.append(shape.rank)
    key.append(shape)
    key.append(UInt64(type.rawValue))
  }

  fileprivate func range(of labels: Node, classes: Int) -> IndexRange {
    let positions = shape.reduced(over: [shape.rank - 1], keepingAxes: false)
    let place = labels.place.name
    return IndexRange(
      name, 0, through: classes - 1, noun: "label",
      operands: [
        TensorInfo(shape: shape, scalarType: type, device: place),
        TensorInfo(shape: positions, scalarType: labels.scalarType, device: place),
      ])
  }

  /// - Parameter inputs: logits, labels or targets, and class weights if there are some.
  fileprivate func geometry(_ inputs: [Node]) -> CrossEntropy {
    let shape = inputs[0].shape
    let isDense = inputs[1].scalarType.isFloatingPoint
    return CrossEntropy(
      inputs[0].scalarType, rows: shape[0], classes: shape[1],
      labelType: isDense ? nil : inputs[1].scalarType, takesLogits: takesLogits,
      smoothing: smoothing, ignoredLabel: ignoredLabel, hasClassWeights: inputs.count > 2,
      range: range(of: inputs[1], classes: shape[1]))
  }
}

/// The loss of each row of `[rows, classes]`.
final class CrossEntropyOperation: KernelOperation, @unchecked Sendable {
  private let settings: CrossEntropySettings
  private static let code = Operation.newCode()

  init(_ settings: CrossEntropySettings) {
    self.settings = settings
    super.init(settings.name, code: Self.code)
  }

  override func describe(into key: inout Key) { settings.describe(into: &key) }

  /// Where the plan has the gradient too, one kernel computes both.
  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let inputs = builder.inputs[value]
    let geometry = settings.geometry(inputs.map { builder.nodes[$0] })
    if geometry.rows == 0 { return }
    let links = builder.inputs
    let companion = try builder.takeCompanion(of: value) { node, operation in
      guard let gradient = operation as? CrossEntropyGradientOperation,
        gradient.settings == settings, Array(links[node].dropLast()) == inputs
      else { return nil }
      return Array(links[node].suffix(1))
    }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    guard let companion else {
      builder.add(
        try builder.backend.crossEntropy(geometry, .losses), reads: reads, writes: [value])
      return
    }
    let upstream = try builder.rowNumbers(builder.inputs[companion][inputs.count])
    builder.add(
      try builder.backend.crossEntropy(geometry, .both(upstreamOfRows: upstream.isOfRows)),
      reads: reads + [upstream.read], writes: [value, companion])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let (x, labels) = (context.input(0), context.input(1))
    let classWeights = context.inputCount > 2 ? context.input(2) : nil
    if context.isWanted(0) {
      let operation = CrossEntropyGradientOperation(settings)
      let (place, upstream) = (x.node.place, context.upstream.node)
      let node: Node
      if let classWeights {
        node = Node(
          operation, x.shape, x.scalarType, place,
          inputs: [x.node, labels.node, classWeights.node, upstream])
      } else {
        node = Node(operation, x.shape, x.scalarType, place, x.node, labels.node, upstream)
      }
      try context.give(0, Tensor(recording: node))
    }
    if context.isWanted(1) {
      // The loss is linear in the targets.
      let logarithms = try settings.takesLogits ? logSoftmax(x) : x
      var g = try logarithms * context.upstream.expanded(at: 1) * (settings.smoothing - 1)
      if let classWeights { g = try g * classWeights }
      try context.give(1, g)
    }
  }
}

/// With p the softmax and q what is expected of a row, `upstream · (p · Σ q - q)`; of logarithms of
/// probabilities `-upstream · q`.
final class CrossEntropyGradientOperation: KernelOperation, @unchecked Sendable {
  let settings: CrossEntropySettings
  private static let code = Operation.newCode()

  init(_ settings: CrossEntropySettings) {
    self.settings = settings
    super.init(settings.gradientName, code: Self.code)
  }

  override func describe(into key: inout Key) { settings.describe(into: &key) }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let inputs = builder.inputs[value].dropLast()
    let geometry = settings.geometry(inputs.map { builder.nodes[$0] })
    if geometry.rows == 0 { return }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    let upstream = try builder.rowNumbers(builder.inputs[value][inputs.count])
    builder.add(
      try builder.backend.crossEntropy(geometry, .gradient(upstreamOfRows: upstream.isOfRows)),
      reads: reads + [upstream.read], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let last = context.inputCount - 1
    let x = context.input(0)
    let upstream = try context.input(last).expanded(at: 1)
    let weights = last > 2 ? context.input(2) : nil
    let v = context.upstream
    let q = try expected(x, context.input(1), weights)
    let p = settings.takesLogits ? try softmax(x) : nil
    func sum(_ x: Tensor) throws(TensorError) -> Tensor { try x.sum(axes: [1], keepingAxes: true) }
    if context.isWanted(0), let p {
      try context.give(0, upstream * sum(q) * p * (v - sum(v * p)))
    }
    if context.isWanted(1) {
      var share = try -v
      if let p { share = try sum(v * p) - v }
      share = try share * upstream * (1 - settings.smoothing)
      if let weights { share = try share * weights }
      try context.give(1, share)
    }
    if context.isWanted(last) {
      var unit = try -q
      if let p { unit = try p * sum(q) - q }
      try context.give(last, (v * unit).sum(axes: [1]))
    }
  }

  /// What is expected of each class of each row.
  private func expected(
    _ x: Tensor, _ targets: Tensor, _ weights: Tensor?
  ) throws(TensorError) -> Tensor {
    var q = targets
    if !targets.scalarType.isFloatingPoint {
      let labels = try targets.cast(to: .int32).expanded(at: 1)
      let classes = try Tensor.arange(
        0, Double(x.shape[1]), as: .int32, on: x.device)
      q = try equal(labels, classes).cast(to: x.scalarType)
    }
    q = try q * (1 - settings.smoothing) + settings.smoothing / Double(max(x.shape[1], 1))
    if let weights { q = try q * weights }
    if let ignored = settings.ignoredLabel {
      let labels = try targets.cast(to: .int32).expanded(at: 1)
      q = try q * notEqual(labels, labels.scalar(Double(ignored))).cast(to: x.scalarType)
    }
    return q
  }
}

/// The weight of each row's label, 0 where it is ignored. Weights are constants: no gradient flows.
final class LabelWeightsOperation: KernelOperation, @unchecked Sendable {
  private let settings: CrossEntropySettings
  private let classes: Int
  private let type: ScalarType
  private static let code = Operation.newCode()

  init(_ settings: CrossEntropySettings, classes: Int, _ type: ScalarType) {
    self.settings = settings
    self.classes = classes
    self.type = type
    super.init("weights of labels", code: Self.code)
  }

  override func describe(into key: inout Key) {
    settings.describe(into: &key)
    key.append(classes)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let inputs = builder.inputs[value]
    let labels = builder.nodes[inputs[0]]
    if labels.shape.count == 0 { return }
    let geometry = CrossEntropy(
      type, rows: labels.shape[0], classes: classes, labelType: labels.scalarType,
      takesLogits: settings.takesLogits, smoothing: 0, ignoredLabel: settings.ignoredLabel,
      hasClassWeights: inputs.count > 1,
      range: settings.range(of: labels, classes: classes))
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    builder.add(try builder.backend.labelWeights(geometry), reads: reads, writes: [value])
  }
}
