internal import Backends
public import Geometry

extension Tensor {
  /// The sum over `axes`, all of them for nil. An empty sum is 0.
  public func sum(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reduced(.sum, axes, keepingAxes, "sum")
  }

  /// The product over `axes`, all of them for nil. An empty product is 1.
  public func product(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reduced(.product, axes, keepingAxes, "product")
  }

  /// The largest element over `axes`; NaN if there is one. Equal ones share the gradient.
  public func max(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reduced(.maximum, axes, keepingAxes, "max")
  }

  /// The smallest element over `axes`; NaN if there is one. Equal ones share the gradient.
  public func min(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reduced(.minimum, axes, keepingAxes, "min")
  }

  /// Whether any of the bools over `axes` is true. Of none, none is.
  public func any(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reducedBools(.maximum, axes, keepingAxes, "any")
  }

  /// Whether all of the bools over `axes` are true. Of none, all are.
  public func all(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try reducedBools(.minimum, axes, keepingAxes, "all")
  }

  /// The index of the largest element along `axis`, or in the flattened tensor for nil; an int32.
  /// Of equal ones the first; the first NaN before all.
  public func argmax(axis: Int? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try argument(.argMaximum, axis, keepingAxes, "argmax")
  }

  /// The index of the smallest element along `axis`, or in the flattened tensor for nil; an int32.
  /// Of equal ones the first; the first NaN before all.
  public func argmin(axis: Int? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    try argument(.argMinimum, axis, keepingAxes, "argmin")
  }

  private func reduced(
    _ kind: Reduction.Kind, _ axes: [Int]?, _ keepingAxes: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    try reduced(kind, over: shape.axes(axes, in: name), keepingAxes, name)
  }

  /// - Parameter axes: in order, each counted from the front.
  private func reduced(
    _ kind: Reduction.Kind, over axes: [Int], _ keepingAxes: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    let isOrdered = kind == .maximum || kind == .minimum
    if scalarType == .bool, !isOrdered || name == "max" || name == "min" {
      throw TensorError(
        .dtype, name, "not defined for bool", operands: [info],
        hint: "cast first, or any() and all()")
    }
    if isOrdered, axes.contains(where: { shape[$0] == 0 }) {
      throw TensorError(.shape, name, "no element to choose from", operands: [info])
    }
    let result = shape.reduced(over: axes, keepingAxes: keepingAxes)
    if axes.allSatisfy({ shape[$0] == 1 }) { return try reshaped(to: result) }
    let operation = ReductionOperation(kind, axes, name)
    return try Tensor(recording: Node(operation, result, scalarType, node.place, node))
  }

  private func reducedBools(
    _ kind: Reduction.Kind, _ axes: [Int]?, _ keepingAxes: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    guard scalarType == .bool else {
      throw TensorError(
        .dtype, name, "takes bools", operands: [info], hint: "compare first: notEqual(x, Tensor(0))"
      )
    }
    let found = try shape.axes(axes, in: name)
    if found.contains(where: { shape[$0] == 0 }) {
      let result = shape.reduced(over: found, keepingAxes: keepingAxes)
      return .constant(kind == .minimum ? 1 : 0, result, .bool, node.place)
    }
    return try reduced(kind, axes, keepingAxes, name)
  }

  private func argument(
    _ kind: Reduction.Kind, _ axis: Int?, _ keepingAxes: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    guard scalarType != .bool else { throw Tensor.unfit(name, [self]) }
    let axes = try shape.axes(axis.map { [$0] }, in: name)
    if axes.contains(where: { shape[$0] == 0 }) {
      throw TensorError(.shape, name, "no element to choose from", operands: [info])
    }
    let result = shape.reduced(over: axes, keepingAxes: keepingAxes)
    let operation = ReductionOperation(kind, axes, name)
    return try Tensor(recording: Node(operation, result, .int32, node.place, node))
  }

  /// The sum over what broadcasting to this shape repeated.
  func summed(to target: Shape) throws(TensorError) -> Tensor {
    if shape == target { return self }
    if shape.count == target.count { return try reshaped(to: target) }
    let lead = rank - target.rank
    var axes: [Int] = []
    axes.reserveCapacity(rank)
    for axis in 0..<rank where axis < lead || (target[axis - lead] == 1 && shape[axis] != 1) {
      axes.append(axis)
    }
    if node.isConstant, scalarType.isFloatingPoint {
      let count = axes.reduce(1) { $0 * shape[$1] }
      return .constant(
        Double(bitPattern: node.word) * Double(count), target, scalarType, node.place)
    }
    return try reduced(.sum, over: axes, false, "sum").reshaped(to: target)
  }
}

