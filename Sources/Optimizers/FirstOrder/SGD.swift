public import Geometry
internal import Tensors

/// Stochastic gradient descent, with momentum if wanted.
///
/// Keras: `v = momentum · v - rate · g`, `p += v`; with Nesterov's momentum
/// `p += momentum · v - rate · g`. PyTorch: `v = momentum · v + (1 - dampening) · g`, at the first
/// step `g`, then `p -= rate · v`, with Nesterov's `p -= rate · (g + momentum · v)`.
public final class SGD: RuleOptimizer {
  private let momentum: Double, dampening: Double

  /// - Parameters:
  ///   - learningRate: `rate` in the update; it may be changed between steps.
  ///   - momentum: the share of the old velocity in the new, in 0...1; 0 for none.
  ///   - nesterov: whether the step looks ahead; needs momentum, and no dampening.
  ///   - dampening: what a gradient's share in the velocity is short of 1, in PyTorch's form.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of the update it is.
  public init(
    learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false,
    dampening: Double = 0, weightDecay: Double = 0, clipping: Clipping = .none,
    convention: Convention = .keras
  ) throws(TensorError) {
    guard momentum >= 0, momentum <= 1, !nesterov || (momentum > 0 && dampening == 0) else {
      throw TensorError(
        .argument, "SGD", "momentum \(momentum), dampening \(dampening), nesterov \(nesterov)",
        hint: "momentum lies in 0...1; nesterov needs one and no dampening")
    }
    self.momentum = momentum
    self.dampening = dampening
    try super.init(
      "SGD", learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: convention, slots: momentum > 0 ? ["velocity": 0] : [:], settings: 3
    ) { terms throws(TensorError) in
      let (p, g) = (terms.parameter, terms.gradient)
      let (rate, momentum, fresh) = (terms.settings[0], terms.settings[1], terms.settings[2])
      guard let velocity = terms.slots.first else { return [try p - rate * g] }
      switch convention {
      case .keras:
        let v = try momentum * velocity - rate * g
        return [try nesterov ? p + (momentum * v - rate * g) : p + v, v]
      case .pyTorch:
        let v = try momentum * velocity + fresh * g
        return [try p - rate * (nesterov ? g + momentum * v : v), v]
      }
    }
  }

  override func settings(step: Int) -> [Double] {
    // PyTorch's velocity begins as the gradient itself, whatever the dampening.
    [learningRate, momentum, step == 1 ? 1 : 1 - dampening]
  }
}
