internal import Backends
public import Geometry

/// `x` with mean 0 and variance 1 in each channel, its last axis, times `scale` plus `shift`; and
/// the means and biased variances of the batch, which no gradient should be lost on.
///
/// This is the form for training (Ioffe and Szegedy 2015). The statistics are taken over all axes
/// but the last, in one pass; `movingAverage` takes them into those that inference uses.
///
///     let (y, mean, variance) = try batchNorm(x, scale: gamma, shift: beta)
///
/// - Parameters:
///   - x: floating-point, `[…, channels]`, of two axes or more.
///   - scale: `[channels]`; nil for none.
///   - shift: `[channels]`; nil for none.
///   - epsilon: added to the variances.
public func batchNorm(
  _ x: Tensor, scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Double = 1e-3
) throws(TensorError) -> (result: Tensor, mean: Tensor, variance: Tensor) {
  let operands = try NormalizationOperands("batchNorm", x, scale, shift, epsilon, leastRank: 2)
  let channels: Shape = [x.shape.last]
  try operands.require(channels)
  let axes = 0..<(x.rank - 1)
  let (mean, variance) = try operands.moments(axes: axes)
  let result = try operands.result(mean: mean, variance: variance, axes: axes)
  return (result, try mean.reshaped(to: channels), try variance.reshaped(to: channels))
}

/// `x` normalised by the given mean and variance of each channel, its last axis, times `scale` plus
/// `shift`: the form for inference, folded into one multiplication and one addition an element.
///
/// - Parameters:
///   - x: floating-point, `[…, channels]`.
///   - mean: `[channels]`.
///   - variance: `[channels]`.
///   - scale: `[channels]`; nil for none.
///   - shift: `[channels]`; nil for none.
///   - epsilon: added to the variances.
public func batchNorm(
  _ x: Tensor, mean: Tensor, variance: Tensor, scale: Tensor? = nil, shift: Tensor? = nil,
  epsilon: Double = 1e-3
) throws(TensorError) -> Tensor {
  let operands = try NormalizationOperands(
    "batchNorm", x, scale, shift, epsilon, leastRank: 1, others: [mean, variance])
  try operands.require([x.shape.last])
  var factor = try rsqrt(operands.others[1] + epsilon)
  if let scale = operands.scale { factor = try factor * scale }
  let moved = try operands.others[0] * factor
  let offset: Tensor
  if let shift = operands.shift { offset = try shift - moved } else { offset = try -moved }
  return try (operands.x * factor + offset).cast(to: x.scalarType)
}

/// `average · momentum + value · (1 - momentum)`: a running statistic after another batch.
public func movingAverage(
  _ average: Tensor, _ value: Tensor, momentum: Double = 0.99
) throws(TensorError) -> Tensor {
  guard average.scalarType.isFloatingPoint else {
    throw Tensor.unfit("movingAverage", [average, value])
  }
  try Tensor.compatible(average.node, value.node, "movingAverage", average, value)
  guard momentum >= 0, momentum <= 1 else {
    throw TensorError(
      .argument, "movingAverage", "momentum \(momentum) is not from 0 to 1",
      operands: [average.info, value.info])
  }
  guard average.shape == value.shape else {
    throw TensorError(
      .shape, "movingAverage", "shapes differ", operands: [average.info, value.info])
  }
  return try average * momentum + value * (1 - momentum)
}

/// `x` with mean 0 and variance 1 over its last axes, times `scale` plus `shift` (Ba 2016).
///
/// - Parameters:
///   - x: floating-point, of one axis or more.
///   - scale: of the shape of the normalised axes; nil for none.
///   - shift: of the shape of the normalised axes; nil for none.
///   - axisCount: how many axes are normalised; nil for as many as `scale` or `shift` has, else
///     one.
///   - epsilon: added to the variances.
public func layerNorm(
  _ x: Tensor, scale: Tensor? = nil, shift: Tensor? = nil, axisCount: Int? = nil,
  epsilon: Double = 1e-3
) throws(TensorError) -> Tensor {
  let operands = try NormalizationOperands("layerNorm", x, scale, shift, epsilon, leastRank: 1)
  let axes = try operands.trailingAxes(axisCount)
  try operands.require(Shape(x.shape[axes]))
  let (mean, variance) = try operands.moments(axes: axes)
  return try operands.rowResult(mean: mean, factor: rsqrt(variance + epsilon), axes: axes)
}

