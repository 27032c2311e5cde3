/// Elements read at indices along the middle axis of `[outer, count, inner]`, giving
/// `[outer, indices, inner]`.
///
/// Indices are whole rows' for all of `outer` and `inner`, or each element has one of its own.
package struct Lookup: Hashable, Sendable {
  package let type: ScalarType
  package let indexType: ScalarType
  /// Whether each element of the result has an index: `[outer, indices, inner]` of them.
  package let isAlong: Bool
  package let outer: Int, count: Int, inner: Int
  /// How many rows are read for each of `outer`.
  package let indices: Int
  package let range: IndexRange

  /// - Parameter isAlong: whether `indices` differs from `shape` in that axis only and names
  ///   elements; else it may have any shape and names rows.
  package init(
    of shape: Shape, _ type: ScalarType, axis: Int, at indices: Shape, _ indexType: ScalarType,
    isAlong: Bool, _ range: IndexRange
  ) {
    self.type = type
    self.indexType = indexType
    self.range = range
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    self.indices = isAlong ? indices[axis] : indices.count
    // Where rows are elements, the two are the same.
    self.isAlong = isAlong && outer * inner != 1
  }

  package var resultCount: Int { outer * indices * inner }
  package var indexCount: Int { isAlong ? resultCount : indices }
}
