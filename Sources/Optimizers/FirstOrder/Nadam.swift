public import Geometry
internal import Glibc
public import Tensors

/// Adam with Nesterov's momentum (Dozat 2016).
///
/// `μₜ = β₁ · (1 - 0.96ᵗ / 2)`, in PyTorch's form with `t · momentumDecay` for `t`; `qₜ = μ₁ · … ·
/// μₜ`; `p -= rate · (μₜ₊₁ · m / (1 - qₜ₊₁) + (1 - μₜ) · g / (1 - qₜ)) / (√(v / (1 - β₂ᵗ)) + ε)`.
public final class Nadam: RuleOptimizer {
  private let beta1: Double, beta2: Double, epsilon: Double, momentumDecay: Double
  /// The product of the `μ` of all steps taken.
  private var product = 1.0

  /// - Parameters:
  ///   - learningRate: 1e-3 for Keras, 2e-3 for PyTorch if not given.
  ///   - beta1: the share of the old in the average of gradients, in 0..<1.
  ///   - beta2: the share of the old in the average of their squares, in 0..<1.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  ///   - momentumDecay: 1 for Keras, 0.004 for PyTorch if not given.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose defaults, and whose form of weight decay and of clipping by a norm.
  public init(
    learningRate: Double? = nil, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double? = nil, momentumDecay: Double? = nil, weightDecay: Double = 0,
    clipping: Clipping = .none, convention: Convention = .keras
  ) throws(TensorError) {
    try Adam.check("Nadam", beta1, beta2)
    let isKeras = convention == .keras
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-8)
    self.momentumDecay = momentumDecay ?? (isKeras ? 1 : 0.004)
    try super.init(
      "Nadam", learningRate: learningRate ?? (isKeras ? 1e-3 : 2e-3), clipping: clipping,
      weightDecay: weightDecay, convention: convention, slots: ["m": 0, "v": 0], settings: 8
    ) { terms throws(TensorError) in
      let (g, settings) = (terms.gradient, terms.settings)
      let m = try settings[3] * terms.slots[0] + settings[4] * g
      let v = try settings[5] * terms.slots[1] + settings[6] * (g * g)
      let step = try (settings[0] * m + settings[1] * g) / (sqrt(v * settings[7]) + settings[2])
      return [try terms.parameter - step, m, v]
    }
  }

  override func settings(step: Int) -> [Double] {
    let (now, next) = (momentum(step), momentum(step + 1))
    let reached = product * now
    return [
      learningRate * next / (1 - reached * next), learningRate * (1 - now) / (1 - reached), epsilon,
      beta1, 1 - beta1, beta2, 1 - beta2, 1 / (1 - power(beta2, step)),
    ]
  }

  public override func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    let reached = product * momentum(stepCount + 1)
    let before = stepCount
    try super.update(parameters, along: gradients)
    if stepCount > before { product = reached }
  }

  override var counters: [String: Double] {
    get { ["product": product] }
    set { product = newValue["product"] ?? 1 }
  }

  private func momentum(_ step: Int) -> Double {
    beta1 * (1 - 0.5 * pow(0.96, Double(step) * momentumDecay))
  }
}
