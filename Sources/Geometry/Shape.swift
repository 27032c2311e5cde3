/// The extents of a tensor, outermost first, at most eight.
///
/// A shape may come from a literal, which cannot fail; operations that take one check it.
@frozen public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible
{
  /// The most axes that a shape has.
  public static let maximumRank = 8

  // Not a vector as it is: objects with one would need memory of its alignment, which the allocator
  // takes much longer to find.
  @usableFromInline var storage: (Int, Int, Int, Int, Int, Int, Int, Int)
  /// How many axes there are.
  public let rank: Int

  /// The shape of a scalar.
  @inlinable public init() { self.init(extents: SIMD8(repeating: 1), rank: 0) }

  /// The extents as a literal: `[64, 28, 28, 1]`.
  // Inlined, so that the literal need not be an array on the heap.
  @inlinable @inline(__always) public init(arrayLiteral elements: Int...) {
    var extents = SIMD8(repeating: 1)
    for axis in 0..<Swift.min(elements.count, Self.maximumRank) { extents[axis] = elements[axis] }
    self.init(extents: extents, rank: elements.count)
  }

  /// The shape with these extents. Past the eighth they are not kept, and the rank shows it.
  @inlinable public init(_ elements: some Collection<Int>) {
    var extents = SIMD8(repeating: 1)
    for (axis, extent) in elements.prefix(Self.maximumRank).enumerated() { extents[axis] = extent }
    self.init(extents: extents, rank: elements.count)
  }

  @inlinable init(extents: SIMD8<Int>, rank: Int) {
    storage = unsafeBitCast(extents, to: (Int, Int, Int, Int, Int, Int, Int, Int).self)
    self.rank = rank
  }

  @inlinable var extents: SIMD8<Int> {
    get { unsafeBitCast(storage, to: SIMD8<Int>.self) }
    set { storage = unsafeBitCast(newValue, to: type(of: storage)) }
  }

  /// Whether all extents are equal.
  @inlinable public static func == (left: Shape, right: Shape) -> Bool {
    left.rank == right.rank && left.extents == right.extents
  }

  /// Adds all extents.
  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(rank)
    hasher.combine(extents)
  }

  /// The extent of an axis, counted from 0.
  @inlinable public subscript(axis: Int) -> Int {
    get { extents[axis] }
    set { extents[axis] = newValue }
  }

  /// The number of elements. Meaningful for shapes that passed `validated`.
  @inlinable public var count: Int { extents.wrappedProduct(upTo: rank) }

  /// The extent of the last axis; 1 for a scalar.
  @inlinable public var last: Int { rank == 0 ? 1 : extents[rank - 1] }

  /// Writes all eight extents, which are 1 behind the last axis.
  @inlinable package func copyExtents(to target: UnsafeMutablePointer<UInt64>) {
    UnsafeMutableRawPointer(target).storeBytes(of: storage, as: type(of: storage))
  }

  public var description: String { "\(Array(self))" }
}

// Not a collection: the `count` of one would have to be the number of axes.
extension Shape: Sequence {
  /// Goes through the extents from the first axis to the last.
  @frozen public struct Iterator: IteratorProtocol {
    @usableFromInline let shape: Shape
    @usableFromInline var axis = 0

    @inlinable init(_ shape: Shape) { self.shape = shape }

    /// The next extent, nil behind the last.
    @inlinable public mutating func next() -> Int? {
      guard axis < shape.indices.upperBound else { return nil }
      defer { axis += 1 }
      return shape[axis]
    }
  }

  /// Begins at the first axis.
  @inlinable public func makeIterator() -> Iterator { Iterator(self) }
  /// The number of axes.
  @inlinable public var underestimatedCount: Int { indices.upperBound }

  /// The axes whose extents are kept.
  @inlinable public var indices: Range<Int> { 0..<Swift.min(rank, Self.maximumRank) }

  /// The extents of neighbouring axes.
  @inlinable public subscript(axes: some RangeExpression<Int>) -> ArraySlice<Int> {
    Array(self)[axes.relative(to: indices)]
  }
}

