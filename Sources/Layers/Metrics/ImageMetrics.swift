internal import Geometry
internal import Glibc
internal import Tensors

extension Metric where Self == MeanMetric {
  /// The ratio of the largest value to the error of each image, in decibels.
  public static func peakSignalToNoise(largest: Double = 1) -> MeanMetric {
    MeanMetric("PSNR") { x, t in
      try requireSameShape("PSNR", x, t)
      let error = try square(x - t).mean(axes: Array(1..<max(1, x.rank)))
      // 100 dB stand for images that are equal.
      let bounded = try maximum(error, error.scalar(largest * largest * 1e-10))
      return try (log(bounded) - 2 * Glibc.log(largest)) * (-10 / Glibc.log(10))
    }
  }

  /// The structural similarity of images `[batch, rows, columns, channels]` (Wang et al. 2004),
  /// with a Gaussian window of 11 × 11 and deviation 1.5.
  public static func structuralSimilarity(largest: Double = 1) -> MeanMetric {
    MeanMetric("SSIM") { try structuralSimilarityOfImages($0, $1, largest: largest) }
  }
}

/// The structural similarity of each image of a batch.
func structuralSimilarityOfImages(
  _ x: Tensor, _ y: Tensor, largest: Double
) throws(TensorError) -> Tensor {
  try requireSameShape("SSIM", x, y)
  guard x.rank == 4, x.shape[1] >= 11, x.shape[2] >= 11 else {
    throw TensorError(
      .shape, "SSIM", "takes [batch, rows, columns, channels] of at least 11 × 11",
      operands: [TensorInfo(x)])
  }
  let channels = x.shape[3]
  let line = (0..<11).map { exp(-Double(($0 - 5) * ($0 - 5)) / (2 * 1.5 * 1.5)) }
  let sum = line.reduce(0, +)
  let taps = line.flatMap { row in line.map { Float(row * $0 / (sum * sum)) } }
  let window = try Tensor(taps, shape: [11, 11, 1, 1], on: x.device)
    .broadcast(to: [11, 11, channels, 1])
  func blurred(_ z: Tensor) throws(TensorError) -> Tensor { try depthwiseConv2D(z, window) }
  let (meanX, meanY) = (try blurred(x), try blurred(y))
  let varianceX = try blurred(x * x) - meanX * meanX
  let varianceY = try blurred(y * y) - meanY * meanY
  let covariance = try blurred(x * y) - meanX * meanY
  let (a, b) = (0.01 * 0.01 * largest * largest, 0.03 * 0.03 * largest * largest)
  let above = try (meanX * meanY * 2 + a) * (covariance * 2 + b)
  let below = try (meanX * meanX + meanY * meanY + a) * (varianceX + varianceY + b)
  return try (above / below).mean(axes: [1, 2, 3])
}
