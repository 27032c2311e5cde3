public import Geometry
public import Tensors

extension Metric where Self == MeanMetric {
  /// The mean of `|x - t|`.
  public static var meanAbsoluteError: MeanMetric {
    MeanMetric("mean absolute error", isMaximized: false) { x, t in
      try requireSameShape("mean absolute error", x, t)
      return try abs(x - t.cast(to: x.scalarType))
    }
  }

  /// The mean of `(x - t)²`.
  public static var meanSquaredError: MeanMetric {
    MeanMetric("mean squared error", isMaximized: false) { x, t in
      try requireSameShape("mean squared error", x, t)
      return try square(x - t.cast(to: x.scalarType))
    }
  }

  /// The root of the mean of `(x - t)²`.
  public static var rootMeanSquaredError: MeanMetric {
    MeanMetric("root mean squared error", isMaximized: false, finish: .squareRoot) { x, t in
      try requireSameShape("root mean squared error", x, t)
      return try square(x - t.cast(to: x.scalarType))
    }
  }

  /// `e` to the mean cross-entropy of logits, classes last: among how many words a model wavers.
  public static var perplexity: MeanMetric {
    MeanMetric("perplexity", isMaximized: false, finish: .exponential) {
      try softmaxCrossEntropy($0, $1, reduction: .none)
    }
  }

  /// The mean of any loss, as a metric.
  public static func loss(_ loss: Loss) -> MeanMetric {
    MeanMetric(
      loss.name, isMaximized: false,
      counts: { try loss.counting($0, $1, $2)?.cast(to: .float32) },
      values: { try loss($0, $1, reduction: .none) })
  }

  /// Twice the overlap over the sum, of each sample's thresholded mask and the true one.
  public static func dice(threshold: Double = 0.5) -> MeanMetric {
    MeanMetric("dice") { x, t in
      try requireSameShape("dice", x, t)
      let found = try greater(x, x.scalar(threshold)).cast(to: .float32)
      let there = try isTrue(t).cast(to: .float32)
      let axes = Array(1..<max(1, x.rank))
      let whole = try (found + there).sum(axes: axes)
      let both = try (found * there).sum(axes: axes) * 2
      // Two empty masks agree.
      return try select(greater(whole, Tensor(0)), both / maximum(whole, Tensor(1)), Tensor(1))
    }
  }
}

/// The share of the variance of targets that predictions explain; of several outputs, the last axis,
/// the mean of their shares.
public final class RSquared: Metric {
  public let name = "R²"
  public let isMaximized = true
  private let totals = Totals()

  /// A metric of no samples yet.
  public init() {}

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    try requireSameShape(name, predictions, targets)
    let t = try targets.cast(to: .float32)
    let error = try square(predictions.cast(to: .float32) - t)
    var weight = try Tensor.ones(t.shape, on: t.device)
    if let weights = try spread(weights, maskOf: predictions, over: t.shape, name) {
      weight = try weight * weights
    }
    let axes = t.rank < 2 ? nil : Array(0..<(t.rank - 1))
    func sum(_ x: Tensor) throws(TensorError) -> Tensor {
      if let axes { try x.sum(axes: axes) } else { try x.sum() }
    }
    try totals.add([
      sum(weight * error), sum(weight * t), sum(weight * t * t), sum(weight),
    ])
  }

  public func result() throws(TensorError) -> Double {
    guard let sums = try totals.values() else { return .nan }
    var shares: [Double] = []
    for output in sums[3].indices where sums[3][output] > 0 {
      let spread = sums[2][output] - sums[1][output] * sums[1][output] / sums[3][output]
      // Targets that are all alike have no variance to explain.
      if spread > 0 { shares.append(1 - sums[0][output] / spread) }
    }
    return shares.isEmpty ? .nan : shares.reduce(0, +) / Double(shares.count)
  }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}
