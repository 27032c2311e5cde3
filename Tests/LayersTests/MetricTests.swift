import Foundation
import Geometry
import Layers
import Tensors
import Testing

@Suite struct MetricTests {
  private func tensor(_ values: [Float], _ shape: Shape? = nil) throws -> Tensor {
    try Tensor(values, shape: shape ?? [values.count])
  }

  private func close(_ a: Double, _ b: Double, _ tolerance: Double = 1e-5) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
  }

  @Test func accuracyDoesNotDependOnTheCutIntoBatches() throws {
    let scores = try tensor([1, 2, 3, 1, 0, 5, 9, 1, 0, 0, 0, 1], [4, 3])
    let labels = try Tensor([2, 0, 0, 1] as [Int32], shape: [4])
    let whole = MeanMetric.accuracy
    try whole.update(scores, labels)
    let pieces = MeanMetric.accuracy
    try pieces.update(scores.slice(axis: 0, 0..<3), labels.slice(axis: 0, 0..<3))
    try pieces.update(scores.slice(axis: 0, 3..<4), labels.slice(axis: 0, 3..<4))
    #expect(try whole.result() == 0.5 && pieces.result() == 0.5)
    pieces.reset()
    #expect(try pieces.result().isNaN)
    let best = MeanMetric.topKAccuracy(2)
    try best.update(scores, labels)
    #expect(try best.result() == 0.75)
    try whole.update(scores, labels, weights: tensor([1, 1, 0, 0]))
    #expect(try close(whole.result(), 3.0 / 6))
  }

  @Test func countsOfABinaryClassifier() throws {
    let predictions = try tensor([0.9, 0.8, 0.3, 0.6, 0.1])
    let targets = try tensor([1, 0, 1, 1, 0])
    let expected: [(BinaryMetric, Double)] = [
      (.precision(), 2.0 / 3), (.recall(), 2.0 / 3), (.specificity(), 0.5), (.fScore(), 2.0 / 3),
      (.precision(threshold: 0.85), 1),
    ]
    for (metric, value) in expected {
      try metric.update(predictions, targets)
      #expect(try close(metric.result(), value), "\(metric.name)")
    }
    let accuracy = MeanMetric.binaryAccuracy()
    try accuracy.update(predictions, targets)
    #expect(try close(accuracy.result(), 0.6))
  }

  @Test func areasUnderCurves() throws {
    let predictions = try tensor([0.1, 0.4, 0.35, 0.8])
    let targets = try tensor([0, 0, 1, 1])
    let roc = AUC()
    try roc.update(predictions, targets)
    #expect(try close(roc.result(), 0.75))
    let curve = AUC(.precisionRecall)
    try curve.update(predictions, targets)
    #expect(try close(curve.result(), 0.5 * 1 + 0.5 * 2.0 / 3))
  }

  @Test func confusionAndOverlap() throws {
    let matrix = ConfusionMatrix(classes: 3)
    let found = try Tensor([0, 1, 1, 2, 1] as [Int32], shape: [5])
    let there = try Tensor([0, 1, 2, 2, 1] as [Int32], shape: [5])
    try matrix.update(found, there)
    #expect(try matrix.matrix() == [[1, 0, 0], [0, 2, 0], [0, 1, 1]])
    #expect(try close(matrix.result(), 0.8))
    let report = try matrix.report()
    #expect(
      close(report[1].precision, 2.0 / 3) && report[2].recall == 0.5 && report[2].support == 2)
    let overlap = MeanIoU(classes: 4)
    try overlap.update(found, there)
    #expect(try close(overlap.result(), (1 + 2.0 / 3 + 0.5) / 3))
    let dice = MeanMetric.dice()
    try dice.update(tensor([1, 1, 0, 0, 0, 0], [2, 3]), tensor([1, 0, 0, 0, 0, 0], [2, 3]))
    #expect(try close(dice.result(), (2.0 / 3 + 1) / 2))
  }

  @Test func regressionMetrics() throws {
    let (x, t) = (try tensor([1, 2, 4]), try tensor([1, 4, 1]))
    let expected: [(any Metric, Double)] = [
      (MeanMetric.meanAbsoluteError, 5.0 / 3), (MeanMetric.meanSquaredError, 13.0 / 3),
      (MeanMetric.rootMeanSquaredError, (13.0 / 3).squareRoot()), (RSquared(), 1 - 13.0 / 6),
    ]
    for (metric, value) in expected {
      try metric.update(x, t)
      #expect(try close(metric.result(), value), "\(metric.name)")
    }
    let perplexity = MeanMetric.perplexity
    try perplexity.update(Tensor.zeros([2, 8]), Tensor([1, 7] as [Int32], shape: [2]))
    #expect(try close(perplexity.result(), 8))
  }

  @Test func sharesOfVarianceAreThoseOfEachOutput() throws {
    let metric = RSquared()
    try metric.update(tensor([1, 101, 1, 101], [2, 2]), tensor([0, 100, 2, 102], [2, 2]))
    #expect(try abs(metric.result()) < 1e-3)
  }

  @Test func confusionCountsSharesOfSamples() throws {
    let matrix = ConfusionMatrix(classes: 2)
    let classes = try Tensor([0, 1] as [Int32], shape: [2])
    try matrix.update(classes, Tensor([0, 0] as [Int32], shape: [2]), weights: tensor([0.3, 0.1]))
    #expect(try close(matrix.result(), 0.75))
  }

  @Test func oneOutputIsNoChoice() throws {
    let error = #expect(throws: TensorError.self) {
      try MeanMetric.accuracy.update(tensor([0.2, 0.8], [2, 1]), tensor([0, 1], [2, 1]))
    }
    #expect(error?.hint?.contains("binaryAccuracy") == true)
  }

  @Test func calibrationAndImages() throws {
    let error = ExpectedCalibrationError(bins: 10)
    try error.update(
      tensor([0.75, 0.25, 0.75, 0.25, 0.1, 0.9], [3, 2]), Tensor([0, 1, 1] as [Int32], shape: [3]))
    #expect(try close(error.result(), 2.0 / 3 * 0.25 + 1.0 / 3 * 0.1))
    let image = try withSeed(1) { try Tensor.uniform([2, 16, 16, 3]) }
    let noisy = try withSeed(2) { try clip(image + .normal(image.shape) * 0.1, min: 0, max: 1) }
    let noise = MeanMetric.peakSignalToNoise()
    try noise.update(image, image + 0.1)
    #expect(try close(noise.result(), 20, 1e-3))
    let (same, other) = (MeanMetric.structuralSimilarity(), MeanMetric.structuralSimilarity())
    try same.update(image, image)
    try other.update(noisy, image)
    #expect(try close(same.result(), 1, 1e-4))
    #expect(try other.result() < 0.98 && other.result() > 0.5)
  }

  @Test func translations() {
    var bleu = BLEU()
    bleu.update(
      ["the", "cat", "sat", "on", "the", "mat"],
      references: [["the", "cat", "sat", "on", "the", "mat"]])
    #expect(bleu.result == 1)
    var short = BLEU(order: 2)
    short.update(["the", "the", "cat"], references: [["the", "cat", "sat", "down"]])
    #expect(close(short.result, exp((log(2.0 / 3) + log(0.5)) / 2 + 1 - 4.0 / 3)))
  }
}
