public import Geometry
internal import Tensors

/// A rate for each weight that falls with the squares of its gradients (Duchi et al. 2011).
///
/// `a += g²`, `p -= rate · g / √(a + ε)` (Keras) or `p -= rate · g / (√a + ε)` (PyTorch).
public final class AdaGrad: RuleOptimizer {
  private let epsilon: Double, learningRateDecay: Double

  /// - Parameters:
  ///   - learningRate: `rate` at the first step; it may be changed between steps.
  ///   - initialAccumulator: what `a` begins as; 0.1 for Keras, 0 for PyTorch if not given.
  ///   - epsilon: 1e-7 for Keras, 1e-10 for PyTorch if not given.
  ///   - learningRateDecay: the rate is divided by one plus this for each step taken.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of the update it is, and whose defaults.
  public init(
    learningRate: Double = 1e-3, initialAccumulator: Double? = nil, epsilon: Double? = nil,
    learningRateDecay: Double = 0, weightDecay: Double = 0, clipping: Clipping = .none,
    convention: Convention = .keras
  ) throws(TensorError) {
    self.epsilon = epsilon ?? (convention == .keras ? 1e-7 : 1e-10)
    self.learningRateDecay = learningRateDecay
    try super.init(
      "AdaGrad", learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: convention,
      slots: ["squares": initialAccumulator ?? (convention == .keras ? 0.1 : 0)], settings: 2
    ) { terms throws(TensorError) in
      let (rate, epsilon) = (terms.settings[0], terms.settings[1])
      let a = try terms.slots[0] + terms.gradient * terms.gradient
      let root = try convention == .keras ? sqrt(a + epsilon) : sqrt(a) + epsilon
      return [try terms.parameter - rate * terms.gradient / root, a]
    }
  }

  override func settings(step: Int) -> [Double] {
    [learningRate / (1 + Double(step - 1) * learningRateDecay), epsilon]
  }
}
