/// A softmax along the middle axis of `[outer, count, inner]`, row-major, or a gradient of one.
package struct Softmax: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case softmax, logSoftmax, softmaxGradient, logSoftmaxGradient

    package var isGradient: Bool { self == .softmaxGradient || self == .logSoftmaxGradient }
    package var isLogarithm: Bool { self == .logSoftmax || self == .logSoftmaxGradient }
  }

  /// What takes part in the rows of attention scores `[batch, heads, queries, keys]`.
  package struct Mask: Hashable, Sendable {
    /// How a mask is read as if it had the shape of the scores; of bools, where true takes part, or
    /// of numbers that are added. Nil for none.
    package let layout: Layout?
    package let isBool: Bool
    /// Whether a query sees the keys up to its own place only.
    package let isCausal: Bool
    package let heads: Int, queries: Int

    package init(layout: Layout?, isBool: Bool, isCausal: Bool, heads: Int, queries: Int) {
      self.layout = layout
      self.isBool = isBool
      self.isCausal = isCausal
      self.heads = heads
      self.queries = queries
    }
  }

  package let kind: Kind
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int
  /// What elements are multiplied by before the softmax.
  package let scale: Double
  package let mask: Mask?

  package init(
    _ kind: Kind, _ type: ScalarType, of shape: Shape, axis: Int, scale: Double = 1,
    mask: Mask? = nil
  ) {
    self.kind = kind
    self.type = type
    outer = shape[..<axis].reduce(1, *)
    count = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    self.scale = scale
    self.mask = mask
  }

  package var elementCount: Int { outer * count * inner }
  package var hasMask: Bool { mask?.layout != nil }
}
