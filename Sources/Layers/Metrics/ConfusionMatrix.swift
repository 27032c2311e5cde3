public import Geometry
public import Tensors

/// How often each class was taken for each: rows are what is there, columns what was predicted.
public final class ConfusionMatrix: Metric {
  /// What a class comes to.
  public struct Row: Sendable {
    /// The class, counted from 0.
    public let label: Int
    /// From 0 to 1; 0 where there is nothing to take a share of.
    public let precision: Double, recall: Double, f1: Double, iou: Double
    /// How many samples have the label.
    public let support: Int
  }

  public let name = "accuracy by class"
  public let isMaximized = true
  /// How many rows and columns there are.
  public let classes: Int
  private let totals = Totals()

  /// - Parameter classes: how many rows and columns there are.
  public init(classes: Int) { self.classes = classes }

  /// - Parameters:
  ///   - predictions: numbers for each class, the last axis; or classes themselves, as integers.
  ///   - targets: labels of the predictions, or distributions in the shape of their numbers.
  ///   - weights: one for each label; nil for 1 each.
  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    let isScores = predictions.scalarType.isFloatingPoint
    let found = isScores ? try predictions.argmax(axis: -1) : try predictions.cast(to: .int32)
    let there =
      isScores ? try labels(targets, like: predictions, name) : try targets.cast(to: .int32)
    guard classes > 0, found.shape == there.shape,
      !isScores || predictions.shape.last == classes
    else {
      throw TensorError(
        .shape, "confusionMatrix", "predictions and targets are not of \(classes) classes",
        operands: [
          TensorInfo(predictions, name: "predictions"), TensorInfo(targets, name: "targets"),
        ])
    }
    var rows = try oneHot(there.reshaped(to: [there.count]), depth: classes)
    let columns = try oneHot(found.reshaped(to: [found.count]), depth: classes)
    if let weights = try spread(weights, maskOf: predictions, over: there.shape, name) {
      let weights = try Tensor.ones(there.shape, on: there.device) * weights
      rows = try rows * weights.reshaped(to: [there.count, 1])
    }
    try totals.add([matmul(rows, columns, transposeLeft: true)])
  }

  /// The counts, a row a label; of weighted samples their rounded sums.
  public func matrix() throws(TensorError) -> [[Int]] {
    try counts().map { $0.map { Int(exactly: $0.rounded()) ?? 0 } }
  }

  /// The sums of weights, a row a label.
  func counts() throws(TensorError) -> [[Double]] {
    guard let sums = try totals.values() else {
      return [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
    }
    return (0..<classes).map { row in
      (0..<classes).map { sums[0][row * classes + $0] }
    }
  }

  /// Precision, recall, F1 and intersection over union of each class.
  public func report() throws(TensorError) -> [Row] {
    let matrix = try counts()
    return matrix.indices.map { label in
      let right = matrix[label][label]
      let there = matrix[label].reduce(0, +)
      let found = matrix.reduce(0) { $0 + $1[label] }
      func share(_ whole: Double) -> Double { whole == 0 ? 0 : right / whole }
      return Row(
        label: label, precision: share(found), recall: share(there),
        f1: there + found == 0 ? 0 : 2 * right / (there + found),
        iou: share(there + found - right), support: Int(exactly: there.rounded()) ?? 0)
    }
  }

  /// The share on the diagonal.
  public func result() throws(TensorError) -> Double {
    let matrix = try counts()
    let all = matrix.joined().reduce(0, +)
    return all == 0 ? .nan : matrix.indices.reduce(0) { $0 + matrix[$1][$1] } / all
  }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}

/// The mean over classes of intersection over union: of what is there and what was found, the share
/// that is both. Classes that are in neither are left out.
public final class MeanIoU: Metric {
  public let name = "mean IoU"
  public let isMaximized = true
  private let counts: ConfusionMatrix

  /// - Parameter classes: how many there are.
  public init(classes: Int) { counts = ConfusionMatrix(classes: classes) }

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    try counts.update(predictions, targets, weights: weights)
  }

  public func result() throws(TensorError) -> Double {
    let matrix = try counts.counts()
    let present = try counts.report().filter { row in
      matrix[row.label].contains { $0 > 0 } || matrix.contains { $0[row.label] > 0 }
    }
    return present.isEmpty ? .nan : present.reduce(0) { $0 + $1.iou } / Double(present.count)
  }

  public func reset() { counts.reset() }
  public var sums: [Tensor] { counts.sums }
  public func restore(_ sums: [Tensor]) { counts.restore(sums) }
}
