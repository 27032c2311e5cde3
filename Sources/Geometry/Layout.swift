/// How the elements of a tensor are found in flat memory: `offset + Σ index · stride`.
///
/// Movement operations (permute, slice, broadcast, flip) change the layout and move nothing;
/// whoever can read strided memory reads it where it lies.
package struct Layout: Hashable, Sendable {
  package var shape: Shape
  package var strides: [Int]
  package var offset: Int

  package init(shape: Shape, strides: [Int], offset: Int = 0) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// Row-major, from the start of the memory.
  package init(contiguous shape: Shape) {
    self.init(shape: shape, strides: shape.strides)
  }

  /// Whether the elements lie next to each other in row-major order; the offset may be anything.
  package var isContiguous: Bool {
    if shape.count == 0 { return true }
    var expected = 1
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) where shape[axis] != 1 {
      guard strides[axis] == expected else { return false }
      expected *= shape[axis]
    }
    return true
  }

  package func permuted(_ axes: [Int]) -> Layout {
    Layout(shape: Shape(axes.map { shape[$0] }), strides: axes.map { strides[$0] }, offset: offset)
  }

  /// The layout read as if it had `target`'s shape: axes of one element are repeated.
  package func broadcast(to target: Shape) -> Layout {
    let lead = target.rank - shape.rank
    var strides = [Int](repeating: 0, count: target.rank)
    for axis in 0..<shape.rank where shape[axis] == target[axis + lead] && shape[axis] != 1 {
      strides[axis + lead] = self.strides[axis]
    }
    return Layout(shape: target, strides: strides, offset: offset)
  }

  /// Every `step`-th index of each axis from `start` on, `result` of them. A step may be negative.
  package func sliced(start: [Int], step: [Int], result: Shape) -> Layout {
    var layout = Layout(shape: result, strides: strides, offset: offset)
    for axis in 0..<shape.rank {
      layout.offset += start[axis] * strides[axis]
      layout.strides[axis] *= step[axis]
    }
    return layout
  }

  /// The same elements in the same order under another shape, or nil if that needs a copy.
  package func reshaped(to target: Shape) -> Layout? {
    if isContiguous { return Layout(shape: target, strides: target.strides, offset: offset) }
    // Group runs of old axes whose product equals that of runs of new ones; each old run has to be
    // mergeable into one axis.
    let old = (0..<shape.rank).filter { shape[$0] != 1 }
    var strides = [Int](repeating: 0, count: target.rank)
    var i = 0
    var j = 0
    while i < old.count {
      var k = i
      var oldCount = shape[old[i]]
      var newCount = 1
      let first = j
      while newCount < oldCount || j == first {
        guard j < target.rank else { return nil }
        newCount *= target[j]
        j += 1
        while oldCount < newCount {
          k += 1
          guard k < old.count, self.strides[old[k - 1]] == self.strides[old[k]] * shape[old[k]]
          else { return nil }
          oldCount *= shape[old[k]]
        }
      }
      guard oldCount == newCount else { return nil }
      var step = self.strides[old[k]]
      for axis in stride(from: j - 1, through: first, by: -1) {
        strides[axis] = step
        step *= target[axis]
      }
      i = k + 1
    }
    return Layout(shape: target, strides: strides, offset: offset)
  }
}
