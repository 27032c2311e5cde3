public import Geometry
internal import Tensors

/// Adam that waits with its rates until their variance is known (Liu et al. 2020).
///
/// With `ρ∞ = 2 / (1 - β₂) - 1` and `ρₜ = ρ∞ - 2t · β₂ᵗ / (1 - β₂ᵗ)`: while `ρₜ ≤ 5`,
/// `p -= rate · m / (1 - β₁ᵗ)`; then times `√((ρₜ - 4)(ρₜ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρₜ))` and
/// `√(1 - β₂ᵗ) / (√v + ε)`.
public final class RAdam: RuleOptimizer {
  private let beta1: Double, beta2: Double, epsilon: Double

  /// - Parameters:
  ///   - learningRate: `rate` in the update; it may be changed between steps.
  ///   - beta1: the share of the old in the average of gradients, in 0..<1.
  ///   - beta2: the share of the old in the average of their squares, in 0..<1.
  ///   - epsilon: `ε` above.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of weight decay and of clipping by a norm; the update above is the
  ///     same in both.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, weightDecay: Double = 0, clipping: Clipping = .none,
    convention: Convention = .pyTorch
  ) throws(TensorError) {
    try Adam.check("RAdam", beta1, beta2)
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    try super.init(
      "RAdam", learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: convention, slots: ["m": 0, "v": 0], settings: 7
    ) { terms throws(TensorError) in
      let (g, settings) = (terms.gradient, terms.settings)
      let m = try settings[3] * terms.slots[0] + settings[4] * g
      let v = try settings[5] * terms.slots[1] + settings[6] * (g * g)
      // One of the two factors is zero: the plain step, or the one with a rate for each weight.
      let step = try settings[0] * m + settings[1] * m / (sqrt(v) + settings[2])
      return [try terms.parameter - step, m, v]
    }
  }

  override func settings(step: Int) -> [Double] {
    let t = Double(step)
    let decayed = power(beta2, step)
    let limit = 2 / (1 - beta2) - 1
    let length = limit - 2 * t * decayed / (1 - decayed)
    let rate = learningRate / (1 - power(beta1, step))
    var (plain, adapted) = (rate, 0.0)
    if length > 5 {
      let share =
        (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
      (plain, adapted) = (0, rate * share.squareRoot() * (1 - decayed).squareRoot())
    }
    return [plain, adapted, epsilon, beta1, 1 - beta1, beta2, 1 - beta2]
  }
}
