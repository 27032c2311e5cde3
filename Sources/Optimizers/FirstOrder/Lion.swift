public import Geometry
internal import Tensors

/// Steps of one size, by the sign of a momentum (Chen et al. 2023).
///
/// `p -= rate · sign(β₁ · m + (1 - β₁) · g)`, `m = β₂ · m + (1 - β₂) · g`.
public final class Lion: RuleOptimizer {
  private let beta1: Double, beta2: Double

  /// - Parameters:
  ///   - learningRate: how far each weight moves in a step, decay aside; it may be changed between
  ///     steps.
  ///   - beta1: the share of the old average in the step.
  ///   - beta2: the share of the old average in the new.
  ///   - weightDecay: `learningRate · weightDecay · p` is taken off `p` in each step; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  public init(
    learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99,
    weightDecay: Double = 0, clipping: Clipping = .none
  ) throws(TensorError) {
    try Adam.check("Lion", beta1, beta2)
    self.beta1 = beta1
    self.beta2 = beta2
    try super.init(
      "Lion", learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: .keras, slots: ["m": 0], settings: 5
    ) { terms throws(TensorError) in
      let (g, m, settings) = (terms.gradient, terms.slots[0], terms.settings)
      let direction = try sign(settings[1] * m + settings[2] * g)
      return [
        try terms.parameter - settings[0] * direction, try settings[3] * m + settings[4] * g,
      ]
    }
  }

  override func settings(step: Int) -> [Double] {
    [learningRate, beta1, 1 - beta1, beta2, 1 - beta2]
  }
}
