internal import Data
internal import Formats
public import Geometry
internal import Layers
internal import Optimizers
internal import Tensors

extension TrainingLoop {
  /// Everything that a checkpoint holds besides the weights.
  func capture() throws(TensorError) -> TrainingState {
    // What was started is read now: sums in the state are of whole steps.
    try settle()
    var state = TrainingState()
    state.step = context.step
    state.finishedEpochs = finishedEpochs
    state.passes = passes
    state.position = iterator?.position.description
    state.stopReason = context.stopReason
    state.seed = trainer.random.seed
    state.randomPosition = trainer.random.position
    state.device = try trainer.device.name
    state.values = context.stepValues
    state.valuesStep = context.stepValuesStep
    state.history = context.history
    state.warnings = context.warnings
    if !isBetweenEpochs {
      state.stepInEpoch = context.stepInEpoch
      state.samplesInEpoch = context.samplesInEpoch
      state.means = means
      state.metrics = trainer.metrics.sums
    }
    let parameters = try trainer.model.namedParameters
    for (name, optimizer) in trainer.optimizers {
      state.optimizers[name] = optimizer.state(of: parameters)
      state.learningRates[name] = optimizer.learningRate
    }
    for (path, module) in trainer.statefulModules {
      let own = module.carriedState
      if !own.isEmpty { state.carried[path] = own }
    }
    for (key, callback) in keyedCallbacks {
      do {
        let own = try callback.state()
        if !own.isEmpty { state.callbacks[key] = own }
      } catch { throw error.asTensorError }
    }
    return state
  }

  /// Goes on from a checkpoint, or from the newest good one in a folder.
  func resume(from path: String) throws(TensorError) {
    let file: TensorFile
    if isFolder(path) {
      guard let newest = try Checkpoint.newest(in: path) else {
        throw TensorError(
          .io, "resume", "there is no checkpoint in \(path)",
          hint: "Checkpoint.newest(in:) is nil where a training has to begin")
      }
      file = try TensorFile(path: newest)
    } else {
      file = try TensorFile(path: path)
    }
    let device = try trainer.device
    let state = try TrainingState(file, on: device)
    // Everything is looked at before anything is changed.
    let position = try state.position.map { (text) throws(TensorError) in
      guard let position = DataPosition(text) else {
        throw TensorError(
          .corruptFile, "resume", "\(file.path): \"\(text)\" is no position in data")
      }
      try context.data.accept(position, in: "resume")
      return position
    }
    guard Set(state.optimizers.keys) == Set(trainer.optimizers.keys) else {
      throw TensorError(
        .argument, "resume",
        "\(file.path) has optimizers \(state.optimizers.keys.sorted()), the trainer has "
          + "\(trainer.optimizers.keys.sorted())")
    }
    try trainer.model.load(file, partially: false, on: device)
    try trainer.prepare(nil)
    let parameters = try trainer.model.namedParameters
    for (name, optimizer) in trainer.optimizers {
      guard let own = state.optimizers[name] else { continue }
      try optimizer.restore(own, of: parameters)
      if let rate = state.learningRates[name], optimizer.learningRate != rate {
        optimizer.learningRate = rate
      }
    }
    for (path, module) in trainer.statefulModules {
      try module.restoreCarriedState(state.carried[path] ?? [:])
    }
    trainer.random = RandomSource(seed: state.seed)
    trainer.random.position = state.randomPosition
    trainer.metrics.restore(state.metrics)
    for (key, callback) in keyedCallbacks {
      guard let own = state.callbacks[key] else { continue }
      do { try callback.restore(own) } catch { throw error.asTensorError }
    }
    context.step = state.step
    context.stepInEpoch = state.stepInEpoch
    context.samplesInEpoch = state.samplesInEpoch
    context.epoch = min(state.finishedEpochs + 1, context.epochs)
    context.values = state.values
    context.valuesStep = state.valuesStep
    context.stepValues = state.values
    context.stepValuesStep = state.valuesStep
    context.resumedStep = state.step
    context.history = state.history
    context.isResumed = true
    for warning in state.warnings { context.warn(warning) }
    means = state.means
    finishedEpochs = state.finishedEpochs
    passes = state.passes
    resumedPosition = position
    isMidEpoch = state.stepInEpoch > 0
    if let reason = state.stopReason { context.stop(reason) }
  }

  /// Callbacks by their kind and how many of that kind come before.
  private var keyedCallbacks: [(key: String, callback: any Callback)] {
    var counts: [String: Int] = [:]
    return callbacks.map { callback in
      let kind = "\(type(of: callback))"
      defer { counts[kind, default: 0] += 1 }
      return ("\(kind).\(counts[kind, default: 0])", callback)
    }
  }
}

extension Trainer {
  /// What carries numbers from call to call, by path.
  var statefulModules: [(path: String, module: any StatefulModule)] {
    ([("", model)] + model.modules).compactMap { path, module in
      (module as? any StatefulModule).map { (path, $0) }
    }
  }

  /// Runs `body`, which looks at what the model does, and leaves in the model what it carried
  /// before.
  func leavingStates<Result>(_ body: () throws -> Result) throws(TensorError) -> Result {
    let states = statefulModules.map { ($0.module, $0.module.carriedState) }
    let result = Swift.Result { try body() }
    for (module, state) in states { try module.restoreCarriedState(state) }
    do { return try result.get() } catch { throw error.asTensorError }
  }

  /// Writes all that it takes to go on from here to the same bits: `fit(resumingFrom:)`.
  ///
  /// `Checkpoint` calls it; a callback of one's own may. The file appears at once and whole, or not
  /// at all.
  public func saveCheckpoint(to path: String) throws(TensorError) {
    guard let loop else {
      throw TensorError(
        .argument, "saveCheckpoint", "nothing has been trained", hint: "model.save(to:)")
    }
    let state = try loop.capture()
    var tensors = state.tensors
    for (path, tensor) in try model.weightValues() {
      guard tensors.updateValue(tensor, forKey: path) == nil else {
        throw TensorError(.argument, "saveCheckpoint", "a weight cannot be called \(path)")
      }
    }
    var metadata = ["training": state.json.description]
    // What the run was told of itself: whoever loads the checkpoint may want to know its model.
    metadata["notes"] = JSON.object(notes.mapValues { .string($0) }).description
    metadata["class_names"] = JSON.array(classNames.map { .string($0) }).description
    try TensorFile.write(.checkpoint, tensors, metadata: metadata, to: path)
  }
}
