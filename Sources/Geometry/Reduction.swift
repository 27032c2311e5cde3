/// The middle axis of `[outer, count, inner]` reduced to one element, once for each kind: one pass
/// over what is reduced gives them all.
package struct Reduction: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case sum, product, maximum, minimum
    /// The int32 index along the axis of the largest or smallest; of equal ones the first. NaN
    /// wins.
    case argMaximum, argMinimum

    /// Whether the result is where something is. Such a reduction has no other kinds.
    package var findsPlace: Bool { self == .argMaximum || self == .argMinimum }
  }

  /// What a pass gives at most: `reduction_most_kinds` of reduction.h, `EACH_4` of reduction.cl.
  package static let mostKinds = 4

  /// One at least.
  package let kinds: [Kind]
  /// The type of what is reduced.
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int

  package init(_ kinds: [Kind], _ type: ScalarType, outer: Int, count: Int, inner: Int) {
    self.kinds = kinds
    self.type = type
    self.outer = outer
    self.count = count
    self.inner = inner
  }

  /// The reduction of the axes `first..<end` of `shape`.
  package init(_ kinds: [Kind], _ type: ScalarType, of shape: Shape, axes: Range<Int>) {
    self.init(
      kinds, type, outer: shape[..<axes.lowerBound].reduce(1, *), count: shape[axes].reduce(1, *),
      inner: shape[axes.upperBound...].reduce(1, *))
  }

  package var findsPlace: Bool { kinds[0].findsPlace }

  /// The type of each result.
  package var resultType: ScalarType { findsPlace ? .int32 : type }

  /// The elements of each result.
  package var resultCount: Int { outer * inner }

  /// Such as `sum, maximum [64, 1000, 1]`.
  package var label: String {
    "\(kinds.map { "\($0)" }.joined(separator: ", ")) [\(outer), \(count), \(inner)]"
  }
}
