/// A reduction of the middle axis of `[outer, count, inner]`, row-major, to `[outer, inner]`.
package struct Reduction: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case sum, product, maximum, minimum
    /// The int32 index along the axis of the largest or smallest; of equal ones the first. NaN
    /// wins.
    case argMaximum, argMinimum
  }

  package let kind: Kind
  /// The type of what is reduced.
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int

  package init(_ kind: Kind, _ type: ScalarType, outer: Int, count: Int, inner: Int) {
    self.kind = kind
    self.type = type
    self.outer = outer
    self.count = count
    self.inner = inner
  }

  /// The reduction of the axes `first..<end` of `shape`.
  package init(_ kind: Kind, _ type: ScalarType, of shape: Shape, axes: Range<Int>) {
    self.init(
      kind, type, outer: shape[..<axes.lowerBound].reduce(1, *), count: shape[axes].reduce(1, *),
      inner: shape[axes.upperBound...].reduce(1, *))
  }

  package var resultType: ScalarType {
    kind == .argMaximum || kind == .argMinimum ? .int32 : type
  }

  package var resultCount: Int { outer * inner }

  /// Whether an empty axis has a result: 0 for a sum, 1 for a product.
  package var hasNeutralElement: Bool { kind == .sum || kind == .product }
}
