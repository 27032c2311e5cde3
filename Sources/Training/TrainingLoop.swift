internal import Data
internal import Geometry
internal import Layers
internal import Optimizers
internal import Tensors

/// One call of `fit`: where it is, and the way through epochs, steps and callbacks.
final class TrainingLoop {
  let context: TrainingContext
  let callbacks: [any Callback]
  private let stepsPerEpoch: Int?
  var trainer: Trainer { context.trainer }

  // What a checkpoint holds, besides the weights.
  var means = RunningMeans()
  /// Epochs that have ended.
  var finishedEpochs = 0
  /// Passes over the data that have begun, and where the last of them is.
  var passes = 0
  var iterator: DatasetIterator<Batch>?
  var resumedPosition: DataPosition?
  /// Whether the epoch to come has been resumed in its middle.
  var isMidEpoch = false
  /// Whether an epoch has ended and the next has not begun.
  private(set) var isBetweenEpochs = true

  /// For looking at what layers make of it.
  private(set) var newestBatch: Batch?

  /// Scalars of the newest step, not read yet.
  private var pending: [PendingValues] = []
  private var pendingStep = 0
  private var isValidating = false
  private var validationMeans = RunningMeans()

  init(_ context: TrainingContext, stepsPerEpoch: Int?, _ callbacks: [any Callback]) {
    self.context = context
    self.stepsPerEpoch = stepsPerEpoch
    var all = callbacks
    if let progress = context.trainer.progress, !callbacks.contains(where: { $0 is ProgressLine }) {
      all.append(progress)
    }
    all += RunLog.needed(by: all)
    // Logs before those that read them, checkpoints last: they hold what all the others have done.
    func rank(_ callback: any Callback) -> Int {
      guard callback.isRecorder else { return 0 }
      return callback is RunLog ? 1 : callback is Checkpoint ? 3 : 2
    }
    self.callbacks = (0...3).flatMap { place in all.filter { rank($0) == place } }
  }

  func run() throws(TensorError) -> History {
    do throws(TensorError) {
      try call { try $0.began(self.context) }
      // An epoch that was stopped in its middle still has its end to come.
      while finishedEpochs < context.epochs, context.stopReason == nil || isMidEpoch {
        try epoch()
      }
      context.outcome = context.stopReason.map { .stopped($0) } ?? .finished
    } catch {
      context.outcome = error.kind == .cancelled ? .cancelled : .failed(error)
      iterator?.cancel()
      var failure: TensorError?
      for callback in callbacks {
        do { try callback.ended(context) } catch { failure = failure ?? error.asTensorError }
      }
      // A cancelled training whose checkpoint cannot be written says that, another its own error.
      if case .cancelled = context.outcome, let failure { throw failure }
      throw error
    }
    try call { try $0.ended(self.context) }
    return context.history
  }

  private func call(_ body: (any Callback) throws -> Void) throws(TensorError) {
    for callback in callbacks {
      do { try body(callback) } catch { throw error.asTensorError }
    }
  }

  private func checkCancellation() throws(TensorError) {
    if trainer.cancellation.isCancelled {
      throw TensorError(.cancelled, "fit", "cancelled after step \(context.step)")
    }
  }

  private func epoch() throws(TensorError) {
    context.epoch = finishedEpochs + 1
    context.validationSeconds = 0
    if !isMidEpoch {
      context.values = [:]
      context.stepInEpoch = 0
      context.samplesInEpoch = 0
      means = RunningMeans()
      trainer.metrics.reset()
    }
    isMidEpoch = false
    isBetweenEpochs = false
    try openData()
    context.clock.begin(waited: iterator?.waited ?? .zero)
    try call { try $0.epochBegan(self.context) }
    try checkCancellation()
    while stepsPerEpoch.map({ context.stepInEpoch < $0 }) ?? true, context.stopReason == nil {
      let batches = try nextBatches()
      if batches.isEmpty { break }
      try step(batches)
    }
    try settle()
    context.clock.end()
    guard context.stepInEpoch > 0 else {
      throw TensorError(.argument, "fit", "the data have no batch")
    }
    var values = means.means
    values.merge(try trainer.metrics.results()) { own, _ in own }
    if let rate = trainer.optimizers.values.first?.learningRate, trainer.optimizers.count == 1 {
      values["learning_rate"] = rate
    }
    if let validation = context.validation {
      let start = ContinuousClock.now
      for (name, value) in try validate(validation) { values["val_\(name)"] = value }
      context.validationSeconds = (ContinuousClock.now - start).seconds
    }
    context.values = values
    context.valuesStep = context.step
    context.history.append(History.Epoch(context.epoch, values))
    finishedEpochs += 1
    if stepsPerEpoch == nil { iterator = nil }
    isBetweenEpochs = true
    try call { try $0.epochEnded(self.context) }
    try checkCancellation()
  }

