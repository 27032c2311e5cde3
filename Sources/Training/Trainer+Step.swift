internal import Data
internal import Geometry
internal import Layers
internal import Optimizers
internal import Tensors

extension Trainer {
  /// Finds the weights, on the trainer's device, and builds those that have no shape yet with the
  /// inputs of a first batch.
  func prepare(_ batch: Batch?) throws(TensorError) {
    guard !isReady else { return }
    let device = try device
    let weights = model.weights
    if let forward, let batch, weights.contains(where: { !$0.weight.isBuilt }) {
      let inputs = try moved(batch, to: device).inputs
      _ = try leavingStates { try withPhase(.inference) { try forward(inputs) } }
    }
    for parameter in model.weights.compactMap(\.weight.parameter)
    where parameter.value.device != device {
      try parameter.assign(parameter.value.moved(to: device))
    }
    // A step of one's own builds in its first step, and knows itself what it trains.
    guard ownStep == nil, batch != nil else { return }
    trained = try model.parameters
    penalized = model.weights.map(\.weight).filter { $0.regularizer != nil }
    isReady = true
  }

  /// A batch with its tensors on `device`.
  func moved(_ batch: Batch, to device: Device) throws(TensorError) -> Batch {
    var batch = batch
    for index in batch.inputs.indices {
      batch.inputs[index] = try batch.inputs[index].moved(to: device)
    }
    for index in batch.targets.indices {
      batch.targets[index] = try batch.targets[index].moved(to: device)
    }
    if let weights = batch.weights { batch.weights = try weights.moved(to: device) }
    return batch
  }

  /// One step of the optimizer over `batches`, started on the device. `settle` reads the numbers of
  /// the step before, after this step has been recorded and before it is started.
  ///
  /// - Returns: the scalars of each batch, still to be read, and its number of samples.
  func step(
    _ batches: [Batch], settle: () throws(TensorError) -> Void
  ) throws(TensorError) -> [PendingValues] {
    let device = try device
    if let ownStep {
      try settle()
      var pending: [PendingValues] = []
      for batch in batches {
        let batch = try moved(batch, to: device)
        let values: [String: Tensor]
        do { values = try withPhase(.training) { try ownStep(batch, self) } } catch {
          throw error.asTensorError
        }
        try Tensors.evaluate(Array(values.values))
        pending.append(PendingValues(values, count: batch.count))
      }
      return pending
    }
    guard !trained.isEmpty else {
      throw TensorError(
        .argument, "fit", "the model has no parameters that are trained",
        hint: "unfreeze() a layer, or add one")
    }
    let optimizer = try optimizer
    guard batches.count > 1 else {
      guard let batch = batches.first else { return [] }
      let (value, gradients) = try lossAndGradients(moved(batch, to: device))
      try inspection?.note(gradients)
      try settle()
      try withExtendedLifetime(value) { () throws(TensorError) in
        try optimizer.update(trained, along: gradients)
      }
      return [PendingValues(["loss": value], count: batch.count)]
    }
    // The mean over the samples of all batches, each computed at once: only the sums stay.
    var sums: [Tensor] = []
    var pending: [PendingValues] = []
    var samples = 0
    for batch in batches {
      let (value, gradients) = try lossAndGradients(moved(batch, to: device))
      for (index, gradient) in gradients.enumerated() {
        let weighted = try gradient * Double(batch.count)
        if samples == 0 {
          sums.append(weighted)
        } else {
          sums[index] = try sums[index] + weighted
        }
      }
      try withExtendedLifetime(value) { () throws(TensorError) in try Tensors.evaluate(sums) }
      samples += batch.count
      pending.append(PendingValues(["loss": value], count: batch.count))
    }
    try settle()
    for index in sums.indices { sums[index] = try sums[index] / Double(max(1, samples)) }
    try inspection?.note(sums)
    try optimizer.update(trained, along: sums)
    return pending
  }

  private func lossAndGradients(
    _ batch: Batch
  ) throws(TensorError) -> (value: Tensor, gradients: [Tensor]) {
    try valueAndGradients(of: trained) { try lossValue(batch, metrics) }
  }

