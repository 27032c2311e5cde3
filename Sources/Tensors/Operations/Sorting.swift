internal import Backends
public import Geometry

extension Tensor {
  /// Where the elements along `axis` are in ascending or descending order, as int32.
  ///
  /// Of equal elements the first comes first. NaN comes last in either direction.
  public func argsort(axis: Int = -1, descending: Bool = false) throws(TensorError) -> Tensor {
    try order(axis: axis, limit: nil, descending, "argsort")
  }

  /// The elements along `axis` in ascending or descending order, equal ones as they stand, NaN last
  /// in either direction.
  public func sorted(axis: Int = -1, descending: Bool = false) throws(TensorError) -> Tensor {
    let order = try order(axis: axis, limit: nil, descending, "sorted")
    return try takeAlongAxis(order, axis: axis)
  }

  /// The `k` largest elements along `axis`, or the smallest, and where they are, as int32; in
  /// order.
  ///
  /// Of equal elements the first comes first. NaN is taken only where nothing else is left.
  public func topK(
    _ k: Int, axis: Int = -1, largest: Bool = true
  ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
    let order = try order(axis: axis, limit: k, largest, "topK")
    return (try takeAlongAxis(order, axis: axis), order)
  }

  private func order(
    axis: Int, limit: Int?, _ descending: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    let axis = try shape.axis(axis, in: name)
    let limit = limit ?? shape[axis]
    guard limit >= 0, limit <= shape[axis] else {
      throw TensorError(
        .argument, name, "\(limit) of the \(shape[axis]) elements of axis \(axis)",
        operands: [info])
    }
    let operation = SortOperation(axis, descending: descending, name)
    return try Tensor(
      recording: Node(
        operation, shape.replacing(axis, with: limit), .int32, node.place, node))
  }

  /// The elements that are different, in ascending order, NaN last; for each element of this tensor
  /// the place of its like among them; and how many are alike. The latter two are int32.
  ///
  /// The shape depends on the data: computes this tensor when called. Gradients flow to the first
  /// of equal elements. All NaN are alike.
  public func unique() throws(TensorError) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let flat = try reshaped(to: [count])
    let order = try flat.order(axis: 0, limit: nil, false, "unique")
    let ranked = try flat.rows(at: order, axis: 0, .take)
    var isNew: [Bool] = []
    if count > 1 {
      let (before, after) = try (
        ranked.slice(axis: 0, 0..<count - 1), ranked.slice(axis: 0, 1..<count)
      )
      var differs = try notEqual(before, after)
      if scalarType.isFloatingPoint {
        differs = try logicalAnd(differs, logicalNot(logicalAnd(isNaN(before), isNaN(after))))
      }
      try evaluate(order, differs)
      isNew = try differs.bytes().map { $0 != 0 }
    }
    let places = try order.scalars(as: Int32.self)
    var firsts: [Int32] = []
    var counts: [Int32] = []
    var inverse = [Int32](repeating: 0, count: count)
    for (rank, place) in places.enumerated() {
      if rank == 0 || isNew[rank - 1] {
        firsts.append(place)
        counts.append(0)
      }
      counts[counts.count - 1] += 1
      inverse[Int(place)] = Int32(firsts.count - 1)
    }
    let first = try Tensor(firsts, shape: [firsts.count], on: device)
    return (
      try flat.rows(at: first, axis: 0, .take), try Tensor(inverse, shape: shape, on: device),
      try Tensor(counts, shape: [counts.count], on: device)
    )
  }

  /// The rows where `mask` is true, in their order: the axes of `mask`, which begin at `axis`,
  /// become one.
  ///
  /// The shape depends on the data: computes the mask when called.
  public func booleanMask(_ mask: Tensor, axis: Int = 0) throws(TensorError) -> Tensor {
    let operands = [info, mask.info]
    guard mask.scalarType == .bool else {
      throw TensorError(
        .dtype, "booleanMask", "a mask is of bools", operands: operands,
        hint: "compare first: notEqual(x, Tensor(0))")
    }
    guard mask.node.place === node.place else {
      throw TensorError(
        .device, "booleanMask", "the mask is on another device", operands: operands)
    }
    guard rank > 0 else {
      throw TensorError(.shape, "booleanMask", "a scalar has no rows", operands: operands)
    }
    let first = try shape.axis(axis, in: "booleanMask")
    let end = first + mask.rank
    guard mask.rank > 0, end <= rank, Shape(shape[first..<end]) == mask.shape else {
      throw TensorError(
        .shape, "booleanMask", "the mask has other extents from axis \(first) on",
        operands: operands)
    }
    var indices: [Int32] = []
    for (index, byte) in try mask.bytes().enumerated() where byte != 0 {
      indices.append(Int32(truncatingIfNeeded: index))
    }
    let rows = try reshaped(to: Shape(shape[..<first] + [mask.count] + shape[end...]))
    return try rows.rows(
      at: Tensor(indices, shape: [indices.count], on: device), axis: first, .gather)
  }
}

