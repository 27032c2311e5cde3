internal import Backends
public import Geometry

extension Tensor {
  /// The rows of this tensor along `axis` that `indices` name, in the place of that axis.
  ///
  /// `indices` may have any number of axes, none included: the result has the shape
  /// `shape[..<axis] + indices.shape + shape[(axis + 1)...]`. Negative indices count from the end.
  /// Repeated indices add up their gradients, in the order in which they stand.
  ///
  /// - Throws: `TensorError` of kind `index` if an index is out of range: where the result is
  ///   computed, on an OpenCL device where the host next waits for it.
  public func gather(_ indices: Tensor, axis: Int = 0) throws(TensorError) -> Tensor {
    try rows(at: indices, axis: axis, .gather)
  }

  /// The elements of the flattened tensor that `indices` name; a tensor of the shape of `indices`.
  /// Negative indices count from the end.
  public func take(_ indices: Tensor) throws(TensorError) -> Tensor {
    try indices.requireIndices(of: self, Indexing.take.rawValue)
    return try reshaped(to: [count]).rows(at: indices, axis: 0, .take, as: info)
  }

  /// The elements along `axis` that `indices` name, one for each of its elements: `indices` has the
  /// shape of this tensor but for `axis`. Negative indices count from the end.
  public func takeAlongAxis(_ indices: Tensor, axis: Int) throws(TensorError) -> Tensor {
    try elements(at: indices, axis: axis, .takeAlongAxis)
  }

  /// What `gather` returns, in the name of another function.
  func rows(
    at indices: Tensor, axis: Int, _ function: Indexing, as source: TensorInfo? = nil
  ) throws(TensorError) -> Tensor {
    let name = function.rawValue
    try indices.requireIndices(of: self, name)
    let axis = try shape.axis(axis, in: name)
    let result = Shape(shape[..<axis] + Array(indices.shape) + shape[(axis + 1)...])
    let operands = [source ?? info, indices.info]
    guard result.rank <= Shape.maximumRank else {
      throw TensorError(
        .shape, name, "the result would have \(result.rank) axes", operands: operands)
    }
    let operation = LookupOperation(function, axis, isAlong: false, operands)
    return try Tensor(
      recording: Node(
        operation, validated(result, name), scalarType, node.place, node, indices.node))
  }

  /// What `takeAlongAxis` returns, in the name of another function.
  func elements(
    at indices: Tensor, axis: Int, _ function: Indexing
  ) throws(TensorError) -> Tensor {
    let name = function.rawValue
    try indices.requireIndices(of: self, name)
    let axis = try shape.axis(axis, in: name)
    guard indices.rank == rank,
      indices.shape.replacing(axis, with: 0) == shape.replacing(axis, with: 0)
    else {
      throw TensorError(
        .shape, name, "shapes differ in more than axis \(axis)", operands: [info, indices.info])
    }
    let operation = LookupOperation(function, axis, isAlong: true, [info, indices.info])
    return try Tensor(
      recording: Node(operation, indices.shape, scalarType, node.place, node, indices.node))
  }

  /// Checks that this can be indices of `other`.
  func requireIndices(of other: Tensor, _ name: String) throws(TensorError) {
    switch scalarType {
    case .int32, .int64, .uint8: break
    case .bool:
      throw TensorError(
        .dtype, name, "bools are no indices", operands: [other.info, info],
        hint: "booleanMask takes them")
    default:
      throw TensorError(
        .dtype, name, "indices are int32, int64 or uint8", operands: [other.info, info])
    }
    guard node.place === other.node.place else {
      throw TensorError(
        .device, name, "the indices are on another device", operands: [other.info, info],
        hint: "move them: indices.moved(to:)")
    }
  }
}

/// The rows of `weights`, `[count, …]`, that `indices` name: `indices.shape + weights.shape[1...]`.
///
/// What `weights.gather(indices)` returns, but for negative indices, which are out of range. The
/// gradient of a row is the sum of those of all places where its index stands, in their order.
public func embedding(_ weights: Tensor, _ indices: Tensor) throws(TensorError) -> Tensor {
  guard weights.rank > 0 else {
    throw TensorError(
      .shape, "embedding", "the weights have no rows", operands: [weights.info, indices.info])
  }
  return try weights.rows(at: indices, axis: 0, .embedding)
}

/// The functions that take indices, as their callers spell them.
enum Indexing: String, CaseIterable {
  case gather, take, takeAlongAxis, embedding
  case scatter, scatterAdd, scatterAlongAxis, scatterAddAlongAxis
  case segmentSum, segmentMean, segmentMax, unpool2D

  /// Whether negative indices count from the end.
  private var countsFromTheEnd: Bool {
    switch self {
    case .embedding, .segmentSum, .segmentMean, .segmentMax, .unpool2D: false
    default: true
    }
  }

  func range(of count: Int, _ operands: [TensorInfo]) -> IndexRange {
    IndexRange(
      rawValue, countsFromTheEnd ? -count : 0, through: count - 1, operands: operands)
  }

  /// What tells plans of one apart from those of another.
  var word: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Rows or elements along an axis, at the indices that are its second input.
final class LookupOperation: KernelOperation, @unchecked Sendable {
  private let function: Indexing
  private let axis: Int
  private let isAlong: Bool
  private let operands: [TensorInfo]
  private static let code = Operation.newCode()

  init(_ function: Indexing, _ axis: Int, isAlong: Bool, _ operands: [TensorInfo]) {
    self.function = function
    self.axis = axis
    self.isAlong = isAlong
    self.operands = operands
    super.init(function.rawValue, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(axis)
    key.append(2 * function.word + (isAlong ? 1 : 0))
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let (x, indices) = (builder.inputs[value][0], builder.inputs[value][1])
    let lookup = Lookup(
      of: builder.nodes[x].shape, builder.nodes[x].scalarType, axis: axis,
      at: builder.nodes[indices].shape, builder.nodes[indices].scalarType, isAlong: isAlong,
      function.range(of: builder.nodes[x].shape[axis], operands))
    let reads = [try builder.contiguous(x), try builder.contiguous(indices)]
    builder.add(try builder.backend.lookup(lookup), reads: reads, writes: [value])
  }

  /// What was read of an element adds up in it.
  override func gradient(_ context: GradientContext) throws(TensorError) {
    guard context.isWanted(0) else { return }
    let operation = ScatterOperation(.sum, function, axis, isAlong: isAlong, operands)
    let (x, g) = (context.input(0), context.upstream)
    try context.give(0, g.scattered(operation, into: x.shape, at: context.input(1)))
  }
}
