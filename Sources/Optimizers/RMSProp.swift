public import Geometry
public import Tensors

/// A rate for each weight by a running mean of its squared gradients (Tieleman and Hinton 2012).
///
/// `v = ρ · v + (1 - ρ) · g²`; centred, `a = ρ · a + (1 - ρ) · g` and `v - a²` stands for `v`.
/// Keras: `u = rate · g / √(v + ε)`; PyTorch: `u = rate · g / (√v + ε)`. With momentum
/// `b = momentum · b + u`, `p -= b`, else `p -= u`.
public final class RMSProp: Optimizer {
  public var learningRate: Double
  private let rho: Double, momentum: Double, epsilon: Double, weightDecay: Double
  private let convention: Convention
  private let rule: UpdateRule

  /// - Parameters:
  ///   - rho: 0.9 for Keras, 0.99 for PyTorch if not given.
  ///   - epsilon: 1e-7 for Keras, 1e-8 for PyTorch if not given.
  public init(
    learningRate: Double = 1e-3, rho: Double? = nil, momentum: Double = 0, centered: Bool = false,
    epsilon: Double? = nil, weightDecay: Double = 0, convention: Convention = .keras
  ) throws(TensorError) {
    self.learningRate = learningRate
    self.rho = rho ?? (convention == .keras ? 0.9 : 0.99)
    self.momentum = momentum
    self.epsilon = epsilon ?? (convention == .keras ? 1e-7 : 1e-8)
    self.weightDecay = weightDecay
    self.convention = convention
    let slotCount = 1 + (centered ? 1 : 0) + (momentum > 0 ? 1 : 0)
    rule = try UpdateRule(
      "RMSProp", slots: [Double](repeating: 0, count: slotCount), settings: 6
    ) { (parameter, gradient, slots, settings) throws(TensorError) in
      let rate = settings[0]
      let rho = settings[1]
      let fresh = settings[2]
      let momentum = settings[3]
      let epsilon = settings[4]
      var p = parameter
      var g = gradient
      if weightDecay != 0 { (p, g) = try decayed(parameter, gradient, convention, settings[5]) }
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

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    let decay = convention == .keras ? weightDecay * learningRate : weightDecay
    try rule.update(
      parameters, along: gradients,
      settings: [learningRate, rho, 1 - rho, momentum, epsilon, decay])
  }
}