/// For each of `values` its place in ascending `bounds`: how many of them are below it, or not
/// above it with `right`; int32. NaN is above all.
///
/// `bounds` has one axis, or those of `values`: then each row of values is looked up in its own
/// bounds. What comes of bounds that are not in order is not defined, but lies between 0 and their
/// number.
public func searchSorted(
  _ bounds: Tensor, _ values: Tensor, right: Bool = false
) throws(TensorError) -> Tensor {
  try Tensor.compatible(bounds.node, values.node, "searchSorted", bounds, values)
  let lead = values.shape.replacing(Swift.max(values.rank - 1, 0), with: 0)
  let fits =
    bounds.rank == 1
    || bounds.rank == values.rank && bounds.rank > 1
      && bounds.shape.replacing(bounds.rank - 1, with: 0) == lead
  guard fits else {
    throw TensorError(
      .shape, "searchSorted", "bounds have one axis, or the leading ones of the values",
      operands: [bounds.info, values.info])
  }
  let operation = SearchOperation(right: right)
  return try Tensor(
    recording: Node(
      operation, values.shape, .int32, values.node.place, bounds.node, values.node))
}

/// Where elements are in order.
final class SortOperation: KernelOperation, @unchecked Sendable {
  private let axis: Int
  private let isDescending: Bool
  private static let code = Operation.newCode()

  init(_ axis: Int, descending: Bool, _ name: String) {
    self.axis = axis
    isDescending = descending
    super.init(name, code: Self.code)
  }

  override var isDifferentiable: Bool { false }

  override func describe(into key: inout Key) { key.append(2 * axis + (isDescending ? 1 : 0)) }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let input = builder.nodes[builder.inputs[value][0]]
    let sort = Sort(
      input.scalarType, of: input.shape, axis: axis, limit: node.shape[axis],
      descending: isDescending)
    let read = try builder.contiguous(builder.inputs[value][0])
    builder.add(try builder.backend.sort(sort), reads: [read], writes: [value])
  }
}

/// Places among bounds.
final class SearchOperation: KernelOperation, @unchecked Sendable {
  private let isRight: Bool
  private static let code = Operation.newCode()

  init(right: Bool) {
    isRight = right
    super.init("searchSorted", code: Self.code)
  }

  override var isDifferentiable: Bool { false }

  override func describe(into key: inout Key) { key.append(isRight ? 1 : 0) }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let (bounds, values) = (builder.inputs[value][0], builder.inputs[value][1])
    let search = Search(
      builder.nodes[bounds].scalarType, bounds: builder.nodes[bounds].shape,
      values: builder.nodes[values].shape, right: isRight)
    let reads = [try builder.contiguous(bounds), try builder.contiguous(values)]
    builder.add(try builder.backend.search(search), reads: reads, writes: [value])
  }
}
