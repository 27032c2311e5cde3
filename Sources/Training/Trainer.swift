public import Data
public import Geometry
public import Layers
public import Optimizers
public import Tensors

/// Trains a model on batches: one call takes data, validation data, epochs and callbacks.
///
///     let trainer = Trainer(
///       model, optimizer: Adam(learningRate: 1e-3), loss: .softmaxCrossEntropy, metrics: [.accuracy])
///     try trainer.fit(
///       data.train.shuffled(seed: 1).batched(64).prefetched(2), validation: data.test.batched(256),
///       epochs: 5, callbacks: [EarlyStopping(patience: 3)])
///
/// A step is recorded, planned once and replayed. Nothing waits for the device inside a step: the
/// loss is read one step late, and metrics are summed on the device.
///
/// A training step of one's own, with as many optimizers as it needs, is a closure:
///
///     let trainer = Trainer(pair, optimizers: ["critic": SGD(), "generator": Adam()]) { batch, trainer in
///       …
///       return ["loss": loss, "critic_loss": criticLoss]
///     }
public final class Trainer {
  /// A step of one's own: it takes a batch, on the trainer's device already, and updates what it
  /// trains; it returns scalars to be shown and averaged, `loss` among them.
  public typealias Step = (_ batch: Batch, _ trainer: Trainer) throws -> [String: Tensor]

  public let model: any Module
  /// By name; that of a trainer with one optimizer is `main`.
  public let optimizers: [String: any Optimizer]
  /// What the step minimises; nil for a step of one's own.
  public let loss: Loss?
  /// Multiplied with the losses of samples by their label; nil for all the same.
  public let classWeights: [Double]?
  /// How many batches make one step of the optimizer.
  public let accumulation: Int
  /// What `cancel()` sets; may be shared with others.
  public let cancellation: CancellationToken
  /// The lines on standard error; nil for none.
  public var progress: ProgressLine? = ProgressLine()
  /// Names of the classes, for reports.
  public var classNames: [String] = []
  /// Written into `run.json` as they are: how the data were made, what the run is called.
  public var notes: [String: String] = [:]

  let forward: (([Tensor]) throws -> Tensor)?
  let ownStep: Step?
  let ownValidation: Step?
  let metrics: MetricSet
  let validationMetrics: MetricSet
  private let givenDevice: Device?
  /// What layers draw from.
  var random: RandomSource
  /// The training that is running, or the newest.
  var loop: TrainingLoop?
  /// The parameters that are trained, once they are known.
  var trained: [Parameter] = []
  var penalized: [Weight] = []
  var isReady = false
  var inspection: GradientInspection?
  var classWeightTable: Tensor?

  /// - Parameters:
  ///   - model: what is trained; it takes the one input of a batch.
  ///   - optimizer: checkpoints keep it under the name `main`.
  ///   - loss: what is minimised, with the penalties of the model.
  ///   - metrics: what is measured besides, of training and of validation.
  ///   - device: where it trains; by default the current one. Weights elsewhere are moved there.
  ///   - seed: what layers draw from, for their weights and for dropout; by default the current
  ///     `RandomSource`, that of `withSeed`.
  ///   - accumulation: the gradients of that many batches are averaged for one step.
  ///   - classWeights: what the losses of samples are multiplied by, at the index of their label.
  ///   - cancellation: what `cancel()` sets; may be shared with others.
  public convenience init(
    _ model: any Layer, optimizer: any Optimizer, loss: Loss, metrics: [MetricKind] = [],
    device: Device? = nil, seed: UInt64? = nil, accumulation: Int = 1,
    classWeights: [Double]? = nil, cancellation: CancellationToken = CancellationToken()
  ) {
    self.init(
      model, optimizer: optimizer, loss: loss, metrics: metrics, device: device, seed: seed,
      accumulation: accumulation, classWeights: classWeights, cancellation: cancellation
    ) { inputs in
      guard let x = inputs.first, inputs.count == 1 else {
        throw TensorError(
          .argument, "fit", "the model takes one input, a batch has \(inputs.count)",
          hint: "Trainer(_:optimizer:loss:forward:) says what to do with several")
      }
      return try model(x)
    }
  }

  /// As for a layer, with `forward` to say what the model makes of the inputs of a batch.
  public init(
    _ model: any Module, optimizer: any Optimizer, loss: Loss, metrics: [MetricKind] = [],
    device: Device? = nil, seed: UInt64? = nil, accumulation: Int = 1,
    classWeights: [Double]? = nil, cancellation: CancellationToken = CancellationToken(),
    forward: @escaping (_ inputs: [Tensor]) throws -> Tensor
  ) {
    self.model = model
    optimizers = ["main": optimizer]
    self.loss = loss
    self.classWeights = classWeights
    self.accumulation = accumulation
    self.cancellation = cancellation
    self.forward = forward
    ownStep = nil
    ownValidation = nil
    self.metrics = MetricSet(metrics)
    validationMetrics = MetricSet(metrics)
    givenDevice = device
    random = seed.map { RandomSource(seed: $0) } ?? .current
  }

