internal import Backends
public import Geometry

extension Tensor {
  /// This tensor with its rows along `axis` that `indices` name replaced by `updates`, which has
  /// the shape `gather(indices, axis: axis)` would have. Of several updates of a row the last one
  /// stays. Negative indices count from the end.
  public func scatter(
    _ updates: Tensor, at indices: Tensor, axis: Int = 0
  ) throws(TensorError) -> Tensor {
    try scattered(.last, updates, indices, axis, .scatter)
  }

  /// This tensor with `updates` added to its rows along `axis` that `indices` name, in the order in
  /// which they stand. `updates` has the shape `gather(indices, axis: axis)` would have. Negative
  /// indices count from the end.
  public func scatterAdd(
    _ updates: Tensor, at indices: Tensor, axis: Int = 0
  ) throws(TensorError) -> Tensor {
    try scattered(.sum, updates, indices, axis, .scatterAdd)
  }

  /// This tensor with its elements along `axis` that `indices` name replaced by those of `updates`.
  ///
  /// `updates` and `indices` have the shape of this tensor but for `axis`. Of several updates of an
  /// element the last one stays.
  public func scatterAlongAxis(
    _ updates: Tensor, at indices: Tensor, axis: Int
  ) throws(TensorError) -> Tensor {
    try scattered(.last, updates, indices, axis, .scatterAlongAxis)
  }

  /// This tensor with `updates` added to its elements along `axis` that `indices` name.
  ///
  /// `updates` and `indices` have the shape of this tensor but for `axis`.
  public func scatterAddAlongAxis(
    _ updates: Tensor, at indices: Tensor, axis: Int
  ) throws(TensorError) -> Tensor {
    try scattered(.sum, updates, indices, axis, .scatterAddAlongAxis)
  }

  private func scattered(
    _ kind: Scatter.Kind, _ updates: Tensor, _ indices: Tensor, _ axis: Int, _ function: Indexing
  ) throws(TensorError) -> Tensor {
    let name = function.rawValue
    let operands = [info, updates.info, indices.info]
    func fail(_ kind: TensorError.Kind, _ text: String) -> TensorError {
      TensorError(kind, name, text, operands: operands)
    }
    do throws(TensorError) {
      try indices.requireIndices(of: self, name)
    } catch { throw TensorError(error.kind, name, error.detail, operands: operands) }
    guard updates.scalarType == scalarType else { throw fail(.dtype, "scalar types differ") }
    guard updates.node.place === node.place else {
      throw fail(.device, "the updates are on another device")
    }
    if kind == .sum, scalarType == .bool { throw fail(.dtype, "not defined for bool") }
    let axis = try shape.axis(axis, in: name)
    let isAlong = function == .scatterAlongAxis || function == .scatterAddAlongAxis
    let expected =
      isAlong
      ? shape.replacing(axis, with: indices.rank == rank ? indices.shape[axis] : 0)
      : Shape(shape[..<axis] + Array(indices.shape) + shape[(axis + 1)...])
    guard updates.shape == expected, !isAlong || indices.shape == expected else {
      throw fail(
        .shape, isAlong ? "shapes differ in more than axis \(axis)" : "updates for \(expected)")
    }
    let operation = ScatterOperation(kind, function, axis, isAlong: isAlong, operands)
    if node.isConstant, node.constantValue == 0 {
      return try updates.scattered(operation, into: shape, at: indices)
    }
    return try Tensor(
      recording: Node(
        operation, shape, scalarType, node.place, node, indices.node, updates.node))
  }

  /// This tensor's elements brought together in zeros of `shape`.
  func scattered(
    _ operation: ScatterOperation, into shape: Shape, at indices: Tensor
  ) throws(TensorError) -> Tensor {
    try Tensor(recording: Node(operation, shape, scalarType, node.place, indices.node, node))
  }
}