/// `x` divided by its root mean square over its last axes, times `scale` (Zhang and Sennrich 2019).
///
/// - Parameters:
///   - x: floating-point, of one axis or more.
///   - scale: of the shape of the normalised axes; nil for none.
///   - axisCount: how many axes are normalised; nil for as many as `scale` has, else one.
///   - epsilon: added to the mean squares.
public func rmsNorm(
  _ x: Tensor, scale: Tensor? = nil, axisCount: Int? = nil, epsilon: Double = 1e-6
) throws(TensorError) -> Tensor {
  let operands = try NormalizationOperands("rmsNorm", x, scale, nil, epsilon, leastRank: 1)
  let axes = try operands.trailingAxes(axisCount)
  try operands.require(Shape(x.shape[axes]))
  _ = try operands.geometry(axes: axes)
  let squares = try square(operands.x).mean(axes: Array(axes), keepingAxes: true)
  return try operands.rowResult(mean: nil, factor: rsqrt(squares + epsilon), axes: axes)
}

/// `x`, `[batch, …, channels]`, with mean 0 and variance 1 in each of `groups` groups of
/// neighbouring channels of each example, times `scale` plus `shift` (Wu and He 2018).
///
/// - Parameters:
///   - x: floating-point, `[batch, …, channels]`.
///   - groups: how many; the channels are a multiple of it.
///   - scale: `[channels]`; nil for none.
///   - shift: `[channels]`; nil for none.
///   - epsilon: added to the variances.
public func groupNorm(
  _ x: Tensor, groups: Int, scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Double = 1e-3
) throws(TensorError) -> Tensor {
  try grouped("groupNorm", x, groups, scale, shift, epsilon)
}

/// `x`, `[batch, …, channels]`, with mean 0 and variance 1 in each channel of each example, times
/// `scale` plus `shift` (Ulyanov 2016).
///
/// - Parameters:
///   - x: floating-point, `[batch, …, channels]`.
///   - scale: `[channels]`; nil for none.
///   - shift: `[channels]`; nil for none.
///   - epsilon: added to the variances.
public func instanceNorm(
  _ x: Tensor, scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Double = 1e-3
) throws(TensorError) -> Tensor {
  try grouped("instanceNorm", x, nil, scale, shift, epsilon)
}

private func grouped(
  _ name: String, _ x: Tensor, _ groups: Int?, _ scale: Tensor?, _ shift: Tensor?,
  _ epsilon: Double
) throws(TensorError) -> Tensor {
  let operands = try NormalizationOperands(name, x, scale, shift, epsilon, leastRank: 2)
  let channels = x.shape.last
  let groups = groups ?? channels
  guard groups > 0 || channels == 0, groups >= 0, groups == 0 || channels % groups == 0 else {
    throw TensorError(
      .argument, name, "\(channels) channels do not make \(groups) groups", operands: [x.info])
  }
  try operands.require([channels])
  // The statistics of each channel by itself, then those of a group from those of its channels:
  // the variance is their mean variance and the variance of their means.
  let axes = 1..<(x.rank - 1)
  var (mean, variance) = try operands.moments(axes: axes)
  if groups < channels {
    let size = channels / groups
    let batch = x.shape[0]
    let kept = mean.shape
    let means = try mean.reshaped(to: [batch, groups, size])
    let middle = try means.mean(axes: [2], keepingAxes: true)
    let distance = try means - middle
    let within = try variance.reshaped(to: [batch, groups, size])
    let spread = try (within + distance * distance).mean(axes: [2], keepingAxes: true)
    mean = try middle.broadcast(to: means.shape).reshaped(to: kept)
    variance = try spread.broadcast(to: means.shape).reshaped(to: kept)
  }
  return try operands.result(mean: mean, variance: variance, axes: axes)
}
