internal import Backends
public import Geometry

/// The convolution of images `[batch, rows, columns, inputs]` with a filter
/// `[rows, columns, inputs / groups, outputs]`: `[batch, rows, columns, outputs]`.
///
///     try conv2D(x, filter, bias: bias, padding: .same)    // [64, 28, 28, 1] × [5, 5, 1, 6] → [64, 28, 28, 6]
///
/// - Parameters:
///   - x: `[batch, rows, columns, inputs]`.
///   - filter: `[rows, columns, inputs / groups, outputs]`.
///   - bias: a number for each output, added to all positions.
///   - stride: how far a window moves from one result to the next, down and across.
///   - padding: how many zeros stand around the image.
///   - dilation: the distance between the taps of a window, down and across.
///   - groups: into how many parts the channels are cut, each of which sees its own only.
public func conv2D(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1],
  padding: Padding = .valid, dilation: [Int] = [1, 1], groups: Int = 1
) throws(TensorError) -> Tensor {
  try Convolving("conv2D", 2, x, filter, bias)
    .forward(stride, padding, dilation, groups)
}

/// The convolution with the same stride and dilation down and across.
public func conv2D(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int, padding: Padding = .valid,
  dilation: Int = 1, groups: Int = 1
) throws(TensorError) -> Tensor {
  try conv2D(
    x, filter, bias: bias, stride: [stride, stride], padding: padding,
    dilation: [dilation, dilation], groups: groups)
}

/// The convolution of sequences `[batch, time, inputs]` with a filter
/// `[time, inputs / groups, outputs]`: `[batch, time, outputs]`.
///
/// Padding `.causal` lets no result see what comes after it.
public func conv1D(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = .valid,
  dilation: Int = 1, groups: Int = 1
) throws(TensorError) -> Tensor {
  try Convolving("conv1D", 1, x, filter, bias)
    .forward([stride], padding, [dilation], groups)
}

/// The convolution of each channel by itself, with a filter `[rows, columns, inputs, multiplier]`:
/// channel `i` gives the outputs from `i · multiplier` on.
public func depthwiseConv2D(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1],
  padding: Padding = .valid, dilation: [Int] = [1, 1]
) throws(TensorError) -> Tensor {
  try Convolving("depthwiseConv2D", 2, x, filter, bias).depthwise(stride, padding, dilation)
}

/// The depthwise convolution with the same stride and dilation down and across.
public func depthwiseConv2D(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int, padding: Padding = .valid,
  dilation: Int = 1
) throws(TensorError) -> Tensor {
  try depthwiseConv2D(
    x, filter, bias: bias, stride: [stride, stride], padding: padding,
    dilation: [dilation, dilation])
}

/// A depthwise convolution, then a pointwise one that mixes its channels.
///
/// - Parameters:
///   - x: `[batch, rows, columns, inputs]`.
///   - depthwise: a filter `[rows, columns, inputs, multiplier]`.
///   - pointwise: a filter `[1, 1, inputs · multiplier, outputs]`.
///   - bias: a number for each output, added to all positions.
///   - stride: how far a depthwise window moves from one result to the next, down and across.
///   - padding: how many zeros stand around the image.
///   - dilation: the distance between the taps of a depthwise window, down and across.
public func separableConv2D(
  _ x: Tensor, depthwise: Tensor, pointwise: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1],
  padding: Padding = .valid, dilation: [Int] = [1, 1]
) throws(TensorError) -> Tensor {
  guard pointwise.rank == 4, pointwise.shape[0] == 1, pointwise.shape[1] == 1 else {
    throw TensorError(
      .shape, "separableConv2D", "the pointwise filter is not [1, 1, inputs, outputs]",
      operands: [x.info, depthwise.info, pointwise.info])
  }
  do throws(TensorError) {
    let parts = try Convolving("separableConv2D", 2, x, depthwise, nil)
      .depthwise(stride, padding, dilation)
    return try Convolving("separableConv2D", 2, parts, pointwise, bias)
      .forward([1, 1], .valid, [1, 1], 1)
  } catch {
    // Each part knows two operands; what is wrong may be with the third.
    throw TensorError(
      error.kind, error.operation, error.detail,
      operands: [x.info, depthwise.info, pointwise.info] + (bias.map { [$0.info] } ?? []),
      hint: error.hint)
  }
}

/// The transposed convolution: what the gradient of `conv2D` does to images
/// `[batch, rows, columns, inputs]`, with a filter `[rows, columns, outputs / groups, inputs]`.
///
/// The result has `stride` times the rows and columns with padding `.same`, and as many more as the
/// window is longer than the stride with `.valid`.
///
/// - Parameters:
///   - x: `[batch, rows, columns, inputs]`.
///   - filter: `[rows, columns, outputs / groups, inputs]`.
///   - bias: a number for each output, added to all positions.
///   - stride: by how many rows and columns of the result neighbouring positions of `x` are apart.
///   - padding: that of the convolution whose gradient this is: what it adds is cut off the result.
///   - outputPadding: how many positions the result has after the last that a window reaches, less
///     than the stride; then the size is what Keras makes of it. Nil for the size above.
///   - dilation: the distance between the taps of a window, down and across.
///   - groups: into how many parts the channels are cut, each of which sees its own only.
public func conv2DTranspose(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1],
  padding: Padding = .valid, outputPadding: [Int]? = nil, dilation: [Int] = [1, 1],
  groups: Int = 1
) throws(TensorError) -> Tensor {
  try Convolving("conv2DTranspose", 2, x, filter, bias)
    .transposed(stride, padding, outputPadding, dilation, groups)
}

/// The transposed convolution with the same stride and dilation down and across.
public func conv2DTranspose(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int, padding: Padding = .valid,
  outputPadding: Int? = nil, dilation: Int = 1, groups: Int = 1
) throws(TensorError) -> Tensor {
  try conv2DTranspose(
    x, filter, bias: bias, stride: [stride, stride], padding: padding,
    outputPadding: outputPadding.map { [$0, $0] }, dilation: [dilation, dilation], groups: groups)
}

/// The transposed convolution of sequences `[batch, time, inputs]` with a filter
/// `[time, outputs / groups, inputs]`.
public func conv1DTranspose(
  _ x: Tensor, _ filter: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = .valid,
  outputPadding: Int? = nil, dilation: Int = 1, groups: Int = 1
) throws(TensorError) -> Tensor {
  try Convolving("conv1DTranspose", 1, x, filter, bias)
    .transposed([stride], padding, outputPadding.map { [$0] }, [dilation], groups)
}
