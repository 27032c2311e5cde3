internal import Geometry
public import Tensors

extension Loss {
  /// Softmax cross-entropy of logits, classes last, with integer labels or distributions.
  public static let softmaxCrossEntropy = softmaxCrossEntropy()

  /// - Parameters:
  ///   - labelSmoothing: the share of each label that is spread evenly over all classes.
  ///   - classWeights: `[classes]`; the losses are multiplied by the weight of their label.
  ///   - ignoreIndex: samples with this label count for nothing, in the mean neither.
  public static func softmaxCrossEntropy(
    labelSmoothing: Double = 0, classWeights: Tensor? = nil, ignoreIndex: Int? = nil
  ) -> Loss {
    var counts: (@Sendable (Tensor) throws -> Tensor)?
    if let ignored = ignoreIndex.map(Double.init) {
      counts = { labels in try notEqual(labels, labels.scalar(ignored)) }
    }
    return Loss("softmax cross-entropy", takesLogits: true, counts: counts) {
      try Tensors.softmaxCrossEntropy(
        $0, $1, classWeights: classWeights, labelSmoothing: labelSmoothing,
        ignoreIndex: ignoreIndex, reduction: .none)
    }
  }

  /// Cross-entropy of probabilities, classes last, with integer labels or distributions.
  public static let categoricalCrossEntropy = Loss("categorical cross-entropy") { x, t in
    let logarithms = try log(Tensors.clip(x, min: 1e-7, max: 1))
    return try nll(logarithms, t, reduction: .none)
  }

  /// Binary cross-entropy of logits.
  public static let sigmoidCrossEntropy = sigmoidCrossEntropy()

  /// - Parameters:
  ///   - labelSmoothing: `s` makes `t · (1 - s) + s / 2` of a target `t`.
  ///   - positiveWeight: what the losses of ones are multiplied by.
  public static func sigmoidCrossEntropy(
    labelSmoothing: Double = 0, positiveWeight: Double = 1
  ) -> Loss {
    Loss("sigmoid cross-entropy", takesLogits: true) { x, t in
      let t = try t.cast(to: x.scalarType)
      try requireSameShape("sigmoid cross-entropy", x, t)
      return try Tensors.sigmoidCrossEntropy(
        x, t, positiveWeight: positiveWeight == 1 ? nil : x.scalar(positiveWeight),
        labelSmoothing: labelSmoothing, reduction: .none)
    }
  }

  /// Binary cross-entropy of probabilities, which are kept off 0 and 1 by `epsilon`.
  public static func binaryCrossEntropy(
    labelSmoothing: Double = 0, epsilon: Double = 1e-7
  ) -> Loss {
    pointwise("binary cross-entropy") {
      try Tensors.binaryCrossEntropy(
        $0, $1, labelSmoothing: labelSmoothing, epsilon: epsilon, reduction: .none)
    }
  }

  /// Binary cross-entropy of logits with easy elements weighted down by `(1 - p)^gamma` (Lin et al.
  /// 2017); ones are weighted with `alpha`, zeros with the rest.
  public static func focal(gamma: Double = 2, alpha: Double = 0.25) -> Loss {
    Loss("focal", takesLogits: true) { x, t in
      let t = try t.cast(to: x.scalarType)
      try requireSameShape("focal", x, t)
      let loss = try Tensors.sigmoidCrossEntropy(x, t, reduction: .none)
      // The probability of the other class: what is left to learn.
      let rest = try sigmoid(x * (1 - 2 * t))
      let weight = try t * alpha + (1 - t) * (1 - alpha)
      return try weight * pow(rest, gamma) * loss
    }
  }

  /// `max(1 - t·x, 0)` for targets -1 and 1.
  public static let hinge = pointwise("hinge") { try relu(1 - $0 * $1) }
  /// `max(1 - t·x, 0)²` for targets -1 and 1.
  public static let squaredHinge = pointwise("squared hinge") { try square(relu(1 - $0 * $1)) }

  /// How far the right class, of one-hot targets, is below the best of the others and a margin of
  /// 1.
  public static let categoricalHinge = Loss("categorical hinge") { x, t in
    let t = try t.cast(to: x.scalarType)
    try requireSameShape("categorical hinge", x, t)
    let right = try (x * t).sum(axes: [-1])
    let others = try ((1 - t) * x).max(axes: [-1])
    return try relu(others - right + 1)
  }

  /// `exp(-t·x)` for targets -1 and 1.
  public static let exponential = pointwise("exponential") { try exp(-($0 * $1)) }
  /// `log(1 + exp(-t·x))` for targets -1 and 1.
  public static let softMargin = pointwise("soft margin") { try softplus(-($0 * $1)) }

  /// Connectionist temporal classification (Graves et al. 2006): logits `[batch, time, classes]`
  /// that are to spell integer labels `[batch, labels]`, in rows filled up with `blank`.
  ///
  /// A step that the mask of the predictions leaves out does not count; the steps that do come
  /// first.
  public static func ctc(blank: Int = 0) -> Loss {
    Loss("ctc", takesLogits: true, readsMask: true) { x, t in
      guard x.rank == 3, t.rank == 2, x.shape[0] == t.shape[0] else {
        throw TensorError(
          .shape, "ctc", "takes logits [batch, time, classes] and labels [batch, labels]",
          operands: [TensorInfo(x, name: "predictions"), TensorInfo(t, name: "targets")])
      }
      let steps = try x.mask.map { try $0.cast(to: .int32).sum(axes: [1]) }
      let labels = try notEqual(t, t.scalar(Double(blank))).cast(to: .int32).sum(axes: [1])
      return try ctcLoss(
        x, t,
        inputLengths: steps
          ?? .full(Double(x.shape[1]), [x.shape[0]], as: .int32, on: x.device),
        targetLengths: labels, blank: blank, reduction: .none)
    }
  }
}
