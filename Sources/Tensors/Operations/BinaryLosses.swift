public import Geometry

/// The cross-entropy of `sigmoid(logits)` with `targets`, numbers in 0...1 of the same shape.
///
/// `-(p · t · log σ(x) + (1 - t) · log(1 - σ(x)))`, computed from the logits, so that it is right
/// for any finite ones. What counts as target is `t · (1 - labelSmoothing) + labelSmoothing / 2`.
///
/// - Parameters:
///   - logits: `x`, floating-point.
///   - targets: `t`, in the shape of the logits.
///   - weights: what the losses are multiplied by; broadcasts to them. They do not change what the
///     mean divides by: the number of elements.
///   - positiveWeight: `p`, what a target of 1 counts for; broadcasts to the logits.
///   - labelSmoothing: how far targets move towards 1/2, by the formula above.
///   - reduction: what becomes of the losses of single elements.
public func sigmoidCrossEntropy(
  _ logits: Tensor, _ targets: Tensor, weights: Tensor? = nil, positiveWeight: Tensor? = nil,
  labelSmoothing: Double = 0, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  let loss = BinaryLoss("sigmoidCrossEntropy", logits, targets, weights, positiveWeight)
  let (x, t) = try loss.operands(labelSmoothing)
  var positive = try t * softplus(-x)
  if let positiveWeight { positive = try positive * positiveWeight.cast(to: x.scalarType) }
  return try loss.reduced(positive + (1 - t) * softplus(x), reduction)
}

/// The cross-entropy of `probabilities` with `targets`, numbers in 0...1 of the same shape.
///
/// `-(t · log p + (1 - t) · log(1 - p))`. Probabilities are clipped to `epsilon...(1 - epsilon)`
/// first; where they are, the gradient is 0. From logits, `sigmoidCrossEntropy` loses nothing.
///
/// - Parameters: as those of `sigmoidCrossEntropy`.
public func binaryCrossEntropy(
  _ probabilities: Tensor, _ targets: Tensor, weights: Tensor? = nil, labelSmoothing: Double = 0,
  epsilon: Double = 1e-7, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  let loss = BinaryLoss("binaryCrossEntropy", probabilities, targets, weights, nil)
  let (x, t) = try loss.operands(labelSmoothing)
  guard epsilon >= 0, epsilon < 0.5 else {
    throw loss.error(.argument, "epsilon is \(epsilon), not in 0..<0.5")
  }
  let p = try clip(x, min: epsilon, max: 1 - epsilon)
  return try loss.reduced(-(t * log(p) + (1 - t) * log1p(-p)), reduction)
}

/// The operands of a loss on single elements, for checks, and what becomes of the losses.
private struct BinaryLoss {
  private let name: StaticString
  private let x: Tensor, targets: Tensor
  private let weights: Tensor?, positiveWeight: Tensor?

  init(
    _ name: StaticString, _ x: Tensor, _ targets: Tensor, _ weights: Tensor?,
    _ positiveWeight: Tensor?
  ) {
    self.name = name
    self.x = x
    self.targets = targets
    self.weights = weights
    self.positiveWeight = positiveWeight
  }

  func error(_ kind: TensorError.Kind, _ detail: String) -> TensorError {
    let all = [x, targets] + [weights, positiveWeight].compactMap { $0 }
    return TensorError(kind, "\(name)", detail, operands: all.map(\.info))
  }

  /// Both in the type that is computed in, the targets smoothed.
  func operands(_ smoothing: Double) throws(TensorError) -> (Tensor, Tensor) {
    guard x.scalarType.isFloatingPoint else { throw error(.dtype, "not defined for integers") }
    for other in [targets, weights, positiveWeight].compactMap({ $0 }) {
      guard other.scalarType == x.scalarType else { throw error(.dtype, "scalar types differ") }
      guard other.node.place === x.node.place else {
        throw error(.device, "operands are on different devices")
      }
    }
    guard targets.shape == x.shape else { throw error(.shape, "targets are of another shape") }
    for other in [weights, positiveWeight].compactMap({ $0 }) {
      guard other.shape.broadcast(with: x.shape) == x.shape else {
        throw error(.shape, "weights do not broadcast to \(x.shape)")
      }
    }
    guard smoothing >= 0, smoothing <= 1 else {
      throw error(.argument, "label smoothing is \(smoothing), not in 0...1")
    }
    let type = x.scalarType.computeType
    let t = try targets.cast(to: type)
    return (
      try x.cast(to: type), try smoothing == 0 ? t : t * (1 - smoothing) + smoothing / 2
    )
  }

  func reduced(_ losses: Tensor, _ reduction: LossReduction) throws(TensorError) -> Tensor {
    var losses = losses
    if let weights { losses = try losses * weights.cast(to: losses.scalarType) }
    let result =
      switch reduction {
      case .none: losses
      case .sum: try losses.sum()
      case .mean: try losses.sum() * (1 / Double(max(losses.count, 1)))
      }
    return try result.cast(to: x.scalarType)
  }
}
