public import Geometry
public import Tensors

/// The area under the curve of a binary classifier, from probabilities counted in as many
/// intervals.
public final class AUC: Metric {
  /// Which of the two curves.
  public enum Curve: String, Sendable {
    /// True positives against false positives.
    case roc
    /// Precision against recall.
    case precisionRecall
  }

  public let name: String
  public let isMaximized = true
  private let curve: Curve
  private let intervals: Int
  private let totals = Totals()

  /// - Parameters:
  ///   - curve: the one whose area is taken.
  ///   - intervals: into how many probabilities from 0 to 1 are sorted.
  public init(_ curve: Curve = .roc, intervals: Int = 1000) {
    self.curve = curve
    self.intervals = max(2, intervals)
    name = curve == .roc ? "AUC" : "AUC (precision-recall)"
  }

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    try requireSameShape(name, predictions, targets)
    let flat = try predictions.reshaped(to: [predictions.count]).cast(to: .float32)
    let place = try clip(flat * Double(intervals), min: 0, max: Double(intervals - 1))
      .cast(to: .int32)
    let there = try isTrue(targets).reshaped(to: [targets.count]).cast(to: .float32)
    var weight = try Tensor.ones(there.shape, on: there.device)
    if let weights = try spread(weights, maskOf: predictions, over: predictions.shape, name) {
      weight = try (Tensor.ones(predictions.shape, on: there.device) * weights)
        .reshaped(to: there.shape)
    }
    try totals.add([
      (there * weight).segmentSum(place, count: intervals),
      ((1 - there) * weight).segmentSum(place, count: intervals),
    ])
  }

  public func result() throws(TensorError) -> Double {
    guard let sums = try totals.values() else { return .nan }
    let positives = sums[0].reduce(0, +)
    let negatives = sums[1].reduce(0, +)
    guard positives > 0, negatives > 0 else { return .nan }
    var (found, wrong) = (0.0, 0.0)
    var area = 0.0
    // From the highest threshold down; inside an interval the curve is taken as straight.
    for interval in (0..<intervals).reversed() {
      let (nextFound, nextWrong) = (found + sums[0][interval], wrong + sums[1][interval])
      switch curve {
      case .roc: area += (nextWrong - wrong) / negatives * (found + nextFound) / 2 / positives
      case .precisionRecall:
        if nextFound > found {
          area += (nextFound - found) / positives * nextFound / (nextFound + nextWrong)
        }
      }
      (found, wrong) = (nextFound, nextWrong)
    }
    return area
  }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}

/// How far a classifier's confidence is from how often it is right, in bins of confidence, each
/// weighted by its samples (Guo et al. 2017). Takes probabilities, classes last.
public final class ExpectedCalibrationError: Metric {
  public let name = "calibration error"
  public let isMaximized = false
  private let bins: Int
  private let totals = Totals()

  /// - Parameter bins: into how many confidences from 0 to 1 are sorted.
  public init(bins: Int = 15) { self.bins = max(1, bins) }

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    let labels = try labels(targets, like: predictions, name)
    let count = labels.count
    let confidence = try predictions.max(axes: [-1]).reshaped(to: [count]).cast(to: .float32)
    let isRight = try equal(predictions.argmax(axis: -1), labels).reshaped(to: [count])
      .cast(to: .float32)
    // A confidence of 0.2 belongs to the bin that ends there.
    let bin = try clip(ceil(confidence * Double(bins)) - 1, min: 0, max: Double(bins - 1))
      .cast(to: .int32)
    var weight = try Tensor.ones([count], on: predictions.device)
    if let weights = try spread(weights, maskOf: predictions, over: labels.shape, name) {
      weight = try (Tensor.ones(labels.shape, on: predictions.device) * weights)
        .reshaped(to: [count])
    }
    try totals.add([
      weight.segmentSum(bin, count: bins), (weight * confidence).segmentSum(bin, count: bins),
      (weight * isRight).segmentSum(bin, count: bins),
    ])
  }

  public func result() throws(TensorError) -> Double {
    guard let sums = try totals.values() else { return .nan }
    let all = sums[0].reduce(0, +)
    return (0..<bins).reduce(0) { $0 + Swift.abs(sums[1][$1] - sums[2][$1]) } / all
  }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}
