/// Updates `[outer, indices, inner]` brought together in the rows of `[outer, count, inner]` that
/// their indices name: a lookup the other way round.
package struct Scatter: Hashable, Sendable {
  /// What becomes of several updates of one element.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// They are added, in the order in which they stand.
    case sum
    /// The last one stays.
    case last
    /// The largest one stays; NaN if there is one.
    case maximum
  }

  package let kind: Kind
  /// Where the updates come from.
  package let lookup: Lookup
  /// Whether they come on top of something; else what is not written is 0.
  package let hasBase: Bool

  /// - Parameter lookup: what would read the updates back.
  package init(_ kind: Kind, _ lookup: Lookup, hasBase: Bool) {
    self.kind = kind
    self.lookup = lookup
    self.hasBase = hasBase
  }

  package var type: ScalarType { lookup.type }
  package var resultCount: Int { lookup.outer * lookup.count * lookup.inner }
  package var updateCount: Int { lookup.resultCount }

  package var label: String {
    "scatter \(kind.rawValue) [\(lookup.outer), \(lookup.count), \(lookup.inner)]"
      + " at \(lookup.indexCount)"
  }
}
