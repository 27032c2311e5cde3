public import Geometry
internal import Tensors

/// Steps as large as recent steps were, without a rate to choose (Zeiler 2012).
///
/// `a = ρ · a + (1 - ρ) · g²`, `d = √(s + ε) / √(a + ε) · g`, `s = ρ · s + (1 - ρ) · d²`,
/// `p -= rate · d`.
public final class AdaDelta: RuleOptimizer {
  private let rho: Double, epsilon: Double

  /// - Parameters:
  ///   - learningRate: 1e-3 for Keras, 1 for PyTorch and the paper if not given.
  ///   - rho: 0.95 for Keras, 0.9 for PyTorch if not given.
  ///   - epsilon: 1e-7 for Keras, 1e-6 for PyTorch if not given.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose defaults, and whose form of weight decay and of clipping by a norm; the
  ///     update above is the same in both.
  public init(
    learningRate: Double? = nil, rho: Double? = nil, epsilon: Double? = nil,
    weightDecay: Double = 0, clipping: Clipping = .none, convention: Convention = .keras
  ) throws(TensorError) {
    let isKeras = convention == .keras
    self.rho = rho ?? (isKeras ? 0.95 : 0.9)
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-6)
    try super.init(
      "AdaDelta", learningRate: learningRate ?? (isKeras ? 1e-3 : 1), clipping: clipping,
      weightDecay: weightDecay, convention: convention, slots: ["squares": 0, "steps": 0],
      settings: 4
    ) { terms throws(TensorError) in
      let g = terms.gradient
      let (rate, rho, fresh) = (terms.settings[0], terms.settings[1], terms.settings[2])
      let epsilon = terms.settings[3]
      let a = try rho * terms.slots[0] + fresh * (g * g)
      let d = try sqrt(terms.slots[1] + epsilon) / sqrt(a + epsilon) * g
      let s = try rho * terms.slots[1] + fresh * (d * d)
      return [try terms.parameter - rate * d, a, s]
    }
  }

  override func settings(step: Int) -> [Double] { [learningRate, rho, 1 - rho, epsilon] }
}
