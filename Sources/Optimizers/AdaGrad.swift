public import Geometry
public import Tensors

/// A rate for each weight that falls with the squares of its gradients (Duchi 2011).
///
/// `a += g²`. Keras: `p -= rate · g / √(a + ε)`; PyTorch: `p -= rate · g / (√a + ε)`.
public final class AdaGrad: Optimizer {
  public var learningRate: Double
  private let epsilon: Double, weightDecay: Double, learningRateDecay: Double
  private let convention: Convention
  private let rule: UpdateRule

  /// - Parameters:
  ///   - initialAccumulator: what the sums begin with: 0.1 for Keras, 0 for PyTorch if not given.
  ///   - epsilon: 1e-7 for Keras, 1e-10 for PyTorch if not given.
  ///   - learningRateDecay: the rate is divided by one plus this for each step taken.
  public init(
    learningRate: Double = 1e-3, initialAccumulator: Double? = nil, epsilon: Double? = nil,
    learningRateDecay: Double = 0, weightDecay: Double = 0, convention: Convention = .keras
  ) throws(TensorError) {
    self.learningRate = learningRate
    self.epsilon = epsilon ?? (convention == .keras ? 1e-7 : 1e-10)
    self.weightDecay = weightDecay
    self.learningRateDecay = learningRateDecay
    self.convention = convention
    let start = initialAccumulator ?? (convention == .keras ? 0.1 : 0)
    rule = try UpdateRule("AdaGrad", slots: [start], settings: 3) {
      (parameter, gradient, slots, settings) throws(TensorError) in
      let rate = settings[0]
      let epsilon = settings[1]
      var p = parameter
      var g = gradient
      if weightDecay != 0 { (p, g) = try decayed(parameter, gradient, convention, settings[2]) }
      let a = try slots[0] + g * g
      let root = try convention == .keras ? sqrt(a + epsilon) : sqrt(a) + epsilon
      return [try p - rate * g / root, a]
    }
  }

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    let rate = learningRate / (1 + Double(rule.stepCount) * learningRateDecay)
    let decay = convention == .keras ? weightDecay * rate : weightDecay
    try rule.update(parameters, along: gradients, settings: [rate, epsilon, decay])
  }
}
