public import Geometry
public import Tensors

/// A penalty on a tensor that is added to the loss.
public struct Regularizer: Sendable {
  public let name: String
  private let penalty: @Sendable (Tensor) throws -> Tensor

  /// A penalty of one's own: a scalar for a tensor.
  public init(_ name: String, _ penalty: @escaping @Sendable (Tensor) throws -> Tensor) {
    self.name = name
    self.penalty = penalty
  }

  /// The penalty on `x`, a scalar.
  public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
    do { return try penalty(x) } catch { throw error.asTensorError }
  }

  /// `strength · Σ |x|`
  public static func l1(_ strength: Double = 0.01) -> Regularizer {
    Regularizer("l1 \(strength)") { try abs($0).sum() * strength }
  }

  /// `strength · Σ x²`
  public static func l2(_ strength: Double = 0.01) -> Regularizer {
    Regularizer("l2 \(strength)") { try square($0).sum() * strength }
  }

  /// Both.
  public static func l1l2(l1: Double = 0.01, l2: Double = 0.01) -> Regularizer {
    Regularizer("l1 \(l1) l2 \(l2)") { try (abs($0) * l1 + square($0) * l2).sum() }
  }
}

extension Module {
  /// The sum of the penalties of all weights that have one; nil if none has.
  public func regularization() throws(TensorError) -> Tensor? {
    var sum: Tensor?
    for weight in weights.map(\.weight) {
      guard let regularizer = weight.regularizer, let parameter = weight.parameter else { continue }
      let penalty = try regularizer(parameter.value)
      sum = try sum.map { (sum) throws(TensorError) in try sum + penalty } ?? penalty
    }
    return sum
  }
}

/// The penalties on activations that arise while a model runs.
final class ActivityPenalties: @unchecked Sendable {
  // Filled by the task that runs the model, which alone holds it.
  fileprivate(set) var sum: Tensor?

  @TaskLocal static var current: ActivityPenalties?

  static func add(_ penalty: Tensor) throws(TensorError) {
    guard let current else { return }
    current.sum = try current.sum.map { (sum) throws(TensorError) in try sum + penalty } ?? penalty
  }
}

/// Runs `body`, and returns what it returns with the sum of the penalties that layers in it put on
/// their activations, each divided by the size of its batch; nil if there were none.
public func collectingActivityPenalties<Result>(
  _ body: () throws -> Result
) throws(TensorError) -> (result: Result, penalty: Tensor?) {
  let penalties = ActivityPenalties()
  do {
    let result = try ActivityPenalties.$current.withValue(penalties) { try body() }
    return (result, penalties.sum)
  } catch { throw error.asTensorError }
}
