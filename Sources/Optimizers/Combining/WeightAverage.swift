public import Geometry
public import Tensors

/// Averages of parameters over the steps of training, to be used in their place afterwards: moving
/// (exponential) or plain ones (SWA, Izmailov et al. 2018).
public final class WeightAverage {
  /// How old values are weighted.
  public enum Kind: Sendable, Equatable {
    /// `average = decay · average + (1 - decay) · value`
    case moving(decay: Double)
    /// The mean of all values.
    case plain
  }

  private let kind: Kind
  private let parameters: [Parameter]
  private var averages: [Parameter]
  /// How many values have been averaged.
  public private(set) var count = 0

  /// Averages of `parameters`, which begin as what they hold now.
  public init(
    of parameters: [Parameter], kind: Kind = .moving(decay: 0.999)
  ) throws(TensorError) {
    if case .moving(let decay) = kind, !(0..<1).contains(decay) {
      throw TensorError(.argument, "WeightAverage", "decay \(decay) does not lie in 0..<1")
    }
    self.kind = kind
    self.parameters = parameters
    averages = parameters.map { Parameter($0.value, isTrained: false) }
  }

  /// Takes the values of now in: after each step, or after each epoch.
  public func update() throws(TensorError) {
    count += 1
    let share: Double
    switch kind {
    case .moving(let decay): share = 1 - decay
    case .plain: share = 1 / Double(count)
    }
    for (average, parameter) in zip(averages, parameters) {
      try average.assign(average.value + (parameter.value - average.value) * share)
    }
    if let device = parameters.first?.value.device { try evaluateAssignments(on: device) }
  }

  /// The averages, in the order of the parameters.
  public var values: [Tensor] { averages.map(\.value) }

  /// Goes on from averages saved earlier, `values` and `count` as they were.
  public func restore(_ values: [Tensor], count: Int) throws(TensorError) {
    guard values.map(\.shape) == parameters.map(\.shape), count >= 0 else {
      throw TensorError(
        .argument, "WeightAverage",
        "\(values.count) averages over \(count) values are not those of \(parameters.count) parameters"
      )
    }
    averages = values.map { Parameter($0, isTrained: false) }
    self.count = count
  }

  /// Puts the averages into the parameters for as long as `body` runs.
  public func use<Result>(_ body: () throws -> Result) throws(TensorError) -> Result {
    let originals = parameters.map(\.value)
    try apply()
    let result = Swift.Result { try body() }
    for (parameter, original) in zip(parameters, originals) { try parameter.assign(original) }
    do { return try result.get() } catch { throw error.asTensorError }
  }

  /// Puts the averages into the parameters for good, as their constraints let them be.
  public func apply() throws(TensorError) {
    for (parameter, average) in zip(parameters, averages) {
      try parameter.assign(parameter.constrained(average.value))
    }
  }
}
