/// A matrix of `rows` × `columns` that has `count` elements, stored row by row, times a dense one
/// of `columns` × `width`.
package struct SparseProduct: Hashable, Sendable {
  /// float32 or float64.
  package let type: ScalarType
  package let rows: Int, columns: Int, count: Int, width: Int
  package let range: IndexRange

  package init(
    _ type: ScalarType, rows: Int, columns: Int, count: Int, width: Int, _ range: IndexRange
  ) {
    self.type = type
    self.rows = rows
    self.columns = columns
    self.count = count
    self.width = width
    self.range = range
  }

  package var label: String {
    "sparse product [\(rows), \(columns)] of \(count) × [\(columns), \(width)]"
  }
}
