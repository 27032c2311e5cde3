public import Geometry
internal import Glibc
public import Tensors

/// A number that tells how good predictions are, accumulated over batches.
///
/// `update` records sums on the device and waits for nothing; `result` reads them. What comes out
/// does not depend on how the samples were cut into batches, up to rounding.
public protocol Metric: AnyObject {
  /// As reports call it: `accuracy`.
  var name: String { get }
  /// Whether larger is better.
  var isMaximized: Bool { get }

  /// Takes a batch in. Weights have the leading axes of the predictions.
  func update(_ predictions: Tensor, _ targets: Tensor, weights: Tensor?) throws(TensorError)
  /// The number over all batches since the last reset; NaN of none.
  func result() throws(TensorError) -> Double
  /// Begins anew.
  func reset()

  /// What it has summed so far: for a checkpoint in the middle of an epoch.
  var sums: [Tensor] { get }
  /// Goes on from sums saved earlier, on the device that they are on.
  func restore(_ sums: [Tensor])
}

extension Metric {
  public var sums: [Tensor] { [] }
  public func restore(_ sums: [Tensor]) {}

  public func update(_ predictions: Tensor, _ targets: Tensor) throws(TensorError) {
    try update(predictions, targets, weights: nil)
  }
}

/// What each of `shape`'s elements counts for: the weights given times the mask of the predictions,
/// both spread over the axes behind theirs; nil if all count as one. It broadcasts to `shape`.
func spread(
  _ weights: Tensor?, maskOf predictions: Tensor, over shape: Shape, _ name: String
) throws(TensorError) -> Tensor? {
  func fits(_ x: Tensor) -> Bool {
    x.rank <= shape.rank && Array(shape).starts(with: Array(x.shape))
  }
  if let weights, !fits(weights) {
    throw TensorError(
      .shape, name, "weights do not have the leading axes of \(shape)",
      operands: [TensorInfo(weights, name: "weights")])
  }
  var product: Tensor?
  for factor in [weights, predictions.mask] {
    guard let factor, fits(factor) else { continue }
    let next = try factor.cast(to: .float32).leading(shape.rank)
    if let first = product { product = try first * next } else { product = next }
  }
  return product
}

/// Sums on the device that a metric keeps.
final class Totals {
  private var boxes: [Parameter] = []

  /// Adds to each sum; the first time they become the sums.
  func add(_ values: [Tensor]) throws(TensorError) {
    var detached: [Tensor] = []
    for value in values { detached.append(try stopGradient(value)) }
    if boxes.isEmpty {
      boxes = detached.map { Parameter($0, isTrained: false) }
      // So that the graph of the batch is not kept until somebody reads the sums.
      return try Parameter.assign(detached, to: boxes)
    }
    var sums: [Tensor] = []
    for (box, value) in zip(boxes, detached) { sums.append(try box.value + value) }
    try Parameter.assign(sums, to: boxes)
  }

  /// The sums, each with its elements; nil if nothing was added.
  func values() throws(TensorError) -> [[Double]]? {
    if boxes.isEmpty { return nil }
    try evaluate(boxes.map(\.value))
    var values: [[Double]] = []
    for box in boxes { values.append(try box.value.scalars().map(Double.init)) }
    return values
  }

  func reset() { boxes = [] }

  var tensors: [Tensor] { boxes.map(\.value) }

  func restore(_ tensors: [Tensor]) {
    boxes = tensors.map { Parameter($0, isTrained: false) }
  }
}

/// The mean of a number that each sample, or each element, has: the form of most metrics.
public final class MeanMetric: Metric {
  public let name: String
  public let isMaximized: Bool
  private let values: @Sendable (_ predictions: Tensor, _ targets: Tensor) throws -> Tensor
  private let counts: Counts?
  private let finish: Finish
  private let totals = Totals()

  /// What the result is of the mean.
  public enum Finish: Sendable {
    case mean
    /// Of a mean square.
    case squareRoot
    /// `e` to the mean.
    case exponential
  }

  /// - Parameters:
  ///   - name: what its number is called.
  ///   - isMaximized: whether larger is better.
  ///   - finish: what the result is of the mean.
  ///   - values: a number for each sample or element, over whose axes weights are spread.
  public convenience init(
    _ name: String, isMaximized: Bool = true, finish: Finish = .mean,
    values: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) {
    self.init(name, isMaximized: isMaximized, finish: finish, counts: nil, values: values)
  }

  /// What single values count for, besides weights and masks, in their shape; nil for 1 each.
  typealias Counts =
    @Sendable (_ predictions: Tensor, _ targets: Tensor, _ values: Tensor) throws -> Tensor?

  init(
    _ name: String, isMaximized: Bool, finish: Finish = .mean, counts: Counts?,
    values: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) {
    self.counts = counts
    self.name = name
    self.isMaximized = isMaximized
    self.finish = finish
    self.values = values
  }

  public func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    var values: Tensor
    var own: Tensor?
    do {
      values = try self.values(predictions, targets).cast(to: .float32)
      own = try counts?(predictions, targets, values)
    } catch { throw error.asTensorError }
    var count = try Tensor.full(Double(values.count), [], on: values.device)
    var weights = try spread(weights, maskOf: predictions, over: values.shape, name)
    if let own {
      let all = try own.leading(values.rank)
      weights = try weights.map { (weights) throws(TensorError) in try weights * all } ?? all
    }
    if let weights {
      values = try values * weights
      count = try weights.sum() * Double(weights.count == 0 ? 1 : values.count / weights.count)
    }
    try totals.add([values.sum(), count])
  }

  public func result() throws(TensorError) -> Double {
    guard let sums = try totals.values() else { return .nan }
    let mean = sums[0][0] / sums[1][0]
    switch finish {
    case .mean: return mean
    case .squareRoot: return mean.squareRoot()
    case .exponential: return exp(mean)
    }
  }

  public func reset() { totals.reset() }
  public var sums: [Tensor] { totals.tensors }
  public func restore(_ sums: [Tensor]) { totals.restore(sums) }
}
