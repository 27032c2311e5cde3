internal import Backends
internal import Geometry

/// A tensor as images `[batch, rows, columns, channels]`, for operations that slide windows over
/// them. A sequence `[batch, time, features]` is an image of one row.
struct Image {
  private let x: Tensor
  private let name: String
  private let isSequence: Bool
  /// The tensor as it came, for errors.
  private let original: Tensor

  init(_ x: Tensor, _ name: String) throws(TensorError) {
    guard x.rank == 4 else {
      throw TensorError(
        .shape, name, "takes images [batch, rows, columns, channels]", operands: [x.info])
    }
    self.x = x
    self.name = name
    original = x
    isSequence = false
  }

  init(sequence x: Tensor, _ name: String) throws(TensorError) {
    guard x.rank == 3 else {
      throw TensorError(.shape, name, "takes sequences [batch, time, features]", operands: [x.info])
    }
    original = x
    self.x = try x.expanded(at: 1)
    self.name = name
    isSequence = true
  }

  private var batch: Int { x.shape[0] }
  private var channels: Int { x.shape[3] }
  private var spatialCount: Int { isSequence ? 1 : 2 }

  func fail(_ detail: String, _ kind: TensorError.Kind = .argument) -> TensorError {
    TensorError(kind, name, detail, operands: [original.info])
  }

  /// The extents of spatial axis `axis`, counted from 0.
  private func extent(_ axis: Int) -> Int { x.shape[isSequence ? 2 : 1 + axis] }

  private func requireCounts(_ lists: (String, [Int])...) throws(TensorError) {
    for (what, list) in lists where list.count != spatialCount {
      throw fail("\(what) \(list) is not a number for each of \(spatialCount) spatial axes")
    }
  }

  /// The windows along rows and columns.
  func windows(
    taps: [Int], stride: [Int], dilation: [Int], padding: Padding
  ) throws(TensorError) -> (Window, Window) {
    try requireCounts(("window", taps), ("stride", stride), ("dilation", dilation))
    if case .explicit(let before, let after) = padding {
      try requireCounts(("padding before", before), ("padding after", after))
    }
    var windows: [Window] = isSequence ? [.pointwise(1)] : []
    for axis in 0..<spatialCount {
      windows.append(
        try Window(
          over: extent(axis), taps: taps[axis], stride: stride[axis], dilation: dilation[axis],
          padding: padding, axis: axis, orThrow: { fail($0) }))
    }
    return (windows[0], windows[1])
  }

  /// The windows of pooling: each sees a pixel at least.
  func windows(
    _ taps: [Int], _ stride: [Int], _ padding: Padding
  ) throws(TensorError) -> (Span, Span) {
    let dilation = [Int](repeating: 1, count: spatialCount)
    let (rows, columns) = try windows(
      taps: taps, stride: stride, dilation: dilation, padding: padding)
    for window in [rows, columns] {
      let last = (window.output - 1) * window.stride - window.before
      guard window.before < window.taps, last < window.input else {
        throw fail(
          "a window of \(window.taps) lies in padding (\(window.before), \(window.after)) "
            + "altogether")
      }
    }
    return (.window(rows), .window(columns))
  }

  /// The cells of adaptive pooling.
  func cells(_ size: [Int]) throws(TensorError) -> (Span, Span) {
    try spans(size, "outputSize") { .cells(input: $0, output: $1) }
  }

  /// A span for each axis to extents `size`.
  func spans(
    _ size: [Int], _ noun: String, _ make: (_ input: Int, _ output: Int) -> Span
  ) throws(TensorError) -> (Span, Span) {
    try requireCounts((noun, size))
    var spans: [Span] = isSequence ? [.cells(input: 1, output: 1)] : []
    for axis in 0..<spatialCount {
      guard size[axis] > 0, size[axis] <= Int(Int32.max) else {
        throw fail("\(noun) \(size) is not a size")
      }
      guard extent(axis) > 0 else { throw fail("there are no pixels", .shape) }
      spans.append(make(extent(axis), size[axis]))
    }
    return (spans[0], spans[1])
  }

  /// Types that kernels are made for; the half-size ones are widened around them.
  private func widened(_ others: [ScalarType: ScalarType]) throws(TensorError) -> Tensor {
    let type = original.scalarType
    guard let wide = others[type] ?? (type.isFloatingPoint ? type.computeType : nil) else {
      throw Tensor.unfit(name, [original])
    }
    return wide == type ? x : try x.cast(to: wide)
  }

  private func narrowed(_ result: Tensor) throws(TensorError) -> Tensor {
    let result =
      result.scalarType == original.scalarType
      ? result : try result.cast(to: original.scalarType)
    return isSequence ? try result.squeezed(axes: [1]) : result
  }

  /// The shape of a result, if a tensor can have it.
  private func validated(_ shape: Shape) throws(TensorError) {
    _ = try original.validated(shape, name)
  }

  /// The largest values of the windows, and where they are.
  func maximum(
    _ rows: Span, _ columns: Span, countsInPlane: Bool = false
  ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
    let x = try widened([.int32: .int32, .int64: .int64, .uint8: .int32])
    let pooling = Pooling(
      x.scalarType, batch: batch, rows: rows, columns: columns, channels: channels,
      countsInPlane: countsInPlane)
    try validated(pooling.outputShape)
    if pooling.countsInPlane,
      rows.input.multipliedReportingOverflow(by: columns.input).partialValue > Int(Int32.max)
    {
      throw fail("an index into \(rows.input) × \(columns.input) pixels does not fit an int32")
    }
    let values = try Tensor(
      recording: Node(
        PoolingOperation(.values, pooling, name), pooling.outputShape, x.scalarType, x.node.place,
        x.node))
    guard countsInPlane else { return (try narrowed(values), values) }
    return (try narrowed(values), try PoolingOperation.winners(pooling, x, name))
  }

  /// Weighted sums along both axes.
  func resampled(_ rows: Span, _ columns: Span) throws(TensorError) -> Tensor {
    let x = try widened([:])
    let resampling = Resampling(
      x.scalarType, batch: batch, rows: rows, columns: columns, channels: channels)
    try validated(resampling.outputShape)
    return try narrowed(ResamplingOperation.record(resampling, x, name))
  }

  /// What the windows see.
  func patches(_ rows: Window, _ columns: Window) throws(TensorError) -> Tensor {
    let patches = Patches(
      x.scalarType, batch: batch, rows: rows, columns: columns, channels: channels)
    try validated(patches.outputShape)
    return try PatchesOperation.record(patches, x, folds: false, name)
  }
}
