public import Geometry
public import Tensors

/// How wrong predictions are, as `Trainer` and loops of one's own take it:
///
///     let loss = Loss.huber(delta: 1)
///     let value = try loss(model(x), y)
///
/// A loss gives numbers for elements or samples; the reduction makes one of them. Steps that the
/// mask of the predictions leaves out count for nothing.
public struct Loss: Sendable {
  /// As reports call it.
  public let name: String
  /// What predictions must be, for the warning about probabilities that go into a loss of logits.
  let takesLogits: Bool
  /// Whether it leaves out itself what the mask of the predictions does, where its numbers have fewer
  /// axes than the mask.
  private let readsMask: Bool
  /// Which targets count, as bools in the shape of the losses; all of them if nil.
  private let counts: (@Sendable (_ targets: Tensor) throws -> Tensor)?
  private let elements: @Sendable (_ predictions: Tensor, _ targets: Tensor) throws -> Tensor

  /// A loss of one's own: a number for each element, or for each sample, of the predictions.
  public init(
    _ name: String, _ elements: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) {
    self.init(name, takesLogits: false, elements)
  }

  init(
    _ name: String, takesLogits: Bool, readsMask: Bool = false,
    counts: (@Sendable (Tensor) throws -> Tensor)? = nil,
    _ elements: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) {
    self.name = name
    self.takesLogits = takesLogits
    self.readsMask = readsMask
    self.counts = counts
    self.elements = elements
  }

  /// - Parameters:
  ///   - predictions: what the model gives, logits where the loss takes logits.
  ///   - targets: what they should be, in the form that the loss says.
  ///   - sampleWeights: what the leading axes of the losses are multiplied by: `[batch]`, or
  ///     `[batch, time]`. The mean stays that over all elements, as in Keras.
  ///   - mask: bools over leading axes, that of the predictions if not given; the mean is then that
  ///     over what counts.
  ///   - reduction: what becomes of the losses of single elements.
  public func callAsFunction(
    _ predictions: Tensor, _ targets: Tensor, sampleWeights: Tensor? = nil, mask: Tensor? = nil,
    reduction: LossReduction = .mean
  ) throws(TensorError) -> Tensor {
    let predictions =
      try mask.map { (mask) throws(TensorError) in
        try predictions.masked(by: mask)
      } ?? predictions
    var losses: Tensor
    do { losses = try elements(predictions, targets) } catch { throw error.asTensorError }
    if let sampleWeights {
      losses = try losses * leading(sampleWeights.cast(to: losses.scalarType), of: losses)
    }
    if let mask, mask.rank > losses.rank, !readsMask {
      throw TensorError(
        .shape, name, "the mask has more axes than the losses",
        operands: [TensorInfo(losses, name: "losses"), TensorInfo(mask, name: "mask")])
    }
    guard let mask = try counting(predictions, targets, losses) else {
      return try reduce(losses, reduction)
    }
    let counts = try leading(mask, of: losses)
    losses = try select(counts, losses, losses.scalar(0))
    guard reduction == .mean else { return try reduce(losses, reduction) }
    let rest = Array(losses.shape).dropFirst(mask.rank).reduce(1, *)
    let count = try mask.cast(to: losses.scalarType).sum() * Double(rest)
    return try losses.sum() / maximum(count, count.scalar(1))
  }

  /// Which losses count: those that neither the mask of the predictions nor the targets leave out.
  func counting(
    _ predictions: Tensor, _ targets: Tensor, _ losses: Tensor
  ) throws(TensorError) -> Tensor? {
    let mask = predictions.mask.flatMap { $0.rank <= losses.rank ? $0 : nil }
    guard let counts else { return mask }
    let own: Tensor
    do { own = try counts(targets) } catch { throw error.asTensorError }
    guard own.shape == losses.shape else { return mask }
    return try mask.map { (mask) throws(TensorError) in
      try logicalAnd(leading(mask, of: losses), own)
    } ?? own
  }

  /// What is to be said of predictions that do not look like what this loss takes; nil if nothing.
  ///
  /// Reads the predictions: for the first batch, not for each.
  public func warning(for predictions: Tensor) throws(TensorError) -> String? {
    guard takesLogits, predictions.rank > 0, predictions.count > 1 else { return nil }
    guard try predictions.min().scalar() >= 0, try predictions.max().scalar() <= 1 else {
      return nil
    }
    let sums = try abs(predictions.sum(axes: [-1]) - 1).max().scalar()
    guard sums < 1e-3 || predictions.shape.last == 1 else { return nil }
    return "\(name) takes logits, but the predictions look like probabilities: leave out the last "
      + "softmax or sigmoid, or use the loss that takes probabilities"
  }

  /// `x` with axes behind for those of `losses` that it lacks.
  private func leading(_ x: Tensor, of losses: Tensor) throws(TensorError) -> Tensor {
    guard x.rank <= losses.rank, Array(losses.shape).starts(with: Array(x.shape)) else {
      throw TensorError(
        .shape, name, "weights and masks have the leading axes of the losses",
        operands: [TensorInfo(losses, name: "losses"), TensorInfo(x)])
    }
    return try x.leading(losses.rank)
  }
}

/// Throws unless predictions and targets have one shape: broadcasting would hide the mistake.
func requireSameShape(
  _ name: String, _ predictions: Tensor, _ targets: Tensor
) throws(TensorError) {
  guard predictions.shape == targets.shape else {
    throw TensorError(
      .shape, name, "predictions and targets differ in shape",
      operands: [
        TensorInfo(predictions, name: "predictions"), TensorInfo(targets, name: "targets"),
      ])
  }
}
