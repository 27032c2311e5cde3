import Geometry
import Layers
import Tensors
import Testing

/// Steps that do not count: in losses, metrics, statistics, and on their way through layers.
@Suite struct MaskTests {
  private let padded: Tensor
  private let mask: Tensor

  /// Two sequences of three steps, of which the second has one.
  init() throws {
    padded = try Tensor([1, 2, 3, 4, 9, 9], shape: [2, 3, 1])
    mask = try greater(Tensor([1, 1, 1, 1, 0, 0], shape: [2, 3]), Tensor(0.5))
  }

  @Test func ignoredLabelsDoNotCountInTheMean() throws {
    let logits = try withSeed(3) { try Tensor.normal([4, 3]) }
    let labels = try Tensor([0, 1, -1, -1] as [Int32], shape: [4])
    let expected = try softmaxCrossEntropy(logits, labels, ignoreIndex: -1).scalar()
    let loss = Loss.softmaxCrossEntropy(ignoreIndex: -1)
    #expect(try abs(loss(logits, labels).scalar() - expected) < 1e-6)
    let first = try greater(Tensor([1, 0, 1, 1], shape: [4]), Tensor(0.5))
    let alone = try Loss.softmaxCrossEntropy(
      logits.slice(axis: 0, 0..<1), labels.slice(axis: 0, 0..<1))
    #expect(try abs(loss(logits, labels, mask: first).scalar() - alone.scalar()) < 1e-6)
    let metric = MeanMetric.loss(loss)
    try metric.update(logits, labels)
    #expect(try abs(metric.result() - Double(expected)) < 1e-6)
  }

  @Test func aMaskThatIsGivenIsAsGoodAsOneThatIsCarried() throws {
    let logits = try withSeed(4) { try Tensor.normal([2, 3, 4]) }
    let labels = try Tensor([1, 2, 3, 0] as [Int32], shape: [2, 2])
    let carried = try Loss.ctc()(logits.masked(by: mask), labels).scalar()
    #expect(try Loss.ctc()(logits, labels, mask: mask).scalar() == carried)
    #expect(try Loss.ctc()(logits, labels).scalar() != carried)
    let truth = try Tensor([1, 0, 1, 1, 0, 0], shape: [2, 3])
    let other = try Tensor([1, 0, 1, 1, 1, 1], shape: [2, 3])
    let found = try Tensor([0.9, 0.2, 0.7, 0.8, 0.6, 0.6], shape: [2, 3])
    // What is left out may be anything.
    #expect(
      try Loss.dice()(found, truth, mask: mask).scalar()
        == Loss.dice()(found, other, mask: mask).scalar())
    #expect(throws: TensorError.self) {
      try Loss.categoricalHinge(found, truth, mask: mask)
    }
  }

  @Test func weightsAndMasksAreMultiplied() throws {
    let scores = try Tensor([2, 1, 1, 2, 2, 1, 2, 1], shape: [2, 2, 2])
    let labels = try Tensor([0, 0, 0, 1] as [Int32], shape: [2, 2])
    let steps = try greater(Tensor([1, 1, 1, 0], shape: [2, 2]), Tensor(0.5))
    // Right are the first, the third and, masked, not the fourth; the second sample counts thrice.
    let weights = try Tensor([1, 3], shape: [2])
    for metric in [MeanMetric.accuracy as any Metric, ConfusionMatrix(classes: 2)] {
      try metric.update(scores.masked(by: steps), labels, weights: weights)
      #expect(try abs(metric.result() - 4.0 / 5) < 1e-6, "\(metric.name)")
    }
    let precision = BinaryMetric.precision()
    let yes = try Tensor([1, 1, 1, 1], shape: [2, 2])
    try precision.update(yes.masked(by: steps), Tensor([1, 0, 1, 0], shape: [2, 2]))
    #expect(try abs(precision.result() - 2.0 / 3) < 1e-6)
  }

  @Test func batchNormCountsTheStepsThatCount() throws {
    let layer = BatchNorm(momentum: 0)
    let y = try withPhase(.training) { try layer(padded.masked(by: mask)) }
    // Of 1, 2, 3 and 4.
    #expect(try layer.movingMean.parameter?.value.scalar() == 2.5)
    #expect(try layer.movingVariance.parameter?.value.scalar() == 1.25)
    #expect(try abs(y.scalars()[0] + 1.5 / (1.25 + 1e-3).squareRoot()) < 1e-5)
    #expect(y.mask != nil)
  }

  @Test func layersOfSeveralInputsHandMasksOn() throws {
    let x = try padded.masked(by: mask)
    let half = try greater(Tensor([1, 1, 0, 1, 0, 0], shape: [2, 3]), Tensor(0.5))
    func steps(_ x: Tensor) throws -> [Float]? { try x.mask?.cast(to: .float32).scalars() }
    #expect(try steps(Add()(x, padded)) == [1, 1, 1, 1, 0, 0])
    #expect(try steps(Concatenate()(x, padded.masked(by: half))) == [1, 1, 0, 1, 0, 0])
    #expect(try steps(Concatenate(axis: 1)(x, padded)) == nil)
    #expect(try Dot(axes: (1, 1))(x, padded).mask == nil)
    #expect(try steps(Attention()(x, padded)) == [1, 1, 1, 1, 0, 0])
    #expect(try steps(MultiHeadAttention(heads: 1, keySize: 2)(x)) == [1, 1, 1, 1, 0, 0])
    #expect(try steps(AdditiveAttention(2)(padded, x).weights) == nil)
  }

  @Test func additiveAttentionSeesWhatBothMasksShow() throws {
    let layer = AdditiveAttention(2)
    let own = try greater(Tensor([0, 1, 1, 1, 1, 1], shape: [2, 1, 3]), Tensor(0.5))
    let weights = try layer(padded.slice(axis: 1, 0..<1), padded.masked(by: mask), mask: own)
      .weights.scalars()
    #expect(weights[0] == 0 && weights[4] == 0 && weights[5] == 0)
    #expect(abs(weights[1] + weights[2] - 1) < 1e-6 && weights[3] == 1)
  }
}
