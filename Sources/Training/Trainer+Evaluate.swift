public import Data
public import Geometry
internal import Layers
public import Tensors

extension Trainer {
  /// Loss and metrics over `data`, by name; nothing is trained.
  ///
  /// They do not depend on the order of the samples, nor on how they are cut into batches, up to
  /// rounding.
  public func evaluate(_ data: Dataset<Batch>) throws(TensorError) -> [String: Double] {
    isReady = false
    let progress = self.progress
    let steps = data.count
    var step = 0
    progress?.evaluationBegan(steps: steps)
    do {
      let values = try withRandomSource(random) {
        try withDevice(device) {
          try measure(data) { (means) throws(TensorError) in
            step += 1
            if self.cancellation.isCancelled {
              throw TensorError(.cancelled, "evaluate", "cancelled after batch \(step)")
            }
            progress?.evaluationStepEnded(step, of: steps, means.means)
          }
        }
      }
      progress?.evaluationEnded(values)
      return values
    } catch { throw error.asTensorError }
  }

  /// The predictions for all samples of `data`, one after the other along the leading axis, on the
  /// CPU.
  public func predict(_ data: Dataset<Batch>) throws(TensorError) -> Tensor {
    var parts: [Tensor] = []
    let iterator = try data.makeIterator()
    while let batch = try iterator.next() {
      if cancellation.isCancelled {
        throw TensorError(.cancelled, "predict", "cancelled after batch \(parts.count)")
      }
      parts.append(try predict(batch.inputs).moved(to: .cpu))
    }
    guard !parts.isEmpty else {
      throw TensorError(.argument, "predict", "the data have no batch")
    }
    return try concatenate(parts)
  }

  /// The predictions for `inputs`, the leading axis being that of the samples.
  public func predict(_ inputs: Tensor...) throws(TensorError) -> Tensor { try predict(inputs) }

  /// The predictions for the inputs of a batch.
  public func predict(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    guard let forward else {
      throw TensorError(
        .argument, "predict", "a trainer with a step of its own does not know how to predict",
        hint: "call the model")
    }
    let device = try device
    isReady = false
    do {
      return try withRandomSource(random) {
        try withDevice(device) {
          try prepare(Batch(inputs: inputs))
          var own: [Tensor] = []
          for input in inputs { own.append(try input.moved(to: device)) }
          let result = try withPhase(.inference) { try forward(own) }
          try Tensors.evaluate(result)
          return result
        }
      }
    } catch { throw error.asTensorError }
  }

  /// Loss and metrics over `data`. `batchEnded` is called after each batch.
  func measure(
    _ data: Dataset<Batch>, batchEnded: (RunningMeans) throws(TensorError) -> Void
  ) throws(TensorError) -> [String: Double] {
    var means = RunningMeans()
    var pending: PendingValues?
    validationMetrics.reset()
    func settle() throws(TensorError) {
      guard let read = pending else { return }
      pending = nil
      for (name, tensor) in read.values {
        means.add(name, Double(try tensor.scalar()), count: read.count)
      }
    }
    let iterator = try data.makeIterator()
    defer { iterator.cancel() }
    while let batch = try iterator.next() {
      if !isReady { try prepare(batch) }
      let started = try validate(batch, validationMetrics)
      try settle()
      pending = started
      try batchEnded(means)
    }
    try settle()
    guard !means.sums.isEmpty else {
      throw TensorError(.argument, "evaluate", "the data have no batch")
    }
    var values = means.means
    values.merge(try validationMetrics.results()) { own, _ in own }
    return values
  }
}
