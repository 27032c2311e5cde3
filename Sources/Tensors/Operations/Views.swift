internal import Backends
public import Geometry

extension Tensor {
  /// The same elements in the same order under another shape. One extent may be -1: what is left.
  public func reshaped(to target: Shape) throws(TensorError) -> Tensor {
    var target = target
    if target == shape { return self }
    if target.rank <= Shape.maximumRank,
      let open = target.indices.first(where: { target[$0] == -1 })
    {
      let rest = target.enumerated().reduce(1) { $1.offset == open ? $0 : $0 &* $1.element }
      guard rest > 0, count % rest == 0, target.filter({ $0 < 0 }).count == 1 else {
        throw TensorError(
          .shape, "reshaped", "\(count) elements do not fill \(target)", operands: [info])
      }
      target[open] = count / rest
    }
    target = try validated(target, "reshaped")
    guard target.count == count else {
      throw TensorError(
        .shape, "reshaped", "\(count) elements do not fill \(target)", operands: [info])
    }
    return try viewed(ReshapeOperation.shared, target)
  }

  /// `target`, if a tensor can have it, else an error that names this tensor.
  func validated(_ target: Shape, _ name: String) throws(TensorError) -> Shape {
    do throws(TensorError) {
      return try target.validated(in: name)
    } catch {
      throw TensorError(error.kind, name, error.detail, operands: [info])
    }
  }

  /// The axes from `first` on as one.
  public func flattened(from first: Int = 0) throws(TensorError) -> Tensor {
    if rank == 0 { return try reshaped(to: [1]) }
    let first = try shape.axis(first, in: "flattened")
    return try reshaped(to: shape.flattened(from: first))
  }

  /// All axes in reverse order.
  public func transposed() throws(TensorError) -> Tensor {
    try permuted(Array((0..<rank).reversed()))
  }

  /// Axis `k` of the result is axis `axes[k]` of this tensor.
  public func permuted(_ axes: [Int]) throws(TensorError) -> Tensor {
    guard axes.count == rank else {
      throw TensorError(
        .argument, "permuted", "\(axes) does not name each of \(rank) axes once", operands: [info])
    }
    _ = try shape.axes(axes, in: "permuted")
    let axes = axes.map { $0 < 0 ? $0 + rank : $0 }
    if axes == Array(0..<rank) { return self }
    return try viewed(PermuteOperation(axes), Shape(axes.map { shape[$0] }))
  }

  /// The last two axes exchanged: what a transposed operand of a product is.
  func swappingLastAxes() throws(TensorError) -> Tensor {
    guard rank >= 2 else { return self }
    var target = shape
    target[rank - 2] = shape[rank - 1]
    target[rank - 1] = shape[rank - 2]
    return try viewed(PermuteOperation.swappingLastAxes[rank], target)
  }

  /// This tensor repeated to `target` by NumPy's rule, without a copy.
  public func broadcast(to target: Shape) throws(TensorError) -> Tensor {
    if target == shape { return self }
    let target = try validated(target, "broadcast")
    guard shape.broadcast(with: target) == target else {
      throw TensorError(.shape, "broadcast", "does not broadcast to \(target)", operands: [info])
    }
    return try viewed(BroadcastOperation.shared, target)
  }

  /// Without `axes`, which have one element each; without all such axes for nil.
  public func squeezed(axes: [Int]? = nil) throws(TensorError) -> Tensor {
    let axes =
      try axes.map { (axes) throws(TensorError) in try shape.axes(axes, in: "squeezed") }
      ?? (0..<rank).filter { shape[$0] == 1 }
    for axis in axes where shape[axis] != 1 {
      throw TensorError(
        .shape, "squeezed", "axis \(axis) has \(shape[axis]) elements, not 1", operands: [info])
    }
    return try reshaped(to: shape.reduced(over: axes, keepingAxes: false))
  }

  /// With one more axis of one element, which is axis `axis` of the result.
  public func expanded(at axis: Int) throws(TensorError) -> Tensor {
    guard axis >= -rank - 1, axis <= rank, rank < Shape.maximumRank else {
      throw TensorError(
        .argument, "expanded", "no axis can be added at \(axis)", operands: [info])
    }
    return try reshaped(to: shape.inserting(1, at: axis < 0 ? axis + rank + 1 : axis))
  }

