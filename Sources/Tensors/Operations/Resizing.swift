internal import Backends
public import Geometry

/// How pixels between pixels are made.
public enum Interpolation: Sendable, Hashable {
  /// The pixel whose area the new pixel's centre lies in: `floor((i + 0.5) · old / new)`.
  case nearest
  /// The mean of the four pixels around the new pixel's centre, weighted by how close they are.
  case bilinear
}

/// Images `[batch, rows, columns, channels]` at another size, `[rows, columns]`.
///
/// Pixels are areas: a new pixel's centre `(i + 0.5) · old / new - 0.5` is where its value is
/// taken, and beyond the outermost centres the image goes on as it is there. With `alignCorners`
/// the centres of the outermost pixels stay where they are instead. Nothing is smoothed when an
/// image becomes smaller; `adaptiveAveragePool2D` does that.
public func resized2D(
  _ x: Tensor, to size: [Int], mode: Interpolation = .nearest, alignCorners: Bool = false
) throws(TensorError) -> Tensor {
  try Image(x, "resized2D").resized(size, "size", mode, alignCorners)
}

/// Images `[batch, rows, columns, channels]` whose rows and columns are `scale` times as many; see
/// `resized2D`.
public func upsample2D(
  _ x: Tensor, scale: [Int], mode: Interpolation = .nearest, alignCorners: Bool = false
) throws(TensorError) -> Tensor {
  let image = try Image(x, "upsample2D")
  guard scale.count == 2, scale.allSatisfy({ $0 > 0 && $0 <= Int(Int32.max) }) else {
    throw image.fail("scale \(scale) is not a factor for rows and one for columns")
  }
  let size = [x.shape[1] * scale[0], x.shape[2] * scale[1]]
  return try image.resized(size, "size", mode, alignCorners)
}

extension Image {
  fileprivate func resized(
    _ size: [Int], _ noun: String, _ mode: Interpolation, _ alignCorners: Bool
  ) throws(TensorError) -> Tensor {
    guard mode == .bilinear || !alignCorners else {
      throw fail("corners can be aligned in bilinear mode only")
    }
    let (rows, columns) = try spans(size, noun) { input, output in
      mode == .nearest
        ? .nearest(input: input, output: output)
        : .linear(input: input, output: output, alignsCorners: alignCorners)
    }
    return try resampled(rows, columns)
  }
}

/// Channels spread over pixels: `[batch, rows, columns, channels · factor²]` to
/// `[batch, rows · factor, columns · factor, channels]`.
///
/// Channel `(c · factor + i) · factor + j` becomes channel `c` of the pixel `i` rows down and `j`
/// columns on (PyTorch's order). Moves elements once.
public func pixelShuffle(_ x: Tensor, factor: Int) throws(TensorError) -> Tensor {
  try requirePixels(x, factor, "pixelShuffle")
  let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  guard c % (factor * factor) == 0 else {
    throw TensorError(
      .shape, "pixelShuffle", "\(c) channels are not a multiple of \(factor)²", operands: [x.info])
  }
  let channels = c / (factor * factor)
  return try x.reshaped(to: [n, h, w, channels, factor, factor]).permuted([0, 1, 4, 2, 5, 3])
    .reshaped(to: [n, h * factor, w * factor, channels])
}

/// Pixels gathered into channels: undoes `pixelShuffle`.
public func pixelUnshuffle(_ x: Tensor, factor: Int) throws(TensorError) -> Tensor {
  try requirePixels(x, factor, "pixelUnshuffle")
  let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  guard h % factor == 0, w % factor == 0 else {
    throw TensorError(
      .shape, "pixelUnshuffle", "rows or columns are not a multiple of \(factor)",
      operands: [x.info])
  }
  return try x.reshaped(to: [n, h / factor, factor, w / factor, factor, c])
    .permuted([0, 1, 3, 5, 2, 4])
    .reshaped(to: [n, h / factor, w / factor, c * factor * factor])
}

