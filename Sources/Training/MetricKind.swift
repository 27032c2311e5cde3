public import Layers

/// Which metric a trainer is to keep, as `metrics: [.accuracy]` names it: a recipe, of which
/// training and validation make one each.
public struct MetricKind: Sendable {
  private let make: @Sendable () -> any Metric

  /// A metric of one's own: `MetricKind { MyMetric() }`.
  public init(_ make: @escaping @Sendable () -> any Metric) { self.make = make }

  /// A new metric that has seen nothing.
  public func callAsFunction() -> any Metric { make() }

  public static let accuracy = MetricKind { MeanMetric.accuracy }

  public static func topKAccuracy(_ k: Int = 5) -> MetricKind {
    MetricKind { MeanMetric.topKAccuracy(k) }
  }

  /// - Parameter threshold: 0.5 for probabilities, 0 for logits.
  public static func binaryAccuracy(threshold: Double = 0.5) -> MetricKind {
    MetricKind { MeanMetric.binaryAccuracy(threshold: threshold) }
  }

  public static func precision(threshold: Double = 0.5) -> MetricKind {
    MetricKind { BinaryMetric.precision(threshold: threshold) }
  }

  public static func recall(threshold: Double = 0.5) -> MetricKind {
    MetricKind { BinaryMetric.recall(threshold: threshold) }
  }

  public static func specificity(threshold: Double = 0.5) -> MetricKind {
    MetricKind { BinaryMetric.specificity(threshold: threshold) }
  }

  public static func fScore(beta: Double = 1, threshold: Double = 0.5) -> MetricKind {
    MetricKind { BinaryMetric.fScore(beta: beta, threshold: threshold) }
  }

  public static func auc(_ curve: AUC.Curve = .roc) -> MetricKind { MetricKind { AUC(curve) } }

  public static func calibrationError(bins: Int = 15) -> MetricKind {
    MetricKind { ExpectedCalibrationError(bins: bins) }
  }

  public static func meanIoU(classes: Int) -> MetricKind {
    MetricKind { MeanIoU(classes: classes) }
  }

  public static func dice(threshold: Double = 0.5) -> MetricKind {
    MetricKind { MeanMetric.dice(threshold: threshold) }
  }

  public static let meanAbsoluteError = MetricKind { MeanMetric.meanAbsoluteError }
  public static let meanSquaredError = MetricKind { MeanMetric.meanSquaredError }
  public static let rootMeanSquaredError = MetricKind { MeanMetric.rootMeanSquaredError }
  public static let rSquared = MetricKind { RSquared() }
  public static let perplexity = MetricKind { MeanMetric.perplexity }

  public static func peakSignalToNoise(largest: Double = 1) -> MetricKind {
    MetricKind { MeanMetric.peakSignalToNoise(largest: largest) }
  }

  public static func structuralSimilarity(largest: Double = 1) -> MetricKind {
    MetricKind { MeanMetric.structuralSimilarity(largest: largest) }
  }

  /// The mean of any loss, as a metric.
  public static func loss(_ loss: Loss) -> MetricKind { MetricKind { MeanMetric.loss(loss) } }
}
