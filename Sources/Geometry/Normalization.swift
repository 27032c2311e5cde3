/// The middle axis of `[outer, count, inner]`, row-major, along which numbers are brought to mean 0
/// and variance 1.
package struct Normalization: Hashable, Sendable {
  package let type: ScalarType
  package let outer: Int, count: Int, inner: Int
  /// The shape that has 1 along the normalised axes.
  package let kept: Shape

  /// Along the axes `axes` of `shape`, which hold an element or more.
  package init(
    _ type: ScalarType, of shape: Shape, axes: Range<Int>, operand: TensorInfo, in name: String
  )
    throws(TensorError)
  {
    self.type = type
    outer = shape[..<axes.lowerBound].reduce(1, *)
    count = shape[axes].reduce(1, *)
    inner = shape[axes.upperBound...].reduce(1, *)
    kept = shape.reduced(over: Array(axes), keepingAxes: true)
    guard count > 0 else {
      throw TensorError(
        .shape, name, "there are no elements to take a mean of", operands: [operand])
    }
  }

  /// How many means there are.
  package var resultCount: Int { outer * inner }
}
