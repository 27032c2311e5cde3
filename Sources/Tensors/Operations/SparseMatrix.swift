internal import Backends
public import Geometry

/// A matrix of which only some elements are stored, row by row (CSR): element `k` of row `r`, for
/// `offsets[r] ≤ k < offsets[r + 1]`, is `values[k]` and stands in column `places[k]`.
///
/// What is not stored is 0, and has no gradient. Elements of one place add up.
public struct SparseMatrix: Sendable {
  /// `[rows, columns]`.
  public let shape: Shape
  /// `[rows + 1]`, int32, ascending from 0 to the number of stored elements.
  public let offsets: Tensor
  /// The column of each stored element, int32.
  public let places: Tensor
  /// The stored elements, floating-point.
  public let values: Tensor

  /// The matrix `[rows, columns]` of these parts. What is in them is checked where it is used.
  public init(
    rows: Int, columns: Int, offsets: Tensor, places: Tensor, values: Tensor
  ) throws(TensorError) {
    let operands = [offsets.info, places.info, values.info]
    func fail(_ kind: TensorError.Kind, _ text: String) -> TensorError {
      TensorError(kind, "SparseMatrix", text, operands: operands)
    }
    guard rows >= 0, rows < Int(Int32.max), columns >= 0, columns <= Int(Int32.max) else {
      throw fail(.argument, "\(rows) rows and \(columns) columns")
    }
    guard offsets.scalarType == .int32, places.scalarType == .int32 else {
      throw fail(.dtype, "offsets and places are int32")
    }
    guard values.scalarType.isFloatingPoint else {
      throw fail(.dtype, "values are floating-point")
    }
    guard offsets.node.place === places.node.place, places.node.place === values.node.place else {
      throw fail(.device, "the parts are on different devices")
    }
    guard offsets.shape == [rows + 1] else {
      throw fail(.shape, "\(rows) rows have \(rows + 1) offsets")
    }
    guard values.rank == 1, places.shape == values.shape else {
      throw fail(.shape, "each value has a place, along one axis")
    }
    shape = [rows, columns]
    self.offsets = offsets
    self.places = places
    self.values = values
  }

  /// What of `dense`, a matrix, is not 0. Computes it when called; gradients flow to what is
  /// stored.
  public init(_ dense: Tensor) throws(TensorError) {
    guard dense.rank == 2, dense.scalarType.isFloatingPoint else {
      throw TensorError(
        .shape, "SparseMatrix", "of a floating-point matrix", operands: [dense.info])
    }
    let (rows, columns) = (dense.shape[0], dense.shape[1])
    var offsets: [Int32] = [0]
    var places: [Int32] = []
    var flat: [Int32] = []
    let isStored = try notEqual(dense, dense.scalar(0)).bytes()
    for row in 0..<rows {
      for column in 0..<columns where isStored[row * columns + column] != 0 {
        places.append(Int32(truncatingIfNeeded: column))
        flat.append(Int32(truncatingIfNeeded: row * columns + column))
      }
      offsets.append(Int32(truncatingIfNeeded: places.count))
    }
    let (count, device) = (places.count, dense.device)
    try self.init(
      rows: rows, columns: columns, offsets: Tensor(offsets, shape: [rows + 1], on: device),
      places: Tensor(places, shape: [count], on: device),
      values: dense.take(Tensor(flat, shape: [count], on: device)))
  }

  /// The row of each stored element.
  var rowOfEach: Tensor {
    get throws(TensorError) {
      let ends = try offsets.slice(axis: 0, 1..<shape[0] + 1)
      let count = values.count
      return try searchSorted(
        ends, Tensor.arange(0, Double(count), as: .int32, on: values.device), right: true)
    }
  }

  /// The matrix with rows and columns exchanged.
  public func transposed() throws(TensorError) -> SparseMatrix {
    let order = try places.argsort(axis: 0)
    let sorted = try places.takeAlongAxis(order, axis: 0)
    let starts = try Tensor.arange(
      0, Double(shape[1] + 1), as: .int32, on: values.device)
    return try SparseMatrix(
      rows: shape[1], columns: shape[0], offsets: searchSorted(sorted, starts),
      places: rowOfEach.takeAlongAxis(order, axis: 0),
      values: values.takeAlongAxis(order, axis: 0))
  }

