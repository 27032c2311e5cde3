internal import Backends
public import Geometry

extension Tensor {
  /// The elements from `begin` up to but not including `end`, every `strides`-th, along each axis.
  ///
  /// Bounds count from the end if negative, and are cut to the tensor, as in Python.
  public func sliced(
    begin: [Int], end: [Int], strides: [Int]? = nil
  ) throws(TensorError) -> Tensor {
    let window = try window(begin, end, strides, "sliced", [info])
    if window.shape == shape, window.step.allSatisfy({ $0 > 0 }) { return self }
    return try viewed(SliceOperation(window.start, window.step, "sliced"), window.shape)
  }

  /// The part of one axis that `range` names.
  public func slice(axis: Int, _ range: Range<Int>) throws(TensorError) -> Tensor {
    let axis = try shape.axis(axis, in: "slice")
    guard range.lowerBound >= 0, range.upperBound <= shape[axis] else {
      throw TensorError(
        .index, "slice", "\(range) is not in axis \(axis) of \(shape[axis])", operands: [info])
    }
    var start = [Int](repeating: 0, count: rank)
    start[axis] = range.lowerBound
    let step = [Int](repeating: 1, count: rank)
    let result = shape.replacing(axis, with: range.count)
    return result == shape ? self : try viewed(SliceOperation(start, step, "slice"), result)
  }

  /// This tensor with the elements that `sliced` would read replaced by those of `values`.
  public func replacingSlice(
    begin: [Int], end: [Int], strides: [Int]? = nil, with values: Tensor
  ) throws(TensorError) -> Tensor {
    let window = try window(begin, end, strides, "replacingSlice", [info, values.info])
    try Tensor.compatible(node, values.node, "replacingSlice", self, values)
    guard values.shape == window.shape else {
      throw TensorError(
        .shape, "replacingSlice", "the slice has shape \(window.shape)",
        operands: [info, values.info])
    }
    let place = Layout(contiguous: shape)
      .sliced(start: window.start, step: window.step, result: window.shape)
    let inside = try Tensor.assembled(shape, [(values, place)], fill: 0, "replacingSlice")
    let ones = Tensor.constant(1, window.shape, .bool, node.place)
    let mask = try Tensor.assembled(shape, [(ones, place)], fill: 0, "replacingSlice")
    return try select(mask, inside, self)
  }

  /// Neighbouring pieces of an axis, of the sizes given.
  public func split(sizes: [Int], axis: Int = 0) throws(TensorError) -> [Tensor] {
    let axis = try shape.axis(axis, in: "split")
    var total = 0
    for size in sizes {
      guard size >= 0 else {
        throw TensorError(.argument, "split", "a size is negative: \(sizes)", operands: [info])
      }
      let (sum, overflow) = total.addingReportingOverflow(size)
      guard !overflow else {
        throw TensorError(.argument, "split", "sizes overflow: \(sizes)", operands: [info])
      }
      total = sum
    }
    guard total == shape[axis], !sizes.isEmpty else {
      throw TensorError(
        .shape, "split", "sizes \(sizes) do not add up to axis \(axis) of \(shape[axis])",
        operands: [info])
    }
    var pieces: [Tensor] = []
    var start = 0
    for size in sizes {
      pieces.append(try slice(axis: axis, start..<(start + size)))
      start += size
    }
    return pieces
  }

  /// That many equal neighbouring pieces of an axis.
  public func split(parts: Int, axis: Int = 0) throws(TensorError) -> [Tensor] {
    let axis = try shape.axis(axis, in: "split")
    guard parts > 0, shape[axis] % parts == 0 else {
      throw TensorError(
        .shape, "split", "axis \(axis) of \(shape[axis]) has no \(parts) equal parts",
        operands: [info])
    }
    return try split(
      sizes: [Int](repeating: shape[axis] / parts, count: parts), axis: axis)
  }

  private struct Window {
    var start: [Int], step: [Int], shape: Shape
  }

  /// Python's rules for bounds and strides, for every axis.
  private func window(
    _ begin: [Int], _ end: [Int], _ strides: [Int]?, _ name: String, _ operands: [TensorInfo]
  ) throws(TensorError) -> Window {
    let strides = strides ?? [Int](repeating: 1, count: rank)
    guard begin.count == rank, end.count == rank, strides.count == rank else {
      throw TensorError(
        .argument, name,
        "begin \(begin), end \(end) and strides \(strides) need one number an axis",
        operands: operands)
    }
    var window = Window(start: [], step: strides, shape: shape)
    for axis in 0..<rank {
      let extent = shape[axis]
      let step = strides[axis]
      guard step != 0, step.magnitude <= UInt(Int32.max) else {
        throw TensorError(
          .argument, name, "stride \(step) of axis \(axis) is not usable", operands: operands)
      }
      func bound(_ index: Int) -> Int {
        let counted = index < 0 ? index &+ extent : index
        return step > 0
          ? Swift.max(0, Swift.min(extent, counted)) : Swift.max(-1, Swift.min(extent - 1, counted))
      }
      let first = bound(begin[axis])
      // A negative stride runs to before the first element where the end is as far below as that.
      let last = step < 0 && end[axis] < -extent ? -1 : bound(end[axis])
      let span = step > 0 ? last - first : first - last
      window.start.append(first)
      window.shape[axis] = span > 0 ? (span - 1) / Swift.abs(step) + 1 : 0
      if window.shape[axis] == 0 { window.start[axis] = 0 }
    }
    return window
  }
}
