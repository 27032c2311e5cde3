public import Geometry
internal import Glibc
public import Tensors

/// Momentum and a rate for each weight, both corrected for their start (Kingma and Ba 2015).
///
/// `m = β₁ · m + (1 - β₁) · g`, `v = β₂ · v + (1 - β₂) · g²`. Keras:
/// `p -= rate · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)`; PyTorch:
/// `p -= rate / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + ε)`. AMSGrad takes the largest `v` so far.
public final class Adam: Optimizer {
  public var learningRate: Double
  private let beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double
  private let convention: Convention
  private let rule: UpdateRule

  /// - Parameter epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double? = nil, amsgrad: Bool = false, weightDecay: Double = 0,
    convention: Convention = .keras
  ) throws(TensorError) {
    guard (0..<1).contains(beta1), (0..<1).contains(beta2) else {
      throw TensorError(
        .argument, "Adam", "beta1 \(beta1) and beta2 \(beta2) do not both lie in 0..<1")
    }
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon ?? (convention == .keras ? 1e-7 : 1e-8)
    self.weightDecay = weightDecay
    self.convention = convention
    rule = try UpdateRule("Adam", slots: amsgrad ? [0, 0, 0] : [0, 0], settings: 8) {
      (parameter, gradient, slots, settings) throws(TensorError) in
      let rate = settings[0]
      let correction = settings[1]
      let epsilon = settings[2]
      var p = parameter
      var g = gradient
      if weightDecay != 0 { (p, g) = try decayed(parameter, gradient, convention, settings[7]) }
      let m = try settings[3] * slots[0] + settings[4] * g
      let v = try settings[5] * slots[1] + settings[6] * (g * g)
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
  }

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    let step = Double(rule.stepCount + 1)
    let first = 1 - Glibc.pow(beta1, step)
    let second = (1 - Glibc.pow(beta2, step)).squareRoot()
    let rate = convention == .keras ? learningRate * second / first : learningRate / first
    let decay = convention == .keras ? weightDecay * learningRate : weightDecay
    try rule.update(
      parameters, along: gradients,
      settings: [rate, 1 / second, epsilon, beta1, 1 - beta1, beta2, 1 - beta2, decay])
  }
}
