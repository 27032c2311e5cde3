/// A tensor put together from parts: concatenation, padding, writing a slice back into zeros.
///
/// Each part is read through a layout and stored at another one inside the result. Elements that
/// no part covers hold `fill`. Parts do not overlap.
package struct Assembly: Hashable, Sendable {
  package struct Part: Hashable, Sendable {
    /// Where the part's elements lie in the memory of its input.
    package let source: Layout
    /// Where they go in the result; of the same shape.
    package let destination: Layout

    package init(source: Layout, destination: Layout) {
      self.source = source
      self.destination = destination
    }
  }

  package let type: ScalarType
  package let shape: Shape
  /// One an input.
  package let parts: [Part]
  /// The bits in memory of an element between the parts (`Word.memoryBits`); nil if they cover it
  /// all.
  package let fill: UInt64?

  package init(type: ScalarType, shape: Shape, parts: [Part], fill: UInt64?) {
    self.type = type
    self.shape = shape
    self.parts = parts
    self.fill = fill
  }
}
