internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Tensors

/// A callback that keeps its files in the folder of a run, and wants `run.json` and `metrics.jsonl`
/// to be there too.
public protocol RunFolderUser: Callback {
  var runFolder: RunFolder { get }
}

/// Writes `run.json` and `metrics.jsonl` of a run folder: see `RunFolder` for what is in them.
///
/// A trainer adds one by itself for each folder that another callback uses.
public final class RunLog: Callback, RunFolderUser {
  public let runFolder: RunFolder
  public let isRecorder = true
  /// How many steps there are to a line.
  public let interval: Int
  private var lines: MetricLines?
  private let details = RunDetails()
  private var started = 0.0
  private var isDescribed = false
  private var description = RunDescription()

  public init(_ folder: String, interval: Int = 50) {
    runFolder = RunFolder(folder)
    self.interval = max(1, interval)
  }

  /// Logs for the folders that `callbacks` use and none of them logs into.
  static func needed(by callbacks: [any Callback]) -> [RunLog] {
    var known = Set(callbacks.compactMap { ($0 as? RunLog)?.runFolder })
    return callbacks.compactMap { $0 as? any RunFolderUser }.map(\.runFolder)
      .filter { known.insert($0).inserted }.map { RunLog($0.path) }
  }

  public func began(_ context: TrainingContext) throws {
    try makeFolder(runFolder.path, in: "RunLog")
    lines = try MetricLines(
      runFolder.metricsFile, interval: interval, context, restored: context.isResumed ? lines : nil)
    if context.validation == nil {
      context.trainer.metrics.tracksConfusion = true
    } else {
      context.trainer.validationMetrics.tracksConfusion = true
    }
    started = RunDescription.now
    isDescribed = false
    description = RunDescription()
    if context.isResumed { try description.describe(context) }
    try writeRun(context)
  }

  public func epochBegan(_ context: TrainingContext) {
    if context.stepInEpoch == 0 { details.inspectNextStep(of: context.trainer) }
  }

  public func stepEnded(_ context: TrainingContext) throws {
    details.stepEnded(context)
    try lines?.stepEnded(context)
    guard !isDescribed else { return }
    // The model has its weights now.
    isDescribed = true
    try description.describe(context)
    try writeRun(context)
  }

  public func epochEnded(_ context: TrainingContext) throws {
    let members = try details.measure(context)
    try lines?.epochEnded(context, members)
    if description.trainSamples == nil {
      description.trainSamples = context.samplesInEpoch
      try writeRun(context)
    }
  }

  public func ended(_ context: TrainingContext) throws {
    context.trainer.inspection = nil
    context.trainer.metrics.tracksConfusion = false
    context.trainer.validationMetrics.tracksConfusion = false
    try lines?.ended(context, seconds: RunDescription.now - started)
    try writeRun(context, ended: RunDescription.now)
  }

  public func state() -> CallbackState {
    var state = lines?.state ?? CallbackState()
    details.write(to: &state)
    return state
  }

  public func restore(_ state: CallbackState) {
    lines = MetricLines(restoring: state)
    details.read(state)
  }

  private func writeRun(_ context: TrainingContext, ended: Double? = nil) throws(TensorError) {
    let json = try description.json(context, started: started, ended: ended)
    try writeFile(json.description + "\n", to: runFolder.runFile, in: "RunLog")
  }
}

/// Writes the lines of `metrics.jsonl`, as `RunFolder` describes them, to a file of one's own,
/// without what is measured of weights and gradients.
public final class JSONLines: Callback {
  public let path: String
  public let isRecorder = true
  private let interval: Int
  private var lines: MetricLines?
  private var start = ContinuousClock.now

  /// - Parameters:
  ///   - path: the file that the lines go to.
  ///   - interval: how many steps there are to a line.
  public init(_ path: String, interval: Int = 50) {
    self.path = path
    self.interval = max(1, interval)
  }

  public func began(_ context: TrainingContext) throws {
    lines = try MetricLines(
      path, interval: interval, context, restored: context.isResumed ? lines : nil)
    start = .now
  }

  public func stepEnded(_ context: TrainingContext) throws { try lines?.stepEnded(context) }

  public func epochEnded(_ context: TrainingContext) throws { try lines?.epochEnded(context, [:]) }

  public func ended(_ context: TrainingContext) throws {
    try lines?.ended(context, seconds: (ContinuousClock.now - start).seconds)
  }

  public func state() -> CallbackState { lines?.state ?? CallbackState() }

  public func restore(_ state: CallbackState) { lines = MetricLines(restoring: state) }
}
