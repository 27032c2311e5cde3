internal import Backends
public import Geometry

/// The exponentials of the elements along `axis`, divided by their sum.
///
/// The largest element is subtracted first, so that nothing overflows. Where all are -∞ the result
/// is 0, and so is the gradient.
public func softmax(_ x: Tensor, axis: Int = -1) throws(TensorError) -> Tensor {
  try Tensor.softmax(.softmax, x, axis, "softmax")
}

/// The logarithm of `softmax(x, axis)`, accurate also where that is close to 0 or 1.
///
/// Where all elements along the axis are -∞, so is the result.
public func logSoftmax(_ x: Tensor, axis: Int = -1) throws(TensorError) -> Tensor {
  try Tensor.softmax(.logSoftmax, x, axis, "logSoftmax")
}

extension Tensor {
  fileprivate static func softmax(
    _ kind: Softmax.Kind, _ x: Tensor, _ axis: Int, _ name: StaticString
  ) throws(TensorError) -> Tensor {
    guard x.scalarType.isFloatingPoint else { throw unfit(name, [x]) }
    let axis = try x.shape.axis(axis, in: "\(name)")
    let wide = try x.cast(to: x.scalarType.computeType)
    let operation = SoftmaxOperation(kind, axis, "\(name)")
    let node = Node(operation, x.shape, wide.scalarType, x.node.place, wide.node)
    return try Tensor(recording: node).cast(to: x.scalarType)
  }

  /// The softmax of `scale` times attention scores `[batch, heads, queries, keys]` along the keys
  /// that `mask`, which broadcasts to them, and causality leave: bools say which take part, numbers
  /// are added. A query that is left none has zeros.
  func maskedSoftmax(
    scale: Double, mask: Tensor?, isCausal: Bool, in name: String
  ) throws(TensorError) -> Tensor {
    let operation = SoftmaxOperation(
      .softmax, 3, name, scale: scale, isAttention: true, isCausal: isCausal)
    return try Tensor(
      recording: Node(operation, shape, scalarType, node.place, node, mask?.node))
  }

  /// The gradient of a softmax, from what it made and the gradient of that.
  fileprivate func softmaxGradient(
    _ kind: Softmax.Kind, _ axis: Int, _ upstream: Tensor, scale: Double
  ) throws(TensorError) -> Tensor {
    let operation = SoftmaxGradientOperation(kind, axis, scale)
    return try Tensor(
      recording: Node(operation, shape, scalarType, node.place, node, upstream.node))
  }
}

/// A softmax or its logarithm along one axis.
final class SoftmaxOperation: KernelOperation, @unchecked Sendable {
  private let kind: Softmax.Kind
  private let axis: Int
  private let scale: Double
  private let isAttention: Bool
  private let isCausal: Bool
  private static let code = Operation.newCode()

  init(
    _ kind: Softmax.Kind, _ axis: Int, _ name: String, scale: Double = 1,
    isAttention: Bool = false, isCausal: Bool = false
  ) {
    self.kind = kind
    self.axis = axis
    self.scale = scale
    self.isAttention = isAttention
    self.isCausal = isCausal
    super.init(name, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(Int(kind.rawValue) + (isAttention ? 16 : 0) + (isCausal ? 32 : 0))
    key.append(axis)
    key.append(scale.bitPattern)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let inputs = builder.inputs[value]
    var reads = [try builder.contiguous(inputs[0])]
    var mask: Softmax.Mask?
    if isAttention {
      var layout: Layout?
      if inputs.count > 1 {
        let source = try builder.readable(inputs[1])
        layout = source.layout.broadcast(to: node.shape)
        reads.append((source.value, 0))
      }
      mask = Softmax.Mask(
        layout: layout, isBool: inputs.count > 1 && builder.nodes[inputs[1]].scalarType == .bool,
        isCausal: isCausal, heads: node.shape[1], queries: node.shape[2])
    }
    let softmax = Softmax(
      kind, node.scalarType, of: node.shape, axis: axis, scale: scale, mask: mask)
    builder.add(try builder.backend.softmax(softmax), reads: reads, writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let y = context.output
    let kind: Softmax.Kind = kind == .softmax ? .softmaxGradient : .logSoftmaxGradient
    func gradient(scale: Double) throws(TensorError) -> Tensor {
      try y.softmaxGradient(kind, axis, context.upstream, scale: scale)
    }
    if context.isWanted(0) { try context.give(0, gradient(scale: scale)) }
    if context.inputCount > 1, context.isWanted(1) { try context.give(1, gradient(scale: 1)) }
  }
}

/// With y the softmax, `scale · y · (g - Σ g · y)`; with y its logarithm, `g - exp(y) · Σ g`.
final class SoftmaxGradientOperation: KernelOperation, @unchecked Sendable {
  private let kind: Softmax.Kind
  private let axis: Int
  private let scale: Double
  private static let code = Operation.newCode()

  init(_ kind: Softmax.Kind, _ axis: Int, _ scale: Double) {
    self.kind = kind
    self.axis = axis
    self.scale = scale
    super.init("\(kind)", code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(Int(kind.rawValue))
    key.append(axis)
    key.append(scale.bitPattern)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let y = try builder.contiguous(builder.inputs[value][0])
    let g = try builder.contiguous(builder.inputs[value][1])
    let softmax = Softmax(kind, node.scalarType, of: node.shape, axis: axis, scale: scale)
    builder.add(try builder.backend.softmax(softmax), reads: [y, g], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let y = context.input(0)
    let g = context.input(1)
    let v = context.upstream
    func sum(_ x: Tensor) throws(TensorError) -> Tensor {
      try x.sum(axes: [axis], keepingAxes: true)
    }
    switch kind {
    case .softmaxGradient, .softmax:
      if context.isWanted(0) {
        try context.give(0, (v * (g - sum(g * y)) - g * sum(v * y)) * scale)
      }
      if context.isWanted(1) {
        try context.give(1, y.softmaxGradient(.softmaxGradient, axis, v, scale: scale))
      }
    case .logSoftmaxGradient, .logSoftmax:
      let p = try exp(y)
      if context.isWanted(0) { try context.give(0, -(p * sum(g) * v)) }
      if context.isWanted(1) { try context.give(1, v - sum(v * p)) }
    }
  }
}

extension PlanBuilder {
  /// Where the elements of a node lie, in memory: a constant gets some.
  mutating func readable(_ node: Int) throws(TensorError) -> Source {
    let found = source(of: node)
    guard isConstant(found.value) else { return found }
    let copy = try contiguous(node)
    return Source(value: copy.value, layout: Layout(contiguous: nodes[node].shape))
  }
}