  /// All elements, the zeros too.
  public func dense() throws(TensorError) -> Tensor {
    let flat = try rowOfEach * Double(shape[1]) + places
    let operation = ScatterOperation(
      .sum, .scatterAdd, 0, isAlong: false, [offsets.info, places.info, values.info])
    return try values.scattered(operation, into: [shape[0] * shape[1]], at: flat)
      .reshaped(to: shape)
  }
}

/// The product of a sparse matrix `[rows, columns]` with a dense one `[columns, n]`, or with a
/// vector.
///
/// Each result is added up in the order in which the elements of its row are stored. The gradients
/// are those of the stored elements and of the dense matrix.
///
/// - Throws: `TensorError` of kind `index`, as `gather` does, if a place is not a column or the
///   offsets are not in order.
public func matmul(_ left: SparseMatrix, _ right: Tensor) throws(TensorError) -> Tensor {
  let values = left.values
  let operands = [left.offsets.info, left.places.info, values.info, right.info]
  guard right.scalarType == values.scalarType else {
    throw TensorError(.dtype, "matmul", "scalar types differ", operands: operands)
  }
  guard right.node.place === values.node.place else {
    throw TensorError(.device, "matmul", "operands are on different devices", operands: operands)
  }
  guard right.rank == 1 || right.rank == 2, right.shape[0] == left.shape[1] else {
    throw TensorError(
      .shape, "matmul", "the sparse matrix is \(left.shape)", operands: operands)
  }
  if right.rank == 1 {
    return try matmul(left, right.expanded(at: 1)).reshaped(to: [left.shape[0]])
  }
  let type = values.scalarType
  if type.computeType != type {
    let wide = try SparseMatrix(
      rows: left.shape[0], columns: left.shape[1], offsets: left.offsets, places: left.places,
      values: values.cast(to: type.computeType))
    return try matmul(wide, right.cast(to: type.computeType)).cast(to: type)
  }
  let operation = SparseOperation(columns: left.shape[1], operands)
  return try Tensor(
    recording: Node(
      operation, [left.shape[0], right.shape[1]], type, right.node.place,
      inputs: [left.offsets.node, left.places.node, values.node, right.node]))
}

/// A sparse matrix times a dense one. Inputs: offsets, places, values, the dense matrix.
final class SparseOperation: KernelOperation, @unchecked Sendable {
  private let columns: Int
  private let operands: [TensorInfo]
  private static let code = Operation.newCode()

  init(columns: Int, _ operands: [TensorInfo]) {
    self.columns = columns
    self.operands = operands
    super.init("matmul", code: Self.code)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let inputs = builder.inputs[value]
    let range = IndexRange(
      "matmul", 0, through: columns - 1, noun: "place or offset", operands: operands)
    let product = SparseProduct(
      node.scalarType, rows: node.shape[0], columns: columns,
      count: builder.nodes[inputs[2]].shape.count, width: node.shape[1], range)
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in inputs { reads.append(try builder.contiguous(input)) }
    builder.add(try builder.backend.sparseProduct(product), reads: reads, writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let g = context.upstream
    let (values, dense) = (context.input(2), context.input(3))
    let matrix = try SparseMatrix(
      rows: g.shape[0], columns: columns, offsets: context.input(0), places: context.input(1),
      values: values)
    // With C = A·B, ∂A = ∂C·Bᵀ, of which only the stored elements are wanted, and ∂B = Aᵀ·∂C.
    if context.isWanted(2) {
      let product = try g.gather(matrix.rowOfEach) * dense.gather(matrix.places)
      try context.give(2, product.sum(axes: [1]))
    }
    if context.isWanted(3) { try context.give(3, matmul(matrix.transposed(), g)) }
  }
}
