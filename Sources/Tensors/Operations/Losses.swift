public import Geometry

/// What becomes of the losses of single elements.
public enum LossReduction: Sendable, Hashable, CaseIterable {
  /// They stay as they are.
  case none
  case sum
  /// Their sum divided by their number, or by the weight that they have together; 0 of nothing.
  case mean
}

/// The cross-entropy of the softmax of `logits` `[..., classes]` with `labels`.
///
/// Labels are integers `[...]`, or numbers a class, a distribution, in the shape of the logits.
/// Never is a probability computed whose logarithm is taken: losses are right for any finite
/// logits. The gradient is computed along with the losses, in one pass over the logits.
///
/// With `q` the label's distribution, `(1 - labelSmoothing) · q + labelSmoothing / classes` is what
/// counts. The mean is over positions; with class weights and integer labels it is `Σ w · loss / Σ
/// w` over the weights of the labels, as PyTorch has it.
///
/// - Parameters:
///   - logits: floating-point, `[..., classes]`.
///   - labels: integers `[...]`, or distributions `[..., classes]`.
///   - classWeights: what the terms of each class are multiplied by, `[classes]`. A constant.
///   - sampleWeights: what the loss of each position is multiplied by, in the shape of the
///     positions. They do not change what the mean divides by.
///   - labelSmoothing: the share of each label that is spread evenly over all classes.
///   - ignoreIndex: integer labels that are this count for nothing, and are not in the mean.
///   - reduction: what becomes of the losses of single positions.
/// - Throws: `TensorError`, of kind `index` when it is evaluated if a label is not below `classes`.
public func softmaxCrossEntropy(
  _ logits: Tensor, _ labels: Tensor, classWeights: Tensor? = nil, sampleWeights: Tensor? = nil,
  labelSmoothing: Double = 0, ignoreIndex: Int? = nil, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  let settings = CrossEntropySettings(
    name: "softmaxCrossEntropy", gradientName: "gradient of softmaxCrossEntropy",
    takesLogits: true, smoothing: labelSmoothing, ignoredLabel: ignoreIndex)
  return try crossEntropy(settings, logits, labels, classWeights, sampleWeights, reduction)
}

/// The negative logarithm of the probability of each label: `softmaxCrossEntropy` of what is
/// already the logarithm of probabilities `[..., classes]`.
///
/// - Parameters: as those of `softmaxCrossEntropy`.
public func nll(
  _ logProbabilities: Tensor, _ labels: Tensor, classWeights: Tensor? = nil,
  sampleWeights: Tensor? = nil, ignoreIndex: Int? = nil, reduction: LossReduction = .mean
) throws(TensorError) -> Tensor {
  let settings = CrossEntropySettings(
    name: "nll", gradientName: "gradient of nll", takesLogits: false, smoothing: 0,
    ignoredLabel: ignoreIndex)
  return try crossEntropy(
    settings, logProbabilities, labels, classWeights, sampleWeights, reduction)
}

private func crossEntropy(
  _ settings: CrossEntropySettings, _ logits: Tensor, _ labels: Tensor, _ classWeights: Tensor?,
  _ sampleWeights: Tensor?, _ reduction: LossReduction
) throws(TensorError) -> Tensor {
  func fail(_ kind: TensorError.Kind, _ detail: String, hint: String? = nil) -> TensorError {
    let operands = [logits, labels, classWeights, sampleWeights].compactMap { $0?.info }
    return TensorError(kind, settings.name, detail, operands: operands, hint: hint)
  }
  let (type, place) = (logits.scalarType, logits.node.place)
  let isDense = labels.scalarType.isFloatingPoint
  guard type.isFloatingPoint, labels.scalarType != .bool else {
    throw fail(.dtype, "scores are floating-point, labels are integers or numbers a class")
  }
  guard !isDense || labels.scalarType == type else {
    throw fail(.dtype, "scalar types differ")
  }
  guard labels.node.place === place else {
    throw fail(.device, "operands are on different devices")
  }
  guard logits.rank > 0 else { throw fail(.shape, "scores need an axis of classes") }
  let classes = logits.shape.last
  let positions = logits.shape.reduced(over: [logits.rank - 1], keepingAxes: false)
  guard labels.shape == (isDense ? logits.shape : positions) else {
    throw fail(
      .shape, isDense ? "targets differ from the scores" : "labels are not of shape \(positions)",
      hint: "labels are integers [...] or numbers [..., classes]")
  }
  guard classes > 0 || positions.count == 0 else { throw fail(.shape, "there are no classes") }
  func check(_ weights: Tensor, of noun: String, _ shape: Shape) throws(TensorError) {
    guard weights.scalarType == type else {
      throw fail(
        .dtype,
        weights.scalarType.isFloatingPoint
          ? "scalar types differ" : "weights are not floating-point")
    }
    guard weights.node.place === place else {
      throw fail(.device, "operands are on different devices")
    }
    guard weights.shape == shape else {
      throw fail(.shape, "\(noun) weights are not of shape \(shape)")
    }
  }
  if let classWeights { try check(classWeights, of: "class", [classes]) }
  if let sampleWeights { try check(sampleWeights, of: "sample", positions) }
  guard settings.smoothing >= 0, settings.smoothing <= 1 else {
    throw fail(.argument, "label smoothing is \(settings.smoothing), not in 0...1")
  }
  guard settings.ignoredLabel == nil || !isDense else {
    throw fail(.argument, "only integer labels can be ignored")
  }
  var settings = settings
  settings.shape = logits.shape
  settings.type = type
  let rows = positions.count
  let compute = type.computeType
  func flat(_ x: Tensor, _ shape: Shape) throws(TensorError) -> Node {
    try (x.scalarType.isFloatingPoint ? x.cast(to: compute) : x).reshaped(to: shape).node
  }
  let targets = try flat(labels, isDense ? [rows, classes] : [rows])
  let weights = try classWeights.map { weights throws(TensorError) in
    try flat(stopGradient(weights), [classes])
  }
  var losses = try Tensor(
    recording: Node(
      CrossEntropyOperation(settings), [rows], compute, place, flat(logits, [rows, classes]),
      targets, weights))
  if let sampleWeights { losses = try losses * Tensor(flat(sampleWeights, [rows])) }
  switch reduction {
  case .none: return try losses.reshaped(to: positions).cast(to: type)
  case .sum: return try losses.sum().cast(to: type)
  case .mean: break
  }
  guard !isDense, classWeights != nil || settings.ignoredLabel != nil else {
    return try (losses.sum() * (1 / Double(max(rows, 1)))).cast(to: type)
  }
  let operation = LabelWeightsOperation(settings, classes: classes, compute)
  let weight = try Tensor(
    recording: Node(operation, [rows], compute, place, targets, weights)
  ).sum()
  let isNothing = try equal(weight, weight.scalar(0))
  return try (losses.sum() / select(isNothing, weight.scalar(1), weight)).cast(to: type)
}
