internal import Geometry
internal import Tensors

extension Metric where Self == MeanMetric {
  /// The share of samples whose largest prediction is at the label: labels as integers, or as
  /// distributions in the shape of the predictions.
  public static var accuracy: MeanMetric {
    MeanMetric("accuracy") { predictions, targets in
      try equal(predictions.argmax(axis: -1), labels(targets, like: predictions, "accuracy"))
        .cast(to: .float32)
    }
  }

  /// The share of samples whose label is among the `k` largest predictions.
  public static func topKAccuracy(_ k: Int = 5) -> MeanMetric {
    MeanMetric("top-\(k) accuracy") { predictions, targets in
      let labels = try labels(targets, like: predictions, "top-\(k) accuracy").expanded(at: -1)
      let best = try predictions.topK(k).indices
      return try equal(best, labels).any(axes: [-1]).cast(to: .float32)
    }
  }

  /// The share of elements on the right side of the threshold: 0.5 for probabilities, 0 for logits.
  public static func binaryAccuracy(threshold: Double = 0.5) -> MeanMetric {
    MeanMetric("binary accuracy") { predictions, targets in
      try requireSameShape("binary accuracy", predictions, targets)
      let isPositive = try greater(predictions, predictions.scalar(threshold))
      return try equal(isPositive, isTrue(targets)).cast(to: .float32)
    }
  }
}

/// Labels as int32, from integers or from distributions in the shape of the predictions.
func labels(
  _ targets: Tensor, like predictions: Tensor, _ name: String
) throws(TensorError) -> Tensor {
  // The largest of one number is always the right one.
  guard predictions.rank > 0, predictions.shape.last != 1 else {
    throw TensorError(
      .shape, name, "one number for a sample is no choice among classes",
      operands: [TensorInfo(predictions, name: "predictions")],
      hint: "binaryAccuracy(threshold:) is for a single output")
  }
  if targets.shape == predictions.shape { return try targets.argmax(axis: -1) }
  guard targets.shape == Shape(Array(predictions.shape).dropLast()) else {
    throw TensorError(
      .shape, name, "targets are neither labels nor distributions of these predictions",
      operands: [
        TensorInfo(predictions, name: "predictions"), TensorInfo(targets, name: "targets"),
      ])
  }
  return try targets.cast(to: .int32)
}

/// Whether targets of 0 and 1 are 1.
func isTrue(_ targets: Tensor) throws(TensorError) -> Tensor {
  if targets.scalarType == .bool { return targets }
  return try greater(targets.cast(to: .float32), Tensor(0.5))
}