extension SIMD8<Int> {
  @inlinable func wrappedProduct(upTo rank: Int) -> Int {
    var product = 1
    for axis in 0..<Swift.min(rank, 8) { product = product &* self[axis] }
    return product
  }
}

extension Shape {
  /// This shape, if a tensor can have it: at most eight axes, none negative, a size that fits
  /// memory.
  @inlinable public func validated(in operation: @autoclosure () -> String) throws(TensorError)
    -> Shape
  {
    guard rank <= Self.maximumRank else {
      throw TensorError(
        .shape, operation(), "a tensor has at most \(Self.maximumRank) axes, not \(rank)")
    }
    var total = 1
    for axis in 0..<rank {
      let extent = extents[axis]
      guard extent >= 0, extent <= Int(Int32.max) else {
        throw TensorError(
          .shape, operation(), "axis \(axis) cannot have \(extent) elements: \(self)")
      }
      let (product, overflow) = total.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard !overflow, product <= 1 << 46 else {
        throw TensorError(.shape, operation(), "more elements than memory can hold: \(self)")
      }
      total = product
    }
    return self
  }

  /// The axis counted from the front; negative ones count from the back.
  public func axis(_ axis: Int, in operation: String) throws(TensorError) -> Int {
    guard axis >= -rank, axis < rank else {
      let allowed = rank == 0 ? "a scalar has no axes" : "axes go from \(-rank) to \(rank - 1)"
      throw TensorError(.argument, operation, "axis \(axis) does not exist, \(allowed): \(self)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Each of `axes` counted from the front, in ascending order; all axes for nil.
  public func axes(_ axes: [Int]?, in operation: String) throws(TensorError) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    var found: [Int] = []
    found.reserveCapacity(axes.count)
    for axis in axes {
      let axis = try self.axis(axis, in: operation)
      guard !found.contains(axis) else {
        throw TensorError(.argument, operation, "axis \(axis) is named twice in \(axes): \(self)")
      }
      found.append(axis)
    }
    if found.count > 1 { found.sort() }
    return found
  }

  /// The shape with `extent` in the place of the extent at `axis`.
  public func replacing(_ axis: Int, with extent: Int) -> Shape {
    var shape = self
    shape[axis] = extent
    return shape
  }

  /// The shape with the axes from `first` on as one.
  package func flattened(from first: Int) -> Shape {
    var flat = Shape(extents: SIMD8(repeating: 1), rank: first + 1)
    for axis in indices {
      if axis < first { flat[axis] = self[axis] } else { flat[first] *= self[axis] }
    }
    return flat
  }

  /// The shape without the extents at `axes`, or with ones there.
  public func reduced(over axes: [Int], keepingAxes: Bool) -> Shape {
    var kept = SIMD8(repeating: 1)
    var count = 0
    for axis in indices {
      let isReduced = axes.contains(axis)
      if isReduced, !keepingAxes { continue }
      kept[count] = isReduced ? 1 : self[axis]
      count += 1
    }
    return Shape(extents: kept, rank: count)
  }

  /// The shape with one more axis.
  public func inserting(_ extent: Int, at axis: Int) -> Shape {
    var extents = Array(self)
    extents.insert(extent, at: axis)
    return Shape(extents)
  }

  /// Distances in elements between neighbours along each axis of a row-major tensor.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * self[axis + 1]
    }
    return strides
  }

  /// The shape that both broadcast to by NumPy's rule, or nil.
  @inlinable public func broadcast(with other: Shape) -> Shape? {
    if self == other { return self }
    let rank = Swift.max(self.rank, other.rank)
    var result = SIMD8<Int>(repeating: 1)
    for axis in 0..<rank {
      let left = axis - rank + self.rank
      let right = axis - rank + other.rank
      let l = left < 0 ? 1 : self[left]
      let r = right < 0 ? 1 : other[right]
      guard l == r || l == 1 || r == 1 else { return nil }
      result[axis] = l == 1 ? r : l
    }
    return Shape(extents: result, rank: rank)
  }
}