/// Updates brought together in the rows or elements along an axis that indices name.
///
/// Inputs: what they come on top of, if there is something, the indices, the updates.
final class ScatterOperation: KernelOperation, @unchecked Sendable {
  private let kind: Scatter.Kind
  private let function: Indexing
  private let axis: Int
  private let isAlong: Bool
  private let operands: [TensorInfo]
  private static let code = Operation.newCode()

  init(
    _ kind: Scatter.Kind, _ function: Indexing, _ axis: Int, isAlong: Bool,
    _ operands: [TensorInfo]
  ) {
    self.kind = kind
    self.function = function
    self.axis = axis
    self.isAlong = isAlong
    self.operands = operands
    super.init(function.rawValue, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(axis)
    key.append(2 * function.word + (isAlong ? 1 : 0))
    key.append(Scatter.Kind.allCases.firstIndex(of: kind) ?? 0)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let inputs = builder.inputs[value]
    let indices = builder.nodes[inputs[inputs.count - 2]]
    let lookup = Lookup(
      of: node.shape, node.scalarType, axis: axis, at: indices.shape, indices.scalarType,
      isAlong: isAlong, function.range(of: node.shape[axis], operands))
    let scatter = Scatter(kind, lookup, hasBase: inputs.count == 3)
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    builder.add(try builder.backend.scatter(scatter), reads: reads, writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let number = context.inputCount - 1
    let indices = context.input(number - 1)
    let g = context.upstream
    switch kind {
    case .sum:
      if number == 2, context.isWanted(0) { try context.give(0, g) }
      if context.isWanted(number) { try context.give(number, read(g, indices)) }
    case .last:
      let updates = context.input(number)
      if number == 2, context.isWanted(0) {
        let zeros = Tensor.constant(0, updates.shape, g.scalarType, g.node.place)
        try context.give(
          0,
          Tensor(
            recording: Node(
              self, g.shape, g.scalarType, g.node.place, g.node, indices.node, zeros.node)))
      }
      if context.isWanted(number) {
        let stays = try winners(g.shape, updates.shape, indices).cast(to: g.scalarType)
        try context.give(number, stays * read(g, indices))
      }
    case .maximum:
      // Equal ones share. Where nothing was brought together nothing is divided.
      let updates = context.input(number)
      let isLargest = try equal(updates, read(context.output, indices)).cast(to: g.scalarType)
      let sum = ScatterOperation(.sum, function, axis, isAlong: isAlong, operands)
      let shares = try maximum(
        isLargest.scattered(sum, into: g.shape, at: indices), g.scalar(1))
      try context.give(number, isLargest * read(g / shares, indices))
    }
  }

  private func read(_ x: Tensor, _ indices: Tensor) throws(TensorError) -> Tensor {
    isAlong
      ? try x.elements(at: indices, axis: axis, function)
      : try x.rows(at: indices, axis: axis, function)
  }

  /// Which updates stayed: those that find their own number where they were written.
  private func winners(
    _ shape: Shape, _ updates: Shape, _ indices: Tensor
  ) throws(TensorError) -> Tensor {
    let device = indices.device
    var places = indices
    var numbers: Tensor
    var rows = Shape([shape[axis]])
    if isAlong {
      numbers = try Tensor.coordinates(updates, axis: axis, device)
      rows = shape
    } else {
      places = try indices.reshaped(to: [indices.count])
      numbers = try Tensor.arange(0, Double(indices.count), as: .int32, on: device)
    }
    let last = ScatterOperation(.last, function, isAlong ? axis : 0, isAlong: isAlong, operands)
    let written = try numbers.scattered(last, into: rows, at: places)
    if isAlong {
      return try equal(written.elements(at: places, axis: axis, function), numbers)
    }
    let stays = try equal(written.rows(at: places, axis: 0, function), numbers)
    let tail = [Int](repeating: 1, count: shape.rank - axis - 1)
    return try stays.reshaped(to: Shape(Array(indices.shape) + tail))
  }
}
