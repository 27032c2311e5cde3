/// Which elements along the middle axis of `[outer, count, inner]` are the first `limit` in order.
///
/// Of equal elements the first comes first; NaN comes after all others in either direction.
package struct Sort: Hashable, Sendable {
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int
  package let limit: Int
  package let isDescending: Bool

  package init(
    _ type: ScalarType, of shape: Shape, axis: Int, limit: Int? = nil, descending: Bool
  ) {
    self.type = type
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    self.limit = limit ?? count
    isDescending = descending
  }

  package var resultCount: Int { outer * limit * inner }
  package var label: String {
    "sort [\(outer), \(count), \(inner)]" + (limit < count ? " first \(limit)" : "")
  }
}

/// The places of `[outer, values]` in ascending `bounds`, the same for all of `outer` or one row
/// for each.
package struct Search: Hashable, Sendable {
  package let type: ScalarType
  package let outer: Int, bounds: Int, values: Int
  package let isShared: Bool
  /// Whether equal bounds count as below a value.
  package let isRight: Bool

  package init(_ type: ScalarType, bounds: Shape, values: Shape, right: Bool) {
    self.type = type
    self.bounds = bounds.last
    isShared = bounds.rank == 1
    outer = isShared ? 1 : values.count / Swift.max(values.last, 1)
    self.values = isShared ? values.count : values.last
    isRight = right
  }

  package var resultCount: Int { outer * values }
}
