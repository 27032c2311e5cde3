public import Data
public import Geometry
internal import Glibc
internal import Layers
internal import Optimizers
internal import Tensors

/// The losses of a training whose learning rate rose from step to step (Smith 2017).
public struct LearningRateRange: Sendable {
  /// A step: its rate, its loss, and the loss smoothed over the steps before.
  public struct Point: Sendable {
    public let rate: Double
    public let loss: Double
    public let smoothed: Double
  }

  public let points: [Point]

  /// Where the smoothed loss falls fastest: a good rate to begin with; nil if it never falls.
  public var steepest: Double? {
    var best: (slope: Double, rate: Double)?
    for (a, b) in zip(points, points.dropFirst()) {
      let slope = (b.smoothed - a.smoothed) / (log(b.rate) - log(a.rate))
      if slope < (best?.slope ?? 0) { best = (slope, a.rate) }
    }
    return best?.rate
  }

  /// A tenth of the rate at which the smoothed loss was smallest.
  public var suggestion: Double? {
    points.min { $0.smoothed < $1.smoothed }.map { $0.rate / 10 }
  }
}

extension Trainer {
  /// Trains with a learning rate that rises by the same factor from step to step, to see which are
  /// too small and which too large; then everything is as it was.
  ///
  /// It ends early where the loss is four times the smallest, or not finite.
  public func learningRateRange(
    _ data: Dataset<Batch>, from low: Double = 1e-6, to high: Double = 1, steps: Int = 100
  ) throws(TensorError) -> LearningRateRange {
    guard low > 0, low < high, high.isFinite, steps > 1 else {
      throw TensorError(
        .argument, "learningRateRange", "\(steps) steps from \(low) to \(high)",
        hint: "two steps or more, from a positive rate to a larger one")
    }
    let before = try memory(building: data)
    let own = try optimizer
    var points: [LearningRateRange.Point] = []
    var average = 0.0
    func rate(_ step: Int) -> Double { low * pow(high / low, Double(step) / Double(steps - 1)) }
    let watch = LambdaCallback(
      epochBegan: { _ in own.learningRate = rate(0) },
      stepEnded: { context in
        own.learningRate = rate(min(context.step, steps - 1))
        guard context.valuesStep > points.count, let loss = context.values["loss"] else { return }
        average = 0.8 * average + 0.2 * loss
        let smoothed = average / (1 - pow(0.8, Double(points.count + 1)))
        points.append(.init(rate: rate(points.count), loss: loss, smoothed: smoothed))
        let smallest = points.map(\.smoothed).min() ?? smoothed
        if !loss.isFinite || smoothed > 4 * smallest { context.stop("the loss has grown") }
      })
    let shown = progress
    progress = nil
    defer { progress = shown }
    do throws(TensorError) {
      try fit(data, epochs: 1, stepsPerEpoch: steps, callbacks: [watch])
    } catch {
      try restore(before)
      throw error
    }
    try restore(before)
    return LearningRateRange(points: points.filter(\.loss.isFinite))
  }

  /// What a trial training changes.
  private struct Memory {
    let weights: [String: Tensor]
    let optimizers: [String: (state: OptimizerState, rate: Double)]
    let position: UInt64
  }

  private func memory(building data: Dataset<Batch>) throws(TensorError) -> Memory {
    if model.weights.contains(where: { !$0.weight.isBuilt }) {
      isReady = false
      guard let batch = try data.makeIterator().next() else {
        throw TensorError(.argument, "learningRateRange", "the data have no batch")
      }
      do {
        try withRandomSource(random) { try withDevice(device) { try prepare(batch) } }
      } catch { throw error.asTensorError }
    }
    let parameters = try model.namedParameters
    return Memory(
      weights: try model.weightValues(),
      optimizers: optimizers.mapValues { ($0.state(of: parameters), $0.learningRate) },
      position: random.position)
  }

  private func restore(_ memory: Memory) throws(TensorError) {
    try model.assign(memory.weights)
    try evaluateAssignments(on: device)
    let parameters = try model.namedParameters
    for (name, own) in memory.optimizers {
      try optimizers[name]?.restore(own.state, of: parameters)
      optimizers[name]?.learningRate = own.rate
    }
    random.position = memory.position
    loop = nil
  }
}
