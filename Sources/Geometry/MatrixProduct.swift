/// `[rows, inner] × [inner, columns]` for each of a batch, each operand perhaps stored transposed.
package struct MatrixProduct: Hashable, Sendable {
  package let type: ScalarType
  package let rows: Int, columns: Int, inner: Int
  package let left: Operand, right: Operand
  /// The batch axes of the result, outermost first, merged where they can be; empty for one
  /// product.
  package let batch: [Int]

  package struct Operand: Hashable, Sendable {
    /// Whether memory holds the transposed matrix: the left one as `[inner, rows]`.
    package let isTransposed: Bool
    /// The distance in elements between rows in memory.
    package let leading: Int
    /// Of the first element of the first matrix.
    package let offset: Int
    /// The distance in elements between neighbouring matrices along each batch axis; 0 repeats one.
    package let batchStrides: [Int]

    package init(isTransposed: Bool, leading: Int, offset: Int, batchStrides: [Int]) {
      self.isTransposed = isTransposed
      self.leading = leading
      self.offset = offset
      self.batchStrides = batchStrides
    }
  }

  package init(
    _ type: ScalarType, rows: Int, columns: Int, inner: Int, left: Operand, right: Operand,
    batch: [Int]
  ) {
    self.type = type
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.left = left
    self.right = right
    self.batch = batch
  }

  package var batchCount: Int { batch.reduce(1, *) }

  /// The cost in additions and multiplications.
  package var operations: Int { 2 * batchCount * rows * columns * inner }

  /// The shape `numpy.matmul` gives operands of two axes or more, or an error that names both.
  package static func resultShape(_ left: Shape, _ right: Shape, _ operands: () -> [TensorInfo])
    throws(TensorError) -> Shape
  {
    guard left.rank >= 2, right.rank >= 2 else {
      throw TensorError(.shape, "matmul", "operands need an axis or more", operands: operands())
    }
    let inner = left.last
    let other = right[right.rank - 2]
    guard inner == other else {
      let hint = inner == right.last ? "did you mean transposeRight: true?" : nil
      throw TensorError(
        .shape, "matmul", "inner dimensions differ, \(inner) and \(other)", operands: operands(),
        hint: hint)
    }
    if left.rank == 2, right.rank == 2 {
      return try left.replacing(1, with: right[1]).validated(in: "matmul")
    }
    guard let batch = Shape(left.dropLast(2)).broadcast(with: Shape(right.dropLast(2))) else {
      throw TensorError(
        .shape, "matmul", "batch dimensions do not go together", operands: operands())
    }
    return try Shape(Array(batch) + [left[left.rank - 2], right.last]).validated(in: "matmul")
  }

  /// The product of what lies at two layouts, each of two axes or more, whose shapes `resultShape`
  /// has accepted; nil if one of them is neither a row-major matrix nor the transpose of one.
  package init?(_ type: ScalarType, _ left: Layout, _ right: Layout, result: Shape) {
    let batch = Shape(result.dropLast(2))
    guard
      let a = Self.operand(left, batch), let b = Self.operand(right, batch)
    else { return nil }
    let domain = Domain(shape: batch, reading: [a.1, b.1])
    let isSingle = batch.count == 1
    func operand(_ found: (Bool, Int), _ offset: Int, _ access: Domain.Access) -> Operand {
      Operand(
        isTransposed: found.0, leading: found.1, offset: offset,
        batchStrides: isSingle ? [] : access.strides)
    }
    let first = operand(a.0, left.offset, domain.accesses[0])
    let second = operand(b.0, right.offset, domain.accesses[1])
    let height = left.shape[left.shape.rank - 2]
    inner = left.shape.last
    columns = right.shape.last
    self.type = type
    // A batch of row-major matrices in a row times one matrix is one tall product.
    if !isSingle, second.batchStrides == [0], !first.isTransposed,
      first.batchStrides == [height * first.leading]
    {
      rows = height * batch.count
      self.batch = []
      self.left = Operand(
        isTransposed: false, leading: first.leading, offset: first.offset, batchStrides: [])
      self.right = Operand(
        isTransposed: second.isTransposed, leading: second.leading, offset: second.offset,
        batchStrides: [])
      return
    }
    rows = height
    self.batch = isSingle ? [] : domain.extents
    self.left = first
    self.right = second
  }

  /// Whether the matrices of a layout of two axes or more are row-major or transposed ones.
  package static func isReadable(_ layout: Layout) -> Bool {
    operand(layout, Shape(layout.shape.dropLast(2))) != nil
  }

  /// Whether the matrices are transposed, their leading dimension, and the layout of the batch.
  private static func operand(_ layout: Layout, _ batch: Shape) -> ((Bool, Int), Layout)? {
    let rank = layout.shape.rank
    let rows = layout.shape[rank - 2]
    let columns = layout.shape[rank - 1]
    let down = layout.strides[rank - 2]
    let along = layout.strides[rank - 1]
    let lead = Layout(
      shape: Shape(layout.shape.dropLast(2)), strides: Array(layout.strides.dropLast(2))
    )
    .broadcast(to: batch)
    if layout.shape.count == 0 { return ((false, Swift.max(columns, 1)), lead) }
    if columns == 1 || along == 1, rows == 1 || down >= Swift.max(columns, 1) {
      return ((false, rows == 1 ? Swift.max(columns, 1) : down), lead)
    }
    if rows == 1 || down == 1, columns == 1 || along >= Swift.max(rows, 1) {
      return ((true, columns == 1 ? Swift.max(rows, 1) : along), lead)
    }
    return nil
  }
}
