/// A running sum or product along the middle axis of `[outer, count, inner]`, row-major.
package struct Scan: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable { case sum, product }

  package let kind: Kind
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int
  /// Whether an element leaves itself out: the first result is 0 or 1.
  package let isExclusive: Bool
  /// Whether it runs from the end of the axis.
  package let isReversed: Bool

  package init(
    _ kind: Kind, _ type: ScalarType, of shape: Shape, axis: Int, exclusive: Bool, reversed: Bool
  ) {
    self.kind = kind
    self.type = type
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    isExclusive = exclusive
    isReversed = reversed
  }
}
