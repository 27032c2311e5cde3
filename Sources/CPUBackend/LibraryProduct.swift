internal import COpenBLAS
internal import CPUKernels
internal import Geometry

/// `left × right` for each of a batch by OpenBLAS, of float32 or float64.
///
/// Large products are cut along their longer side, by their shape alone, so that results do not
/// depend on the number of threads.
func libraryProduct(
  _ product: MatrixProduct, _ left: UnsafeRawPointer, _ right: UnsafeRawPointer,
  _ result: UnsafeMutableRawPointer, offsets: ([Int64], [Int64]),
  _ finishing: UnsafeMutablePointer<Finishing>?
) {
  let work = product.rows * product.columns * max(product.inner, 1)
  let longer = max(product.rows, product.columns)
  let pieces = max(1, min(work >> 22, longer / 128, 16))
  // A piece is a multiple of any library's tile.
  let length = ((longer + pieces - 1) / pieces + 47) / 48 * 48
  offsets.0.withUnsafeBufferPointer { leftOffsets in
    offsets.1.withUnsafeBufferPointer { rightOffsets in
      var plan = LibraryPlan(
        product: product, left: left, right: right, result: result, leftOffsets: leftOffsets,
        rightOffsets: rightOffsets, finishing: finishing, length: length,
        pieces: (longer + length - 1) / length)
      onThreads(chunks: leftOffsets.count * plan.pieces, &plan) { context, chunk, _ in
        context?.assumingMemoryBound(to: LibraryPlan.self).pointee.run(Int(chunk))
      }
    }
  }
}

private struct LibraryPlan {
  let product: MatrixProduct
  let left: UnsafeRawPointer
  let right: UnsafeRawPointer
  let result: UnsafeMutableRawPointer
  let leftOffsets: UnsafeBufferPointer<Int64>
  let rightOffsets: UnsafeBufferPointer<Int64>
  let finishing: UnsafeMutablePointer<Finishing>?
  /// Of one piece along the longer side.
  let length: Int
  let pieces: Int

  func run(_ chunk: Int) {
    let index = chunk / pieces
    let start = chunk % pieces * length
    let cutsRows = product.rows >= product.columns
    let rows = cutsRows ? start..<min(start + length, product.rows) : 0..<product.rows
    let columns = cutsRows ? 0..<product.columns : start..<min(start + length, product.columns)
    let leftStart =
      Int(leftOffsets[index])
      + rows.lowerBound * (product.left.isTransposed ? 1 : product.left.leading)
    let rightStart =
      Int(rightOffsets[index])
      + columns.lowerBound * (product.right.isTransposed ? product.right.leading : 1)
    let resultStart =
      (index * product.rows + rows.lowerBound) * product.columns + columns.lowerBound
    if product.type == .float64 {
      let result = result.assumingMemoryBound(to: Double.self) + resultStart
      cblas_dgemm(
        CblasRowMajor, product.left.transposition, product.right.transposition,
        blasint(rows.count), blasint(columns.count), blasint(product.inner), 1,
        left.assumingMemoryBound(to: Double.self) + leftStart,
        blasint(max(product.left.leading, 1)),
        right.assumingMemoryBound(to: Double.self) + rightStart,
        blasint(max(product.right.leading, 1)),
        0, result, blasint(product.columns))
    } else {
      let result = result.assumingMemoryBound(to: Float.self) + resultStart
      cblas_sgemm(
        CblasRowMajor, product.left.transposition, product.right.transposition,
        blasint(rows.count), blasint(columns.count), blasint(product.inner), 1,
        left.assumingMemoryBound(to: Float.self) + leftStart, blasint(max(product.left.leading, 1)),
        right.assumingMemoryBound(to: Float.self) + rightStart,
        blasint(max(product.right.leading, 1)),
        0, result, blasint(product.columns))
    }
    let first = index * product.rows
    finishing?.pointee.finish((first + rows.lowerBound)..<(first + rows.upperBound), columns)
  }
}

extension MatrixProduct.Operand {
  fileprivate var transposition: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }
}
