public import Geometry
public import Tensors

/// `max(d(a, p) - d(a, n) + margin, 0)`, distances along the last axis: an anchor closer to what is
/// like it than to what is not.
public func tripletLoss(
  anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, epsilon: Double = 1e-6,
  reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  try requireSameShape("tripletLoss", anchor, positive)
  try requireSameShape("tripletLoss", anchor, negative)
  let near = try (anchor - positive + epsilon).norm(axes: [-1])
  let far = try (anchor - negative + epsilon).norm(axes: [-1])
  return try reduce(relu(near - far + margin), reduction)
}

/// `t · d² + (1 - t) · max(margin - d, 0)²`, halved, for pairs that are alike (`t = 1`) or not.
public func contrastiveLoss(
  _ first: Tensor, _ second: Tensor, alike: Tensor, margin: Double = 1,
  reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  try requireSameShape("contrastiveLoss", first, second)
  let squares = try square(first - second).sum(axes: [-1])
  let t = try alike.cast(to: squares.scalarType)
  try requireSameShape("contrastiveLoss", squares, t)
  let gap = try relu(margin - sqrt(squares + 1e-12))
  return try reduce((t * squares + (1 - t) * square(gap)) * 0.5, reduction)
}

/// Skip-gram's loss (Mikolov et al. 2013): a word close to a neighbour, `[batch, d]` each, and far
/// from words drawn by chance, `[batch, samples, d]`.
public func negativeSamplingLoss(
  word: Tensor, neighbour: Tensor, negatives: Tensor, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  try requireSameShape("negativeSamplingLoss", word, neighbour)
  guard word.rank == 2, negatives.rank == 3 else {
    throw TensorError(
      .shape, "negativeSamplingLoss", "takes [batch, d] twice and [batch, samples, d]",
      operands: [
        TensorInfo(word, name: "word"), TensorInfo(neighbour, name: "neighbour"),
        TensorInfo(negatives, name: "negatives"),
      ])
  }
  let close = try softplus(-(word * neighbour).sum(axes: [1]))
  let far = try softplus((negatives * word.expanded(at: 1)).sum(axes: [2])).sum(axes: [1])
  return try reduce(close + far, reduction)
}

/// Softmax cross-entropy over the right class and classes drawn by chance alone, for vocabularies
/// too large for all: `features` `[batch, d]`, weights `[classes, d]`, integer `labels` `[batch]`.
///
/// - Parameters:
///   - features: `[batch, d]`.
///   - weights: `[classes, d]`, whose products with the features are the logits.
///   - bias: `[classes]`, added to the logits; nil for none.
///   - labels: integers, `[batch]`.
///   - samples: the classes drawn, `[samples]`; one that is the label does not count against it.
///   - probabilities: with which each class is drawn, `[classes]`; corrects the logits for it. Even
///     if not given.
///   - reduction: what becomes of the losses of single examples.
public func sampledSoftmaxLoss(
  _ features: Tensor, weights: Tensor, bias: Tensor? = nil, labels: Tensor, samples: Tensor,
  probabilities: Tensor? = nil, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  guard features.rank == 2, weights.rank == 2, labels.rank == 1, samples.rank == 1 else {
    throw TensorError(
      .shape, "sampledSoftmaxLoss", "takes [batch, d], [classes, d], [batch] and [samples]",
      operands: [
        TensorInfo(features, name: "features"), TensorInfo(weights, name: "weights"),
        TensorInfo(labels, name: "labels"), TensorInfo(samples, name: "samples"),
      ])
  }
  var right = try (features * weights.gather(labels)).sum(axes: [1])
  var drawn = try matmul(features, weights.gather(samples), transposeRight: true)
  if let bias {
    right = try right + bias.gather(labels)
    drawn = try drawn + bias.gather(samples)
  }
  if let probabilities {
    right = try right - log(probabilities.gather(labels))
    drawn = try drawn - log(probabilities.gather(samples))
  }
  let isLabel = try equal(labels.expanded(at: 1), samples.expanded(at: 0))
  drawn = try select(isLabel, drawn.scalar(-1e9), drawn)
  let logits = try concatenate([right.expanded(at: 1), drawn], axis: 1)
  let zeros = try Tensor.zeros([features.shape[0]], as: .int32, on: features.device)
  return try softmaxCrossEntropy(logits, zeros, reduction: reduction)
}

func reduce(_ losses: Tensor, _ reduction: LossReduction) throws(TensorError) -> Tensor {
  switch reduction {
  case .none: losses
  case .sum: try losses.sum()
  case .mean: try losses.mean()
  }
}
