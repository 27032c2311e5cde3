public import Data
public import Geometry

/// Where a training is: what callbacks see of it.
public final class TrainingContext {
  public let trainer: Trainer
  /// What is trained on, and what is validated with.
  public let data: Dataset<Batch>
  public let validation: Dataset<Batch>?
  /// How many epochs there are to be.
  public let epochs: Int
  /// How many steps an epoch has, if that is known.
  public let stepsPerEpoch: Int?

  /// The epoch that is running, counted from 1.
  public internal(set) var epoch = 1
  /// How many steps have been started since the training began, and in this epoch.
  public internal(set) var step = 0
  public internal(set) var stepInEpoch = 0
  /// How many samples this epoch has seen.
  public internal(set) var samplesInEpoch = 0
  /// How many batches the running validation has seen; 0 outside of one.
  public internal(set) var validationStep = 0
  public internal(set) var validationSteps: Int?

  /// What was measured in the epochs that have ended.
  public internal(set) var history = History()
  /// In `stepEnded` the newest numbers that are known, those of the step before: `loss` and what a
  /// step of one's own returns. In `epochEnded` those of the epoch: means over its samples,
  /// metrics, the same of validation with `val_` before the name, and `learning_rate`.
  public internal(set) var values: [String: Double] = [:]
  /// The number of the step that `values` is of, in `stepEnded`; 0 if none is known yet.
  public internal(set) var valuesStep = 0

  public internal(set) var outcome = TrainingOutcome.running
  /// Whether the training goes on from a checkpoint.
  public internal(set) var isResumed = false
  /// What is to be said of the training: predictions that do not fit the loss, units that are dead.
  public private(set) var warnings: [String] = []

  /// Seconds of the running epoch so far, its validation left out; of the whole epoch once it
  /// ended.
  public var seconds: Double { clock.seconds }
  /// Seconds of them that were spent waiting for data.
  public var waited: Double { clock.waited }
  /// Seconds of the epoch's validation.
  public internal(set) var validationSeconds = 0.0

  var clock = EpochClock()
  /// The numbers of the newest step that are known, at the end of an epoch too.
  var stepValues: [String: Double] = [:]
  var stepValuesStep = 0
  var resumedStep = 0
  private(set) var stopReason: String?

  init(
    _ trainer: Trainer, _ data: Dataset<Batch>, _ validation: Dataset<Batch>?, epochs: Int,
    stepsPerEpoch: Int?
  ) {
    self.trainer = trainer
    self.data = data
    self.validation = validation
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch ?? data.count
  }

  /// Ends the training after this step or epoch, as a success.
  public func stop(_ reason: String) { if stopReason == nil { stopReason = reason } }

  /// Whether a callback has asked for the end.
  public var isStopping: Bool { stopReason != nil }

  /// Notes something that the user should know; the same text once.
  public func warn(_ text: String) { if !warnings.contains(text) { warnings.append(text) } }

  /// The means of the numbers of this epoch's steps so far, and its metrics as they are now.
  ///
  /// Reads them from the device, which waits for it: for a line on the screen now and then.
  public func runningValues() throws(TensorError) -> [String: Double] {
    try trainer.runningValues()
  }
}

/// How long an epoch takes and how much of that is waiting.
struct EpochClock {
  private var start = ContinuousClock.now
  private var total: Double?
  var waited = 0.0
  /// What the iterator had waited when the epoch began.
  private var waitedBefore = Duration.zero

  var seconds: Double { total ?? (ContinuousClock.now - start).seconds }

  mutating func begin(waited: Duration) {
    self = EpochClock()
    waitedBefore = waited
  }

  mutating func note(waited: Duration) { self.waited = (waited - waitedBefore).seconds }

  mutating func end() { total = seconds }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
