import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Losses, divergences and what is measured of predictions.
@Suite struct LossCourseTests {
  static let solutions: [String: Solution] = [
    "004-bpconv-b-bce": summedCrossEntropy, "004-ws21-8e-imbalance": classWeights,
    "004-mid21m-4-l1": softThreshold, "004-bits2-q6b-kl": divergences,
    "004-ec2r23-1c-accuracy": metrics, "004-ws21-1a-shuffle": orderOfEvaluation,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  @Sendable private static func summedCrossEntropy(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let loss = try Loss.binaryCrossEntropy()(
      problem.tensor("pred"), problem.tensor("target"), reduction: .sum)
    return ["loss": loss]
  }

  @Sendable private static func classWeights(_ problem: CourseCase) throws -> [String: any Answer] {
    let counts = try problem["counts"].numbers()
    let all = counts.reduce(0, +)
    let weights = counts.map { all / (Double(counts.count) * $0) }
    let (predictions, targets) = (try problem.tensor("pred"), try problem.tensor("target"))
    let byClass = try Tensor(weights.map(Float.init), shape: [counts.count])
    let ofSamples = try byClass.gather(targets.cast(to: .int32))
    let loss = Loss.binaryCrossEntropy()
    let accuracy = MeanMetric.binaryAccuracy()
    for (label, count) in counts.enumerated() {
      let shape: Shape = [Int(count)]
      try accuracy.update(.zeros(shape), .full(Double(label), shape))
    }
    return [
      "class_weight": weights, "loss_plain": try loss(predictions, targets),
      "loss_weighted": try loss(predictions, targets, sampleWeights: ofSamples),
      "accuracy_of_always_cat": try accuracy.result(),
    ]
  }

  /// Where the penalty is as steep as the loss is at zero, zero is the best.
  @Sendable private static func softThreshold(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let (steepness, best) = (try problem.tensor("H"), try problem.tensor("theta_star"))
    func loss(_ theta: Tensor) throws -> Tensor { try steepness * square(theta - best) }
    let slope = try valueAndGradients(at: [Tensor([0], shape: [])]) { try loss($0[0]) }
      .gradients[0]
    let alpha = try abs(slope)
    // The paper's threshold is that of half the square.
    let printed = try steepness * best
    let theta = Parameter(try Tensor([1], shape: []))
    let optimizer = try SGD(learningRate: 0.1)
    for _ in 0..<60 {
      let (_, gradients) = try valueAndGradients(of: [theta]) {
        try loss(theta.value) + printed * abs(theta.value)
      }
      try optimizer.update([theta], along: gradients)
    }
    return ["alpha": alpha, "theta_at_printed_alpha": theta.value]
  }

  @Sendable private static func divergences(_ problem: CourseCase) throws -> [String: any Answer] {
    let (p, q) = (try problem.tensor("P"), try problem.tensor("Q"))
    return ["kl_P_Q": try klDivergence(p, q), "kl_Q_P": try klDivergence(q, p)]
  }

  /// In batches of three, the last smaller.
  private static func result(
    _ metric: any Metric, _ predictions: Tensor, _ targets: Tensor
  ) throws -> Double {
    for start in stride(from: 0, to: predictions.count, by: 3) {
      let range = start..<min(start + 3, predictions.count)
      try metric.update(predictions.slice(axis: 0, range), targets.slice(axis: 0, range))
    }
    return try metric.result()
  }

  @Sendable private static func metrics(_ problem: CourseCase) throws -> [String: any Answer] {
    let (found, there) = (try problem.tensor("pred"), try problem.tensor("label"))
    let order = try problem.tensor("permutation").cast(to: .int32)
    return [
      "accuracy": try result(MeanMetric.binaryAccuracy(), found, there),
      "accuracy_after_shuffle": try result(
        MeanMetric.binaryAccuracy(), found.gather(order), there.gather(order)),
      "precision": try result(BinaryMetric.precision(), found, there),
      "recall": try result(BinaryMetric.recall(), found, there),
    ]
  }

  @Sendable private static func orderOfEvaluation(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let losses = try problem.tensor("per_sample_losses")
    let order = try problem.tensor("permutation").cast(to: .int32)
    // Five to a batch: the last has two.
    func mean(_ losses: Tensor) throws -> Double {
      let metric = MeanMetric("loss") { losses, _ in losses }
      for start in stride(from: 0, to: losses.count, by: 5) {
        let batch = try losses.slice(axis: 0, start..<min(start + 5, losses.count))
        try metric.update(batch, batch)
      }
      return try metric.result()
    }
    let plain = try mean(losses)
    return ["mean_loss": plain, "same_after_shuffle": try mean(losses.gather(order)) == plain]
  }
}
