/// The index space that a program runs over, and where each of its inputs lies in it.
///
/// Results are stored row-major. Neighbouring axes that no input tells apart are merged, so most
/// domains have one axis, those with a broadcast row or column two.
package struct Domain: Hashable, Sendable {
  /// Extents, outermost first; none is 1 unless it is the only one.
  package let extents: [Int]
  /// One an input: the distance in elements between neighbours along each axis, and of the first.
  package let accesses: [Access]
  /// What the `coordinate` instructions count: `(index / stride) % extent`.
  package let coordinates: [Coordinate]

  package struct Access: Hashable, Sendable {
    package let strides: [Int]
    package let offset: Int
    package let kind: Kind
  }

  package struct Coordinate: Hashable, Sendable {
    package let stride: Int, extent: Int

    package init(stride: Int, extent: Int) {
      self.stride = stride
      self.extent = extent
    }
  }

  /// The patterns that kernels have fast loops for; `index` counts elements of the domain.
  package enum Kind: Hashable, Sendable {
    /// At `index`.
    case contiguous
    /// Always the first element.
    case scalar
    /// At `index % period`: a row added to each row of a matrix.
    case row(period: Int)
    /// At `index / period`: one value for each row of a matrix.
    case column(period: Int)
    /// Anything else: by the strides.
    case strided
  }

  /// The domain of `shape` read through `layouts`, each of which has that shape.
  package init(shape: Shape, reading layouts: [Layout], coordinates: [Coordinate] = []) {
    var extents: [Int] = []
    var strides = [[Int]](repeating: [], count: layouts.count)
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let extent = shape[axis]
      let merges =
        !extents.isEmpty
        && layouts.indices.allSatisfy { strides[$0].last == layouts[$0].strides[axis] * extent }
      if merges { extents[extents.count - 1] *= extent } else { extents.append(extent) }
      for (k, layout) in layouts.enumerated() {
        if merges {
          strides[k][extents.count - 1] = layout.strides[axis]
        } else {
          strides[k].append(layout.strides[axis])
        }
      }
    }
    if extents.isEmpty {
      extents = [1]
      strides = strides.map { _ in [1] }
    }
    self.extents = extents
    self.coordinates = coordinates
    accesses = zip(layouts, strides).map { layout, strides in
      Access(strides: strides, offset: layout.offset, kind: Self.kind(strides, extents))
    }
  }

  /// The domain of tensors that all have `count` elements in a row.
  package init(count: Int, inputs: Int) {
    let layout = Layout(contiguous: [count])
    self.init(shape: [count], reading: [Layout](repeating: layout, count: inputs))
  }

  package var count: Int { extents.reduce(1, *) }

  private static func kind(_ strides: [Int], _ extents: [Int]) -> Kind {
    let rank = extents.count
    var dense = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      dense[axis] = dense[axis + 1] * extents[axis + 1]
    }
    // Of nothing there is no pattern, and no period to divide by.
    if extents.contains(0) || strides == dense { return .contiguous }
    if strides.allSatisfy({ $0 == 0 }) { return .scalar }
    if let first = strides.firstIndex(where: { $0 != 0 }), strides[first...] == dense[first...] {
      return .row(period: dense[first] * extents[first])
    }
    if let last = strides.lastIndex(where: { $0 != 0 }) {
      let period = last + 1 < rank ? dense[last] : 1
      if strides[...last].elementsEqual(dense[...last].map { $0 / period }) {
        return .column(period: period)
      }
    }
    return .strided
  }
}
