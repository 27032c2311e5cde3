public import Geometry
internal import Tensors

/// Momentum and a rate for each weight, both corrected for their start (Kingma and Ba 2015).
///
/// `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`. Keras:
/// `p -= rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)`; PyTorch:
/// `p -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)`. AMSGrad takes the largest `v` so far.
/// Without bias correction both factors of the start are 1.
public class Adam: RuleOptimizer {
  private let beta1: Double, beta2: Double, epsilon: Double
  private let isCorrected: Bool

  /// - Parameters:
  ///   - learningRate: `rate` in the update; it may be changed between steps.
  ///   - beta1: the share of the old in the average of gradients, in 0..<1.
  ///   - beta2: the share of the old in the average of their squares, in 0..<1.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  ///   - amsgrad: whether the largest `v` so far stands for `v`.
  ///   - biasCorrection: whether averages are corrected for their start.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of the update it is, and whose `epsilon`.
  public convenience init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double? = nil, amsgrad: Bool = false, biasCorrection: Bool = true,
    weightDecay: Double = 0, clipping: Clipping = .none, convention: Convention = .keras
  ) throws(TensorError) {
    try self.init(
      named: "Adam", learningRate, beta1, beta2, epsilon, amsgrad, biasCorrection, weightDecay,
      clipping, convention, isDecoupled: false)
  }

  init(
    named name: String, _ learningRate: Double, _ beta1: Double, _ beta2: Double,
    _ epsilon: Double?, _ amsgrad: Bool, _ biasCorrection: Bool, _ weightDecay: Double,
    _ clipping: Clipping, _ convention: Convention, isDecoupled: Bool
  ) throws(TensorError) {
    try Self.check(name, beta1, beta2)
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? (convention == .keras ? 1e-7 : 1e-8)
    isCorrected = biasCorrection
    form = convention
    try super.init(
      name, learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: convention, isDecoupled: isDecoupled,
      slots: amsgrad ? ["m": 0, "v": 0, "largest": 0] : ["m": 0, "v": 0], settings: 7
    ) { terms throws(TensorError) in
      try Self.rule(terms, amsgrad: amsgrad, convention)
    }
  }

  /// In Keras' form, all else at its default. A learning rate that is not finite is an error of the
  /// first step.
  public convenience init(learningRate: Double) {
    self.init(known: "Adam", learningRate, weightDecay: 0)
  }

  init(known name: String, _ learningRate: Double, weightDecay: Double) {
    beta1 = 0.9
    beta2 = 0.999
    epsilon = 1e-7
    isCorrected = true
    form = .keras
    super.init(
      known: name, learningRate: learningRate, weightDecay: weightDecay, slots: ["m": 0, "v": 0],
      settings: 7
    ) { terms throws(TensorError) in
      try Self.rule(terms, amsgrad: false, .keras)
    }
  }

  private static func rule(
    _ terms: Terms, amsgrad: Bool, _ convention: Convention
  ) throws(TensorError) -> [Tensor] {
    let (p, g, slots) = (terms.parameter, terms.gradient, terms.slots)
    let (rate, correction, epsilon) = (terms.settings[0], terms.settings[1], terms.settings[2])
    let m = try terms.settings[3] * slots[0] + terms.settings[4] * g
    let v = try terms.settings[5] * slots[1] + terms.settings[6] * (g * g)
    var results = [m, v]
    var largest = v
    if amsgrad {
      largest = try maximum(slots[2], v)
      results.append(largest)
    }
    // The corrections are computed in double precision outside: 1 - β₂ᵗ has few digits in float32.
    let root = try convention == .keras ? sqrt(largest) : sqrt(largest) * correction
    return [try p - rate * m / (root + epsilon)] + results
  }

  /// The form of the update; decay that is decoupled is Keras' in both.
  private let form: Convention

  override func settings(step: Int) -> [Double] {
    let first = isCorrected ? 1 - power(beta1, step) : 1
    let second = isCorrected ? (1 - power(beta2, step)).squareRoot() : 1
    let rate = form == .keras ? learningRate * second / first : learningRate / first
    return [rate, 1 / second, epsilon, beta1, 1 - beta1, beta2, 1 - beta2]
  }

  static func check(_ name: String, _ beta1: Double, _ beta2: Double) throws(TensorError) {
    guard (0..<1).contains(beta1), (0..<1).contains(beta2) else {
      throw TensorError(
        .argument, name, "beta1 \(beta1) and beta2 \(beta2) do not both lie in 0..<1")
    }
  }
}

/// Adam with decoupled weight decay: `p -= rate · decay · p`, then Adam's step (Loshchilov and
/// Hutter 2019).
public final class AdamW: Adam {
  /// - Parameters:
  ///   - learningRate: `rate` in the update; it may be changed between steps.
  ///   - weightDecay: `decay` above; 0.004 for Keras, 0.01 for PyTorch if not given.
  ///   - beta1: the share of the old in the average of gradients, in 0..<1.
  ///   - beta2: the share of the old in the average of their squares, in 0..<1.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  ///   - amsgrad: whether the largest `v` so far stands for `v`.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of Adam's step it is, and whose defaults.
  public convenience init(
    learningRate: Double = 1e-3, weightDecay: Double? = nil, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double? = nil, amsgrad: Bool = false,
    clipping: Clipping = .none, convention: Convention = .keras
  ) throws(TensorError) {
    try self.init(
      named: "AdamW", learningRate, beta1, beta2, epsilon, amsgrad, true,
      weightDecay ?? (convention == .keras ? 0.004 : 0.01), clipping, convention, isDecoupled: true)
  }

  /// In Keras' form, all else at its default. A learning rate that is not finite is an error of the
  /// first step.
  public convenience init(learningRate: Double) {
    self.init(known: "AdamW", learningRate, weightDecay: 0.004)
  }
}
