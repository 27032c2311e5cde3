public import Geometry
internal import Glibc
public import Tensors

/// `Σ p · log(p / q)` of distributions along the last axis: how much is lost by taking
/// `q` for `p`.
///
/// Terms with `p = 0` are 0; the divergence is infinite where `q` is 0 and `p` is not.
/// The logarithm is that to the base `base`, 2 for bits; the natural one if it is nil.
public func klDivergence(
  _ p: Tensor, _ q: Tensor, base: Double? = nil
) throws(TensorError) -> Tensor {
  if let base, !(base > 0) || base == 1 {
    throw TensorError(.argument, "klDivergence", "\(base) is no base of a logarithm")
  }
  // Zeros of p are taken out before the logarithm: 0 · log 0 would be NaN.
  let counts = try greater(p, p.scalar(0))
  let ratio = try log(select(counts, p, p.scalar(1))) - log(select(counts, q, q.scalar(1)))
  let sum = try select(counts, p * ratio, p.scalar(0)).sum(axes: [-1])
  guard let base else { return sum }
  return try sum / Glibc.log(base)
}

/// The mean of the divergences of `p` and `q` from their mean, along the last axis, to a base.
public func jensenShannonDivergence(
  _ p: Tensor, _ q: Tensor, base: Double? = nil
) throws(TensorError) -> Tensor {
  let middle = try (p + q) * 0.5
  return try (klDivergence(p, middle, base: base) + klDivergence(q, middle, base: base)) * 0.5
}

/// The divergence of one normal distribution from another, an element at a time, from means and
/// logarithms of variances.
public func gaussianDivergence(
  mean: Tensor, logVariance: Tensor, fromMean: Tensor, fromLogVariance: Tensor
) throws(TensorError) -> Tensor {
  let spread = try (exp(logVariance) + square(mean - fromMean)) * exp(-fromLogVariance)
  return try (fromLogVariance - logVariance + spread - 1) * 0.5
}

/// The divergence of normal distributions from the standard one, summed over the last axis: the
/// penalty of a variational autoencoder (Kingma and Welling 2014).
public func latentDivergence(
  mean: Tensor, logVariance: Tensor, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  try requireSameShape("latentDivergence", mean, logVariance)
  return try reduce(
    ((exp(logVariance) + square(mean) - 1 - logVariance) * 0.5).sum(axes: [-1]), reduction)
}

/// A draw from normal distributions through which gradients flow: `mean + exp(logVariance / 2) ·
/// ε`.
public func reparameterized(
  mean: Tensor, logVariance: Tensor, source: RandomSource? = nil
) throws(TensorError) -> Tensor {
  try requireSameShape("reparameterized", mean, logVariance)
  let noise = try Tensor.normal(
    mean.shape, as: mean.scalarType, on: mean.device, source: source)
  return try mean + exp(logVariance * 0.5) * noise
}