private func requirePixels(_ x: Tensor, _ factor: Int, _ name: String) throws(TensorError) {
  guard x.rank == 4 else {
    throw TensorError(
      .shape, name, "takes images [batch, rows, columns, channels]", operands: [x.info])
  }
  // A square of it cannot overflow.
  guard factor > 0, factor <= 1 << 15 else {
    throw TensorError(.argument, name, "factor \(factor) is out of range", operands: [x.info])
  }
}

/// What each window over images `[batch, rows, columns, channels]` sees, in a row:
/// `[batch, windows, windows, window rows · window columns · channels]`.
///
/// The elements are in the order of the window's rows, then its columns, then channels, so that
/// the product with a filter `[rows · columns · channels, outputs]` is a convolution. Padding is
/// zeros. In the gradient a pixel gets the sum over the windows that see it, in a fixed order.
public func patches(
  _ x: Tensor, window: [Int], stride: [Int] = [1, 1], dilation: [Int] = [1, 1],
  padding: Padding = .valid
) throws(TensorError) -> Tensor {
  let image = try Image(x, "patches")
  let (rows, columns) = try image.windows(
    taps: window, stride: stride, dilation: dilation, padding: padding)
  return try image.patches(rows, columns)
}

/// Sums with weights along both axes of images. Its gradient is one too.
final class ResamplingOperation: KernelOperation, @unchecked Sendable {
  private let resampling: Resampling
  private static let code = Operation.newCode()

  private init(_ resampling: Resampling, _ name: String) {
    self.resampling = resampling
    super.init(name, code: Self.code)
  }

  static func record(
    _ resampling: Resampling, _ x: Tensor, _ name: String
  ) throws(TensorError) -> Tensor {
    try Tensor(
      recording: Node(
        ResamplingOperation(resampling, name), resampling.outputShape, x.scalarType, x.node.place,
        x.node))
  }

  override var windows: (rows: Window, columns: Window)? {
    guard !resampling.isTransposed, let rows = resampling.rows.window,
      let columns = resampling.columns.window
    else { return nil }
    return (rows, columns)
  }

  override func describe(into key: inout Key) {
    key.append(resampling.isTransposed ? 1 : 0)
    key.append(resampling.rows)
    key.append(resampling.columns)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let input = try builder.contiguous(builder.inputs[value][0])
    builder.add(try builder.backend.resampling(resampling), reads: [input], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, Self.record(resampling.transposed, context.upstream, name))
  }
}

/// What windows see, or the sum of that at each pixel. Each is the gradient of the other.
final class PatchesOperation: KernelOperation, @unchecked Sendable {
  private let patches: Patches
  private let folds: Bool
  private static let code = Operation.newCode()

  private init(_ patches: Patches, folds: Bool, _ name: String) {
    self.patches = patches
    self.folds = folds
    super.init(name, code: Self.code)
  }

  static func record(
    _ patches: Patches, _ x: Tensor, folds: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    let shape = folds ? patches.inputShape : patches.outputShape
    return try Tensor(
      recording: Node(
        PatchesOperation(patches, folds: folds, name), shape, x.scalarType, x.node.place, x.node))
  }

  override func describe(into key: inout Key) {
    key.append(folds ? 1 : 0)
    key.append(patches.rows)
    key.append(patches.columns)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let input = try builder.contiguous(builder.inputs[value][0])
    let kernel = try folds ? builder.backend.fold(patches) : builder.backend.patches(patches)
    builder.add(kernel, reads: [input], writes: [value])
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let upstream = context.upstream
    let type = upstream.scalarType
    guard !folds, type.computeType != type else {
      return try context.give(0, Self.record(patches, upstream, folds: !folds, name))
    }
    let wide = Patches(
      type.computeType, batch: patches.batch, rows: patches.rows, columns: patches.columns,
      channels: patches.channels)
    let sum = try Self.record(wide, upstream.cast(to: type.computeType), folds: true, name)
    try context.give(0, sum.cast(to: type))
  }
}