  /// Makes the iterator that the epoch goes on with.
  private func openData() throws(TensorError) {
    guard iterator == nil else { return }
    if let position = resumedPosition {
      resumedPosition = nil
      iterator = try context.data.makeIterator(from: position)
    } else {
      iterator = try context.data.makeIterator(epoch: passes)
      passes += 1
    }
  }

  /// The batches of the next step; none at the end of the epoch.
  private func nextBatches() throws(TensorError) -> [Batch] {
    var batches: [Batch] = []
    while batches.count < trainer.accumulation {
      if let batch = try iterator?.next() {
        batches.append(batch)
        continue
      }
      // Data that end before the epoch does begin again.
      guard stepsPerEpoch != nil, batches.isEmpty, iterator != nil else { break }
      let next = try context.data.makeIterator(epoch: passes)
      guard let first = try next.next() else { break }
      passes += 1
      iterator = next
      batches.append(first)
    }
    if let iterator { context.clock.note(waited: iterator.waited) }
    return batches
  }

  private func step(_ batches: [Batch]) throws(TensorError) {
    if !trainer.isReady {
      try trainer.prepare(batches.first)
      if context.step == 0, let batch = batches.first { try lookAtPredictions(batch) }
    }
    newestBatch = batches.first
    try call { try $0.stepBegan(self.context) }
    let started = try trainer.step(batches) { () throws(TensorError) in try settle() }
    pending = started
    context.step += 1
    pendingStep = context.step
    context.stepInEpoch += 1
    for values in started { context.samplesInEpoch += values.count }
    try call { try $0.stepEnded(self.context) }
    try checkCancellation()
  }

  /// Warns where the first predictions are not what the loss takes.
  private func lookAtPredictions(_ batch: Batch) throws(TensorError) {
    guard let loss = trainer.loss, let forward = trainer.forward else { return }
    let position = trainer.random.position
    defer { trainer.random.position = position }
    let inputs = try trainer.moved(batch, to: trainer.device).inputs
    let predictions: Tensor
    predictions = try trainer.leavingStates { try withPhase(.inference) { try forward(inputs) } }
    if let warning = try loss.warning(for: predictions) { context.warn(warning) }
  }

  /// Reads the numbers of the newest step.
  func settle() throws(TensorError) {
    guard !pending.isEmpty else { return }
    let read = pending
    pending = []
    var values: [String: Double] = [:]
    for batch in read {
      for (name, tensor) in batch.values {
        let value = Double(try tensor.scalar())
        values[name, default: 0] += value / Double(read.count)
        means.add(name, value, count: batch.count)
      }
    }
    context.values = values
    context.valuesStep = pendingStep
    context.stepValues = values
    context.stepValuesStep = pendingStep
  }

  func runningValues() throws(TensorError) -> [String: Double] {
    if isValidating {
      var values = validationMeans.means
      values.merge(try trainer.validationMetrics.results()) { own, _ in own }
      return values
    }
    var values = means.means
    values.merge(try trainer.metrics.results()) { own, _ in own }
    return values
  }

  private func validate(_ data: Dataset<Batch>) throws(TensorError) -> [String: Double] {
    isValidating = true
    context.validationSteps = data.count
    defer {
      isValidating = false
      context.validationStep = 0
    }
    return try trainer.measure(data) { (means) throws(TensorError) in
      self.validationMeans = means
      self.context.validationStep += 1
      try self.call { try $0.validationStepEnded(self.context) }
      try self.checkCancellation()
    }
  }
}
