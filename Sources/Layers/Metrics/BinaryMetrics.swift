public import Geometry
public import Tensors

/// How often elements on either side of a threshold were right and wrong, and a number from that.
public final class BinaryMetric: Metric {
  /// The four counts.
  public struct Counts: Sendable, Equatable {
    /// What was found and is there, found and is not, left and is not, left and is there.
    public var truePositives = 0.0, falsePositives = 0.0, trueNegatives = 0.0, falseNegatives = 0.0

    /// The share of what was found that is right.
    public var precision: Double { Self.share(truePositives, falsePositives) }
    /// The share of what is there that was found.
    public var recall: Double { Self.share(truePositives, falseNegatives) }
    /// The share of what is not there that was left alone.
    public var specificity: Double { Self.share(trueNegatives, falsePositives) }

    /// Precision and recall in one, recall counting `beta` times as much.
    public func fScore(beta: Double = 1) -> Double {
      let square = beta * beta
      let whole = (1 + square) * truePositives + square * falseNegatives + falsePositives
      return whole == 0 ? 0 : (1 + square) * truePositives / whole
    }

    /// Zero of nothing, as in Keras.
    private static func share(_ part: Double, _ rest: Double) -> Double {
      part + rest == 0 ? 0 : part / (part + rest)
    }
  }

  public let name: String
  public let isMaximized = true
  private let threshold: Double
  private let number: @Sendable (Counts) -> Double
  private let totals = Totals()

  /// - Parameters:
  ///   - name: what its number is called.
  ///   - threshold: predictions above it count as ones: 0.5 for probabilities, 0 for logits.
  ///   - number: what is made of the four counts; larger is taken for better.
  public init(
    _ name: String, threshold: Double = 0.5, number: @escaping @Sendable (Counts) -> Double
  ) {
    self.name = name
    self.threshold = threshold
    self.number = number
  }

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    try requireSameShape(name, predictions, targets)
    let found = try greater(predictions, predictions.scalar(threshold)).cast(to: .float32)
    let there = try isTrue(targets).cast(to: .float32)
    var weight = try Tensor.ones(predictions.shape, on: predictions.device)
    if let weights = try spread(weights, maskOf: predictions, over: predictions.shape, name) {
      weight = try weight * weights
    }
    try totals.add([
      (weight * found * there).sum(), (weight * found * (1 - there)).sum(),
      (weight * (1 - found) * (1 - there)).sum(), (weight * (1 - found) * there).sum(),
    ])
  }

  /// The four counts over all batches since the last reset.
  public func counts() throws(TensorError) -> Counts {
    guard let sums = try totals.values() else { return Counts() }
    return Counts(
      truePositives: sums[0][0], falsePositives: sums[1][0], trueNegatives: sums[2][0],
      falseNegatives: sums[3][0])
  }

  public func result() throws(TensorError) -> Double { number(try counts()) }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}

extension Metric where Self == BinaryMetric {
  /// The share of what was found that is right.
  public static func precision(threshold: Double = 0.5) -> BinaryMetric {
    BinaryMetric("precision", threshold: threshold) { $0.precision }
  }

  /// The share of what is there that was found.
  public static func recall(threshold: Double = 0.5) -> BinaryMetric {
    BinaryMetric("recall", threshold: threshold) { $0.recall }
  }

  /// The share of what is not there that was left alone.
  public static func specificity(threshold: Double = 0.5) -> BinaryMetric {
    BinaryMetric("specificity", threshold: threshold) { $0.specificity }
  }

  /// Precision and recall in one, recall counting `beta` times as much.
  public static func fScore(beta: Double = 1, threshold: Double = 0.5) -> BinaryMetric {
    BinaryMetric("F\(beta)", threshold: threshold) { $0.fScore(beta: beta) }
  }
}
