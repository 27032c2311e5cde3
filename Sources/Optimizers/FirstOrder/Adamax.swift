public import Geometry
internal import Tensors

/// Adam with the largest recent gradient in place of the mean square (Kingma and Ba 2015).
///
/// `m = β₁ · m + (1 - β₁) · g`; Keras: `u = max(β₂ · u, |g|)`, `p -= rate / (1 - β₁ᵗ) · m / (u +
/// ε)`; PyTorch: `u = max(β₂ · u, |g| + ε)`, `p -= rate / (1 - β₁ᵗ) · m / u`.
public final class Adamax: RuleOptimizer {
  private let beta1: Double, beta2: Double, epsilon: Double

  /// - Parameters:
  ///   - learningRate: 1e-3 for Keras, 2e-3 for PyTorch if not given.
  ///   - beta1: the share of the old in the average of gradients, in 0..<1.
  ///   - beta2: the share of the old in the largest gradient, in 0..<1.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of the update it is, and whose defaults.
  public init(
    learningRate: Double? = nil, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double? = nil, weightDecay: Double = 0, clipping: Clipping = .none,
    convention: Convention = .keras
  ) throws(TensorError) {
    try Adam.check("Adamax", beta1, beta2)
    let isKeras = convention == .keras
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-8)
    try super.init(
      "Adamax", learningRate: learningRate ?? (isKeras ? 1e-3 : 2e-3), clipping: clipping,
      weightDecay: weightDecay, convention: convention, slots: ["m": 0, "u": 0], settings: 5
    ) { terms throws(TensorError) in
      let g = terms.gradient
      let (rate, beta1, fresh) = (terms.settings[0], terms.settings[1], terms.settings[2])
      let (beta2, epsilon) = (terms.settings[3], terms.settings[4])
      let m = try beta1 * terms.slots[0] + fresh * g
      let u = try maximum(beta2 * terms.slots[1], isKeras ? abs(g) : abs(g) + epsilon)
      return [try terms.parameter - rate * m / (isKeras ? u + epsilon : u), m, u]
    }
  }

  override func settings(step: Int) -> [Double] {
    [learningRate / (1 - power(beta1, step)), beta1, 1 - beta1, beta2, epsilon]
  }
}