/// A reduction over axes. Runs of neighbouring axes are reduced one after the other, from the back;
/// what leads to the reduction elementwise is computed on the way.
final class ReductionOperation: KernelOperation, @unchecked Sendable {
  let kind: Reduction.Kind
  let axes: [Int]
  private static let code = Operation.newCode()

  init(_ kind: Reduction.Kind, _ axes: [Int], _ name: String) {
    self.kind = kind
    self.axes = axes
    super.init(name, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(axes)
    key.append(UInt64(kind.rawValue))
  }

  override var isDifferentiable: Bool { !kind.findsPlace }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let input = builder.inputs[value][0]
    var shape = builder.nodes[input].shape
    let type = builder.nodes[input].scalarType
    var runs = runs(of: shape)
    var fused = builder.prologue(of: input, for: value)
    let together =
      runs.count == 1 ? try siblings(of: value, in: &builder) : [(kind: kind, value: value)]
    while let run = runs.popLast() {
      let reduction = Reduction(together.map(\.kind), type, of: shape, axes: run)
      let isLast = runs.isEmpty
      let target =
        isLast
        ? value : builder.temporary(byteCount: reduction.resultCount * type.byteCount)
      let kernel = try builder.backend.reduction(reduction, of: fused.program, over: fused.domain)
      builder.add(
        kernel, reads: fused.reads.map { ($0, 0) },
        writes: isLast ? together.map(\.value) : [target], words: fused.words, note: fused.note)
      if isLast { return }
      shape = shape.reduced(over: Array(run), keepingAxes: false)
      fused = FusedProgram(
        program: .identity(type), domain: Domain(count: shape.count, inputs: 1), reads: [target],
        words: [], note: "")
    }
  }

  /// This reduction and others of the same tensor over the same axes, which one pass gives too.
  private func siblings(
    of value: Int, in builder: inout PlanBuilder
  ) throws(TensorError) -> [(kind: Reduction.Kind, value: Int)] {
    var found = [(kind: kind, value: value)]
    if kind.findsPlace { return found }
    let links = builder.inputs
    while found.count < Reduction.mostKinds,
      let sibling = try builder.takeCompanion(
        of: value,
        matching: { node, operation in
          guard let other = operation as? ReductionOperation, links[node] == links[value],
            other.axes == axes, !other.kind.findsPlace
          else { return nil }
          return []
        }),
      let operation = builder.nodes[sibling].operation as? ReductionOperation
    {
      found.append((operation.kind, sibling))
    }
    // The same kinds are the same kernel, whatever was asked for first.
    return found.sorted { ($0.kind.rawValue, $0.value) < ($1.kind.rawValue, $1.value) }
  }

  /// Neighbouring axes together; an axis of one element belongs to either neighbour.
  private func runs(of shape: Shape) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for axis in axes {
      if let last = runs.last, (last.upperBound..<axis).allSatisfy({ shape[$0] == 1 }) {
        runs[runs.count - 1] = last.lowerBound..<(axis + 1)
      } else {
        runs.append(axis..<(axis + 1))
      }
    }
    return runs
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let x = context.input(0)
    let kept = x.shape.reduced(over: axes, keepingAxes: true)
    let g = try context.upstream.reshaped(to: kept)
    switch kind {
    case .sum: try context.give(0, g.broadcast(to: x.shape))
    case .maximum, .minimum:
      let y = try context.output.reshaped(to: kept)
      let mask = try equal(x, y).cast(to: x.scalarType)
      try context.give(0, mask * (g / mask.sum(axes: axes, keepingAxes: true)))
    case .product: try context.give(0, g * productOfOthers(x))
    case .argMaximum, .argMinimum: break
    }
  }

  /// For each element the product of all others along the axes, right also where some are 0.
  private func productOfOthers(_ x: Tensor) throws(TensorError) -> Tensor {
    let others = (0..<x.rank).filter { !axes.contains($0) }
    let order = others + axes
    let moved = try x.permuted(order)
    let lead = Shape(others.map { x.shape[$0] })
    let flat = try moved.reshaped(to: Shape(Array(lead) + [axes.reduce(1) { $0 * x.shape[$1] }]))
    let before = try flat.cumprod(axis: -1, exclusive: true)
    let after = try flat.cumprod(axis: -1, exclusive: true, reverse: true)
    let product = try (before * after).reshaped(to: moved.shape)
    return try product.permuted(order.indices.map { axis in order.firstIndex(of: axis) ?? axis })
  }
}
