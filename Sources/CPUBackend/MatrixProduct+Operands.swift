internal import CPUKernels
internal import Geometry

extension MatrixProduct {
  var label: String {
    let lead = batch.isEmpty ? "" : batch.map { "\($0), " }.joined()
    return "matmul [\(lead)\(rows), \(inner)] × [\(lead)\(inner), \(columns)]"
  }

  var resultCount: Int { batchCount * rows * columns }

  /// One tall product instead of a batch that shares its right matrix, where memory allows it.
  func foldingBatch() -> MatrixProduct {
    guard batch.count == 1, right.batchStrides == [0], !left.isTransposed,
      left.batchStrides == [rows * left.leading]
    else { return self }
    return MatrixProduct(
      type, rows: rows * batch[0], columns: columns, inner: inner,
      left: Operand(
        isTransposed: false, leading: left.leading, offset: left.offset, batchStrides: []),
      right: Operand(
        isTransposed: right.isTransposed, leading: right.leading, offset: right.offset,
        batchStrides: []),
      batch: [])
  }

  /// The product of matrices of another type that stand row-major, one after the other; those that
  /// were repeated stand there once.
  func contiguous(_ type: ScalarType) -> MatrixProduct {
    func operand(_ operand: Operand, _ rows: Int, _ columns: Int) -> Operand {
      let strides =
        operand.isRepeated
        ? batch.map { _ in 0 } : Shape(batch).strides.map { $0 * rows * columns }
      return Operand(
        isTransposed: false, leading: max(columns, 1), offset: 0, batchStrides: strides)
    }
    return MatrixProduct(
      type, rows: rows, columns: columns, inner: inner, left: operand(left, rows, inner),
      right: operand(right, inner, columns), batch: batch)
  }
}

extension MatrixProduct.Operand {
  /// Whether all products share this matrix.
  var isRepeated: Bool { batchStrides.allSatisfy { $0 == 0 } }

  /// Turns the matrices of a half-size type into float32, row-major.
  func widening(_ type: ScalarType, _ rows: Int, _ columns: Int, _ batch: [Int]) -> Conversion {
    let lead = isRepeated ? [] : batch
    let layout = Layout(
      shape: Shape(lead + [rows, columns]),
      strides: (isRepeated ? [] : batchStrides)
        + (isTransposed ? [1, leading] : [leading, 1]),
      offset: offset)
    return Conversion(
      type, to: .float32, over: Domain(shape: layout.shape, reading: [layout]))
  }

  /// Of the first element of each matrix of the batch.
  func offsets(batch: [Int]) -> [Int64] {
    var offsets = [Int64(offset)]
    for (extent, stride) in zip(batch, batchStrides) {
      offsets = offsets.flatMap { base in (0..<extent).map { base + Int64($0 * stride) } }
    }
    return offsets
  }

  func matrix(_ data: UnsafeRawPointer) -> matrix_f32 {
    matrix_f32(
      data: data.assumingMemoryBound(to: Float.self), stride: Int64(leading),
      transposed: isTransposed)
  }

  func integerOperand(_ data: UnsafeRawPointer) -> matmul_integer_operand {
    matmul_integer_operand(
      data: data, row_stride: isTransposed ? 1 : Int64(leading),
      column_stride: isTransposed ? Int64(leading) : 1)
  }
}

extension matmul_f32 {
  init(
    _ product: MatrixProduct, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer,
    _ result: UnsafeMutableRawPointer
  ) {
    self.init()
    rows = Int64(product.rows)
    columns = Int64(product.columns)
    inner = Int64(product.inner)
    self.left = product.left.matrix(left)
    self.right = product.right.matrix(right)
    self.result = result.assumingMemoryBound(to: Float.self)
  }
}
