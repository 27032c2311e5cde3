public import Geometry
internal import Tensors

/// A rate for each weight by a running mean of its squared gradients (Tieleman and Hinton 2012).
///
/// `v = ρ · v + (1 - ρ) · g²`; centred, `a = ρ · a + (1 - ρ) · g` and `v - a²` stands for `v`.
/// Keras: `u = rate · g / √(v + ε)`; PyTorch: `u = rate · g / (√v + ε)`. With momentum
/// `b = momentum · b + u`, `p -= b`, else `p -= u`.
public final class RMSProp: RuleOptimizer {
  private let rho: Double, momentum: Double, epsilon: Double

  /// - Parameters:
  ///   - learningRate: `rate` in the update; it may be changed between steps.
  ///   - rho: `ρ` above; 0.9 for Keras, 0.99 for PyTorch if not given.
  ///   - momentum: the share of the old `b` in the new; 0 for none.
  ///   - centered: whether `v - a²` stands for `v`.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  ///   - weightDecay: Keras takes `learningRate · weightDecay · p` off `p`, PyTorch adds
  ///     `weightDecay · p` to `g`; 0 for none.
  ///   - clipping: what is done to gradients that are too large, before anything else.
  ///   - convention: whose form of the update it is, and whose defaults.
  public init(
    learningRate: Double = 1e-3, rho: Double? = nil, momentum: Double = 0, centered: Bool = false,
    epsilon: Double? = nil, weightDecay: Double = 0, clipping: Clipping = .none,
    convention: Convention = .keras
  ) throws(TensorError) {
    let isKeras = convention == .keras
    self.rho = rho ?? (isKeras ? 0.9 : 0.99)
    self.momentum = momentum
    self.epsilon = epsilon ?? (isKeras ? 1e-7 : 1e-8)
    let slots: KeyValuePairs<String, Double> =
      switch (centered, momentum > 0) {
      case (false, false): ["squares": 0]
      case (true, false): ["squares": 0, "mean": 0]
      case (false, true): ["squares": 0, "velocity": 0]
      case (true, true): ["squares": 0, "mean": 0, "velocity": 0]
      }
    try super.init(
      "RMSProp", learningRate: learningRate, clipping: clipping, weightDecay: weightDecay,
      convention: convention, slots: slots, settings: 5
    ) { terms throws(TensorError) in
      let (p, g, slots) = (terms.parameter, terms.gradient, terms.slots)
      let (rate, rho, fresh) = (terms.settings[0], terms.settings[1], terms.settings[2])
      let (momentum, epsilon) = (terms.settings[3], terms.settings[4])
      let v = try rho * slots[0] + fresh * (g * g)
      var results = [v]
      var spread = v
      if centered {
        let a = try rho * slots[1] + fresh * g
        spread = try v - a * a
        results.append(a)
      }
      var u: Tensor
      switch convention {
      case .keras: u = try rate * g / sqrt(spread + epsilon)
      case .pyTorch: u = try g / (sqrt(spread) + epsilon)
      }
      if slots.count > results.count {
        u = try momentum * slots[results.count] + u
        results.append(u)
      }
      return [try convention == .keras ? p - u : p - rate * u] + results
    }
  }

  override func settings(step: Int) -> [Double] { [learningRate, rho, 1 - rho, momentum, epsilon] }
}
