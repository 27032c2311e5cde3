public import Geometry
public import Tensors

/// The loss of a Wasserstein critic: what it gives for made samples less what it gives for real
/// ones (Arjovsky et al. 2017). Its weights are clipped (`Constraint.clip`) or its gradient
/// penalised.
public func criticLoss(real: Tensor, fake: Tensor) throws(TensorError) -> Tensor {
  try fake.mean() - real.mean()
}

/// `mean (|∇critic| - 1)²` at points between real and made samples (Gulrajani et al. 2017). Inside
/// a recording; the gradient of the gradient flows into the critic's weights.
public func gradientPenalty(
  real: Tensor, fake: Tensor, source: RandomSource? = nil, critic: (Tensor) throws -> Tensor
) throws(TensorError) -> Tensor {
  try requireSameShape("gradientPenalty", real, fake)
  guard real.rank > 1 else {
    throw TensorError(
      .shape, "gradientPenalty", "needs a batch and features", operands: [TensorInfo(real)])
  }
  let ones = [Int](repeating: 1, count: real.rank - 1)
  let share = try Tensor.uniform(
    Shape([real.shape[0]] + ones), as: real.scalarType, on: real.device, source: source)
  let between = try real * share + fake * (1 - share)
  let value: Tensor
  do { value = try critic(between) } catch { throw error.asTensorError }
  let gradient = try gradients(of: value.sum(), for: [between])[0]
  let squares = try square(gradient).sum(axes: Array(1..<real.rank))
  return try square(sqrt(squares + 1e-12) - 1).mean()
}

/// The loss whose gradient is that of the expected return (Williams 1992): minus the logarithm of
/// the probability of what was done, times how much better it went than expected.
///
/// - Parameters:
///   - logProbabilities: logarithms of the probabilities of what was done, in the shape of
///     `advantages`.
///   - advantages: returns less a baseline; no gradient flows through them.
///   - entropy: of the policy at each step; nil leaves it out.
///   - entropyWeight: what the mean entropy is multiplied by before it is taken off the loss.
public func policyGradientLoss(
  logProbabilities: Tensor, advantages: Tensor, entropy: Tensor? = nil, entropyWeight: Double = 0
) throws(TensorError) -> Tensor {
  try requireSameShape("policyGradientLoss", logProbabilities, advantages)
  let loss = try -(logProbabilities * stopGradient(advantages)).mean()
  guard let entropy else { return loss }
  return try loss - entropy.mean() * entropyWeight
}

/// The sums of rewards to come, each step's worth `discount` of the one before: `[steps]`.
public func discountedReturns(_ rewards: [Double], discount: Double = 0.99) -> [Double] {
  var returns = rewards
  for step in returns.indices.dropLast().reversed() {
    returns[step] += discount * returns[step + 1]
  }
  return returns
}