  /// The loss of a batch on the trainer's device, penalties of the model included; metrics take its
  /// predictions in.
  func lossValue(_ batch: Batch, _ metrics: MetricSet) throws(TensorError) -> Tensor {
    guard let loss, let forward, let targets = batch.targets.first, batch.targets.count == 1 else {
      throw TensorError(
        .argument, "fit", "a batch has \(batch.targets.count) targets, the loss takes one",
        hint: "a training step of one's own takes any number")
    }
    let (predictions, penalty) = try collectingActivityPenalties { try forward(batch.inputs) }
    var value = try loss(predictions, targets, sampleWeights: try sampleWeights(batch, targets))
    if let penalty { value = try value + penalty }
    for weight in penalized {
      guard let regularizer = weight.regularizer, let parameter = weight.parameter else { continue }
      value = try value + regularizer(parameter.value)
    }
    try metrics.update(predictions, targets, weights: nil)
    return value
  }

  /// What the losses of the samples are multiplied by: their own weights times that of their class.
  private func sampleWeights(_ batch: Batch, _ targets: Tensor) throws(TensorError) -> Tensor? {
    guard let classWeights else { return batch.weights }
    let table: Tensor
    if let found = classWeightTable, found.device == targets.device {
      table = found
    } else {
      table = try Tensor(
        classWeights.map { Float($0) }, shape: [classWeights.count], on: targets.device)
      classWeightTable = table
    }
    var weights: Tensor
    if targets.scalarType.isFloatingPoint {
      guard targets.rank > 0, targets.shape.last == classWeights.count else {
        throw TensorError(
          .shape, "fit", "\(classWeights.count) class weights for targets of another width",
          operands: [TensorInfo(targets, name: "targets")],
          hint: "targets are integer labels, or distributions over the classes")
      }
      weights = try (targets.cast(to: .float32) * table).sum(axes: [-1])
    } else {
      weights = try table.gather(targets.cast(to: .int32))
    }
    if let own = batch.weights {
      let behind = [Int](repeating: 1, count: max(0, weights.rank - own.rank))
      weights =
        try weights * own.cast(to: .float32).reshaped(to: Shape(Array(own.shape) + behind))
    }
    return weights
  }

  /// What a step makes of a batch of validation data: scalars, evaluated.
  func validate(_ batch: Batch, _ metrics: MetricSet) throws(TensorError) -> PendingValues {
    let batch = try moved(batch, to: device)
    if ownStep != nil {
      guard let ownValidation else {
        throw TensorError(
          .argument, "fit", "a step of one's own needs a step for validation too",
          hint: "Trainer(_:optimizers:validate:step:)")
      }
      let values: [String: Tensor]
      do { values = try withPhase(.inference) { try ownValidation(batch, self) } } catch {
        throw error.asTensorError
      }
      try Tensors.evaluate(Array(values.values))
      return PendingValues(values, count: batch.count)
    }
    let value: Tensor
    do { value = try withPhase(.inference) { try lossValue(batch, metrics) } } catch {
      throw error.asTensorError
    }
    try Tensors.evaluate(value)
    return PendingValues(["loss": value], count: batch.count)
  }
}

/// Scalars of a step on the device that are still to be read.
struct PendingValues {
  let values: [(name: String, tensor: Tensor)]
  let count: Int

  init(_ values: [String: Tensor], count: Int) {
    self.values = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    self.count = count
  }
}

/// Means over samples of the numbers that batches gave.
struct RunningMeans: Sendable {
  private(set) var sums: [String: Double] = [:]
  private(set) var counts: [String: Double] = [:]

  init() {}

  init(sums: [String: Double], counts: [String: Double]) {
    self.sums = sums
    self.counts = counts
  }

  mutating func add(_ name: String, _ value: Double, count: Int) {
    sums[name, default: 0] += value * Double(count)
    counts[name, default: 0] += Double(count)
  }

  var means: [String: Double] {
    sums.reduce(into: [:]) { $0[$1.key] = $1.value / (counts[$1.key] ?? .nan) }
  }
}