  /// The elements in reverse order along each of `axes`.
  public func flipped(axes: [Int]) throws(TensorError) -> Tensor {
    let axes = try shape.axes(axes, in: "flipped")
    if count == 0 { return self }
    var start = [Int](repeating: 0, count: rank)
    var step = [Int](repeating: 1, count: rank)
    for axis in axes {
      start[axis] = shape[axis] - 1
      step[axis] = -1
    }
    return try viewed(SliceOperation(start, step, "flipped"), shape)
  }

  /// A node that reads this one in another way. A constant stays one.
  func viewed(_ operation: ViewOperation, _ target: Shape) throws(TensorError) -> Tensor {
    if node.isConstant {
      return Tensor(
        Node(ConstantOperation.shared, target, scalarType, node.place, word: node.word))
    }
    return try Tensor(recording: Node(operation, target, scalarType, node.place, node))
  }
}

extension Tensor {
  /// The same tensor, but as something that gradients can be taken for: operations on constants are
  /// simplified away, and with them the way back.
  var lifted: Tensor {
    guard node.isConstant else { return self }
    return Tensor(Node(LiftedOperation.shared, shape, scalarType, node.place, node))
  }
}

/// A constant that stands for a variable.
final class LiftedOperation: ViewOperation, @unchecked Sendable {
  static let shared = LiftedOperation("lifted", code: Operation.newCode())

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, context.upstream)
  }
}

/// Passes its input through; gradients stop here.
public func stopGradient(_ x: Tensor) throws(TensorError) -> Tensor {
  try x.viewed(StopGradientOperation.shared, x.shape)
}

final class ReshapeOperation: ViewOperation, @unchecked Sendable {
  static let shared = ReshapeOperation("reshaped", code: Operation.newCode())

  override func view(of layout: Layout, as shape: Shape) -> Layout? { layout.reshaped(to: shape) }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, context.upstream.reshaped(to: context.input(0).shape))
  }
}

final class StopGradientOperation: ViewOperation, @unchecked Sendable {
  static let shared = StopGradientOperation("stopGradient", code: Operation.newCode())

  override func gradient(_ context: GradientContext) {}
}

final class PermuteOperation: ViewOperation, @unchecked Sendable {
  private let axes: [Int]
  private static let code = Operation.newCode()
  /// The one that exchanges the last two axes, by rank.
  static let swappingLastAxes = (0...Shape.maximumRank).map { rank in
    var axes = Array(0..<rank)
    if rank >= 2 { axes.swapAt(rank - 2, rank - 1) }
    return PermuteOperation(axes)
  }

  init(_ axes: [Int]) {
    self.axes = axes
    super.init("permuted", code: Self.code)
  }

  override func describe(into key: inout Key) { key.append(axes) }

  override func view(of layout: Layout, as shape: Shape) -> Layout? { layout.permuted(axes) }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    var inverse = axes
    for (axis, source) in axes.enumerated() { inverse[source] = axis }
    try context.give(0, context.upstream.permuted(inverse))
  }
}

final class BroadcastOperation: ViewOperation, @unchecked Sendable {
  static let shared = BroadcastOperation("broadcast", code: Operation.newCode())

  override func view(of layout: Layout, as shape: Shape) -> Layout? { layout.broadcast(to: shape) }

  // The gradient of what was repeated is a sum, which `give` takes.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, context.upstream)
  }
}

/// Every `step`-th index of each axis from `start` on.
final class SliceOperation: ViewOperation, @unchecked Sendable {
  private let start: [Int], step: [Int]
  private static let code = Operation.newCode()

  init(_ start: [Int], _ step: [Int], _ name: String) {
    self.start = start
    self.step = step
    super.init(name, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(start)
    key.append(step)
  }

  override func view(of layout: Layout, as shape: Shape) -> Layout? {
    layout.sliced(start: start, step: step, result: shape)
  }

  /// The upstream gradient written back into zeros.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    let whole = context.input(0).shape
    let place = Layout(contiguous: whole)
      .sliced(start: start, step: step, result: context.output.shape)
    try context.give(0, Tensor.assembled(whole, [(context.upstream, place)], fill: 0, name))
  }
}
