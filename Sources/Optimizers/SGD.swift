public import Geometry
public import Tensors

/// Stochastic gradient descent, with momentum if wanted.
///
/// Keras: `v = momentum · v - rate · g`, `p += v`; with Nesterov's momentum
/// `p += momentum · v - rate · g`. PyTorch: `v = momentum · v + (1 - dampening) · g`, at the first
/// step `g`, then `p -= rate · v`, with Nesterov's `p -= rate · (g + momentum · v)`.
public final class SGD: Optimizer {
  public var learningRate: Double
  private let momentum: Double, dampening: Double, weightDecay: Double
  private let convention: Convention
  private let rule: UpdateRule

  public init(
    learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false,
    dampening: Double = 0, weightDecay: Double = 0, convention: Convention = .keras
  ) throws(TensorError) {
    guard momentum >= 0, momentum <= 1, !nesterov || (momentum > 0 && dampening == 0) else {
      throw TensorError(
        .argument, "SGD", "momentum \(momentum), dampening \(dampening), nesterov \(nesterov)",
        hint: "momentum lies in 0...1; nesterov needs one and no dampening")
    }
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.convention = convention
    rule = try UpdateRule("SGD", slots: momentum > 0 ? [0] : [], settings: 4) {
      (parameter, gradient, slots, settings) throws(TensorError) in
      let rate = settings[0]
      let momentum = settings[1]
      let fresh = settings[2]
      let decay = settings[3]
      var p = parameter
      var g = gradient
      if weightDecay != 0 { (p, g) = try decayed(parameter, gradient, convention, decay) }
      guard let slot = slots.first else { return [try p - rate * g] }
      switch convention {
      case .keras:
        let v = try momentum * slot - rate * g
        return [try nesterov ? p + (momentum * v - rate * g) : p + v, v]
      case .pyTorch:
        let v = try momentum * slot + fresh * g
        return [try p - rate * (nesterov ? g + momentum * v : v), v]
      }
    }
  }

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    // PyTorch's velocity begins as the gradient itself, whatever the dampening.
    let fresh = rule.stepCount == 0 ? 1 : 1 - dampening
    let decay = convention == .keras ? weightDecay * learningRate : weightDecay
    try rule.update(
      parameters, along: gradients, settings: [learningRate, momentum, fresh, decay])
  }
}