  /// With a training step of one's own.
  ///
  /// - Parameters:
  ///   - model: what is trained, and kept in checkpoints.
  ///   - optimizers: by the names that checkpoints keep them under.
  ///   - metrics: of the predictions that the step gives `updateMetrics`.
  ///   - device: where it trains; by default the current one. Weights elsewhere are moved there.
  ///   - seed: what layers draw from, for their weights and for dropout; by default the current
  ///     `RandomSource`, that of `withSeed`.
  ///   - cancellation: what `cancel()` sets; may be shared with others.
  ///   - validate: what it does with a batch of the validation data, in the phase of inference.
  ///   - step: what it does with a batch of the training data.
  public init(
    _ model: any Module, optimizers: [String: any Optimizer], metrics: [MetricKind] = [],
    device: Device? = nil, seed: UInt64? = nil,
    cancellation: CancellationToken = CancellationToken(), validate: Step? = nil,
    step: @escaping Step
  ) {
    self.model = model
    self.optimizers = optimizers
    loss = nil
    classWeights = nil
    accumulation = 1
    self.cancellation = cancellation
    forward = nil
    ownStep = step
    ownValidation = validate
    self.metrics = MetricSet(metrics)
    validationMetrics = MetricSet(metrics)
    givenDevice = device
    random = seed.map { RandomSource(seed: $0) } ?? .current
  }

  /// The optimizer, the first by name if there are several.
  public var optimizer: any Optimizer {
    get throws(TensorError) {
      guard let name = optimizers.keys.min(), let found = optimizers[name] else {
        throw TensorError(.argument, "trainer", "it has no optimizer")
      }
      return found
    }
  }

  /// Where it trains.
  public var device: Device {
    get throws(TensorError) {
      if let givenDevice { return givenDevice }
      return try Device.current
    }
  }

  /// The seed that layers draw from.
  public var seed: UInt64 { random.seed }

  /// Ends the training after the step that is running; it then throws an error of kind `cancelled`.
  public func cancel() { cancellation.cancel() }

  /// Takes predictions of a step of one's own into the trainer's metrics.
  public func updateMetrics(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor? = nil
  ) throws(TensorError) {
    let set = Phase.current == .training ? metrics : validationMetrics
    try set.update(predictions, targets, weights: weights)
  }
}

/// The metrics of one phase.
final class MetricSet {
  let all: [any Metric]
  /// Counts what was taken for what, where the model turns out to be a classifier.
  private(set) var confusion: ConfusionMatrix?
  /// Whether `confusion` is wanted, and whether it has been found out that it can be had.
  var tracksConfusion = false
  private var isDecided = false

  init(_ kinds: [MetricKind]) { all = kinds.map { $0() } }

  func update(
    _ predictions: Tensor, _ targets: Tensor, weights: Tensor?
  ) throws(TensorError) {
    for metric in all { try metric.update(predictions, targets, weights: weights) }
    guard tracksConfusion else { return }
    if !isDecided {
      isDecided = true
      let isLabels = !targets.scalarType.isFloatingPoint && targets.rank == 1
      if predictions.rank == 2, (2...100).contains(predictions.shape.last),
        isLabels || targets.shape == predictions.shape
      {
        confusion = ConfusionMatrix(classes: predictions.shape.last)
      }
    }
    try confusion?.update(predictions, targets, weights: nil)
  }

  /// The numbers by name.
  func results() throws(TensorError) -> [String: Double] {
    var results: [String: Double] = [:]
    for metric in all { results[metric.name] = try metric.result() }
    return results
  }

  /// What the metrics have summed; those of the confusion matrix last.
  var sums: [[Tensor]] { all.map(\.sums) + (confusion.map { [$0.sums] } ?? []) }

  func restore(_ sums: [[Tensor]]) {
    for (metric, own) in zip(all, sums) { metric.restore(own) }
    if let own = sums.dropFirst(all.count).first, let shape = own.first?.shape, shape.rank == 2 {
      let matrix = ConfusionMatrix(classes: shape[0])
      matrix.restore(own)
      confusion = matrix
      isDecided = true
    }
  }

  func reset() {
    for metric in all { metric.reset() }
    confusion?.reset()
  }
}
