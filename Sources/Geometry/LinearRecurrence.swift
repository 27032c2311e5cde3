/// `y[0] = 0, y[i] = terms[i - 1] + factors[i - 1] · y[i - 1]` along the middle axis of
/// `[outer, count, inner]`, row-major: what the gradients of running products are made of.
package struct LinearRecurrence: Hashable, Sendable {
  /// float32 or float64.
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int
  /// Whether it runs from the end of the axis.
  package let isReversed: Bool

  package init(_ type: ScalarType, of shape: Shape, axis: Int, reversed: Bool) {
    self.type = type
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    isReversed = reversed
  }

  package var label: String { "linear recurrence [\(outer), \(count), \(inner)]" }
}
