public import Geometry
public import Tensors

/// Rosenblatt's rule (1958): where the unit is wrong about an example, the example itself is added
/// to the weights or taken from them.
///
/// The unit gives 1 if `w · x + b` is positive (with `isStrict` false also if it is zero), else -1.
/// One example after the other; it ends where one epoch makes no mistake, which it does if a line
/// can separate the classes and never otherwise.
public struct PerceptronRule: Sendable {
  private let rate: Double
  private let isStrict: Bool

  /// What one example did.
  public struct Step: Sendable {
    /// Which of the examples it was.
    public let example: Int
    /// The drive before the step.
    public let drive: Float
    /// 1 or -1.
    public let prediction: Int
    /// After the step.
    public let weights: [Float]
    /// After the step.
    public let bias: Float
    /// Whether the prediction differs from the target.
    public let isMistake: Bool
  }

  /// - Parameters:
  ///   - rate: what an example is multiplied by before it is added.
  ///   - isStrict: whether a drive of zero gives -1.
  public init(rate: Double = 1, isStrict: Bool = true) {
    self.rate = rate
    self.isStrict = isStrict
  }

  /// Goes through all examples once, in their order, and changes both parameters.
  ///
  /// - Parameters:
  ///   - weights: `[features]`.
  ///   - bias: a scalar.
  ///   - examples: `[examples, features]`.
  ///   - targets: 1 or -1 for each example.
  public func epoch(
    _ weights: Parameter, _ bias: Parameter, examples: Tensor, targets: [Int]
  ) throws(TensorError) -> [Step] {
    guard examples.rank == 2, weights.shape == [examples.shape[1]], bias.shape == [],
      targets.count == examples.shape[0], targets.allSatisfy({ $0 == 1 || $0 == -1 })
    else {
      throw TensorError(
        .shape, "perceptron", "\(targets.count) targets, each 1 or -1, and a weight a feature",
        operands: [
          TensorInfo(examples, name: "examples"), TensorInfo(weights.value, name: "weights"),
        ])
    }
    var steps: [Step] = []
    for (example, target) in targets.enumerated() {
      let x = try examples.slice(axis: 0, example..<(example + 1)).reshaped(to: weights.shape)
      let drive = try (dot(weights.value, x) + bias.value).scalar()
      let prediction = drive > 0 || (!isStrict && drive == 0) ? 1 : -1
      if prediction != target {
        try weights.assign(weights.value + x * (rate * Double(target)))
        try bias.assign(bias.value + rate * Double(target))
      }
      steps.append(
        Step(
          example: example, drive: drive, prediction: prediction,
          weights: try weights.value.scalars(), bias: try bias.value.scalar(),
          isMistake: prediction != target))
    }
    return steps
  }
}
