/// A row-major array of doubles on which the expected results are computed, one index at a time.
///
/// Nothing here calls the library: a mistake of its own cannot hide in what it is compared with.
public struct Reference: Sendable, Equatable {
  public let shape: [Int]
  public var values: [Double]

  public init(_ shape: [Int], _ values: [Double]) {
    self.shape = shape
    self.values = values
  }

  public init(_ shape: [Int], repeating value: Double) {
    self.init(shape, [Double](repeating: value, count: shape.reduce(1, *)))
  }

  /// The array whose element at each index is what `element` says.
  public init(_ shape: [Int], _ element: ([Int]) -> Double) {
    self.init(shape, [])
    values.reserveCapacity(count)
    forEachIndex(of: shape) { values.append(element($0)) }
  }

  public var rank: Int { shape.count }
  public var count: Int { shape.reduce(1, *) }

  public subscript(index: [Int]) -> Double {
    get { values[position(index)] }
    set { values[position(index)] = newValue }
  }

  private func position(_ index: [Int]) -> Int {
    var position = 0
    for axis in 0..<rank { position = position * shape[axis] + index[axis] }
    return position
  }

  public func map(_ function: (Double) -> Double) -> Reference {
    Reference(shape, values.map(function))
  }
}

/// Calls `body` with each index of `shape` in row-major order.
public func forEachIndex(of shape: [Int], _ body: ([Int]) -> Void) {
  guard !shape.contains(0) else { return }
  var index = [Int](repeating: 0, count: shape.count)
  while true {
    body(index)
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < shape[axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

extension Reference {
  /// The shape that all broadcast to by NumPy's rule.
  public static func broadcastShape(_ shapes: [[Int]]) -> [Int] {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.enumerated() where extent != 1 {
        result[axis + rank - shape.count] = extent
      }
    }
    return result
  }

  /// The element that stands at `index` once the array is broadcast to a shape of that rank.
  public func broadcast(at index: [Int]) -> Double {
    var own = Array(index.suffix(rank))
    for axis in 0..<rank where shape[axis] == 1 { own[axis] = 0 }
    return self[own]
  }

  /// `function` of the elements of all arrays at each index, broadcast together.
  public static func elementwise(_ arrays: [Reference], _ function: ([Double]) -> Double)
    -> Reference
  {
    Reference(broadcastShape(arrays.map(\.shape))) { index in
      function(arrays.map { $0.broadcast(at: index) })
    }
  }

  /// `function` of the elements that differ only in their index along `axes`, in row-major order.
  public func reduced(_ axes: [Int]?, keeping: Bool, _ function: ([Double]) -> Double) -> Reference
  {
    let axes = (axes ?? Array(0..<rank)).map { $0 < 0 ? $0 + rank : $0 }
    let inner = axes.sorted().map { shape[$0] }
    let kept = (0..<rank).map { axes.contains($0) ? 1 : shape[$0] }
    let result = Reference(kept) { index in
      var group: [Double] = []
      forEachIndex(of: inner) { along in
        var full = index
        for (axis, position) in zip(axes.sorted(), along) { full[axis] = position }
        group.append(self[full])
      }
      return function(group)
    }
    if keeping { return result }
    let rest = (0..<rank).filter { !axes.contains($0) }.map { shape[$0] }
    return Reference(rest, result.values)
  }

  /// The array with its axes in another order: axis `k` of the result is axis `axes[k]`.
  public func permuted(_ axes: [Int]) -> Reference {
    Reference(axes.map { shape[$0] }) { index in
      var own = index
      for (k, axis) in axes.enumerated() { own[axis] = index[k] }
      return self[own]
    }
  }
}
