internal import Backends
public import Geometry

extension Tensor {
  /// The sums of the rows that `ids` gives one number: `[count] + shape[ids.rank...]`.
  ///
  /// `ids` has the shape of the first axes; ids need not be in order. A segment without rows is 0.
  public func segmentSum(_ ids: Tensor, count: Int) throws(TensorError) -> Tensor {
    try segments(.sum, ids, count, .segmentSum)
  }

  /// The means of the rows that `ids` gives one number, as `segmentSum` the sums. A segment without
  /// rows is 0.
  public func segmentMean(_ ids: Tensor, count: Int) throws(TensorError) -> Tensor {
    guard scalarType.isFloatingPoint else {
      throw TensorError(
        .dtype, Indexing.segmentMean.rawValue, "not defined for \(scalarType)",
        operands: [info, ids.info], hint: "cast first: x.cast(to: .float32)")
    }
    let sum = try segments(.sum, ids, count, .segmentMean)
    // Counted in float32: a half-size type has no number above 2048 that is one more than another.
    let type = scalarType.computeType
    let ones = Tensor.constant(1, ids.shape, type, node.place)
    let counts = try ones.segments(.sum, ids, count, .segmentMean, as: info)
    let tail = [Int](repeating: 1, count: sum.rank - 1)
    let sizes = try maximum(counts, counts.scalar(1)).reshaped(to: Shape([count] + tail))
    return try (sum.cast(to: type) / sizes).cast(to: scalarType)
  }

  /// The largest of the rows that `ids` gives one number, element by element, as `segmentSum` the
  /// sums; NaN if there is one. Equal ones share the gradient. A segment without rows is 0.
  public func segmentMax(_ ids: Tensor, count: Int) throws(TensorError) -> Tensor {
    try segments(.maximum, ids, count, .segmentMax)
  }

  private func segments(
    _ kind: Scatter.Kind, _ ids: Tensor, _ count: Int, _ function: Indexing,
    as source: TensorInfo? = nil
  ) throws(TensorError) -> Tensor {
    let name = function.rawValue
    try ids.requireIndices(of: self, name)
    let operands = [source ?? info, ids.info]
    guard count >= 0 else {
      throw TensorError(.argument, name, "\(count) segments", operands: operands)
    }
    guard ids.rank <= rank, ids.rank > 0, Shape(shape[..<ids.rank]) == ids.shape else {
      throw TensorError(
        .shape, name, "ids have the shape of the first axes", operands: operands)
    }
    guard scalarType != .bool else {
      throw TensorError(.dtype, name, "not defined for bool", operands: operands)
    }
    let tail = shape[ids.rank...]
    let result = try validated(Shape([count] + tail), name)
    let rows = try reshaped(to: Shape([ids.count] + tail))
    let operation = ScatterOperation(kind, function, 0, isAlong: false, operands)
    return try rows.scattered(operation, into: result, at: ids.reshaped(to: [ids.count]))
  }
}

/// `on` where an index says, `off` elsewhere, along a new axis of `depth` elements.
///
/// An index outside `0..<depth` gives `off` everywhere.
public func oneHot(
  _ indices: Tensor, depth: Int, axis: Int = -1, on: Double = 1, off: Double = 0,
  as type: ScalarType = .float32
) throws(TensorError) -> Tensor {
  switch indices.scalarType {
  case .int32, .int64, .uint8: break
  default:
    throw TensorError(
      .dtype, "oneHot", "indices are int32, int64 or uint8", operands: [indices.info])
  }
  guard depth >= 0, depth <= Int(Int32.max) else {
    throw TensorError(.argument, "oneHot", "\(depth) classes", operands: [indices.info])
  }
  let rank = indices.rank
  guard axis >= -rank - 1, axis <= rank else {
    throw TensorError(
      .argument, "oneHot", "axis \(axis) does not exist in a result of \(rank + 1)",
      operands: [indices.info])
  }
  guard rank < Shape.maximumRank else {
    throw TensorError(
      .shape, "oneHot", "the result would have \(rank + 1) axes", operands: [indices.info])
  }
  let place = indices.node.place
  let at = axis < 0 ? axis + rank + 1 : axis
  let result = try indices.validated(indices.shape.inserting(depth, at: at), "oneHot")
  let classes = try Tensor.coordinates([depth], axis: 0, indices.device)
    .cast(to: .int64).reshaped(to: Shape([depth] + [Int](repeating: 1, count: rank - at)))
  let isClass = try equal(indices.cast(to: .int64).expanded(at: at), classes)
  return try select(
    isClass.broadcast(to: result), Tensor.constant(on, [], type, place),
    Tensor.constant(off, [], type, place))
}
