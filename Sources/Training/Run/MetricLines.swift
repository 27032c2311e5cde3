internal import Formats
internal import Geometry
internal import Optimizers

/// A file of JSON lines: means of steps, numbers of epochs, and how it ended.
final class MetricLines {
  private let file: LineFile?
  private let interval: Int
  private var sums: [String: Double] = [:]
  private var count = 0
  private var noted = 0
  private var warned: Int

  /// Begins the file, or goes on with it where the training is resumed: lines of what is trained
  /// again are dropped.
  ///
  /// - Parameter restored: the sums of the checkpoint, of steps that are to be written again.
  init(
    _ path: String, interval: Int, _ context: TrainingContext, restored: MetricLines?
  ) throws(TensorError) {
    self.interval = interval
    let epochs = context.history.epochs.count
    if let restored { (sums, count, noted) = (restored.sums, restored.count, restored.noted) }
    if restored == nil, context.isResumed { noted = max(0, context.step - 1) }
    let written = noted - count
    let keep: (String) -> Bool = { line in
      guard let members = try? JSON(parsing: line, source: path, in: "JSONLines").object,
        let lineStep = members["step"]?.integer, let epoch = members["epoch"]?.integer
      else { return false }
      switch members["kind"]?.string {
      case "step": return lineStep <= written
      case "epoch": return epoch <= epochs
      default: return false
      }
    }
    file = try LineFile(path, in: "JSONLines", keeping: context.isResumed ? keep : nil)
    warned = context.isResumed ? context.warnings.count : 0
  }

  /// The sums of a checkpoint, for a file that is opened later.
  init(restoring state: CallbackState) {
    file = nil
    interval = 1
    warned = 0
    count = state.numbers["count"].flatMap { Int(exactly: $0) } ?? 0
    noted = state.numbers["noted"].flatMap { Int(exactly: $0) } ?? 0
    for (name, value) in state.numbers where name.hasPrefix("sum.") {
      sums[String(name.dropFirst(4))] = value
    }
  }

  var state: CallbackState {
    var state = CallbackState()
    state.numbers["count"] = Double(count)
    state.numbers["noted"] = Double(noted)
    for (name, value) in sums { state.numbers["sum.\(name)"] = value }
    return state
  }

  func stepEnded(_ context: TrainingContext) throws(TensorError) {
    guard context.stepValuesStep > noted else { return }
    noted = context.stepValuesStep
    for (name, value) in context.stepValues { sums[name, default: 0] += value }
    count += 1
    if noted.isMultiple(of: interval) { try writeSteps(context) }
  }

  private func writeSteps(_ context: TrainingContext) throws(TensorError) {
    guard count > 0 else { return }
    var members: [(String, JSON)] = [
      ("kind", .string("step")), ("step", .integer(noted)), ("epoch", .integer(context.epoch)),
    ]
    for (name, sum) in sums.sorted(by: { $0.key < $1.key }) {
      members.append((name, .number(sum / Double(count))))
    }
    let optimizers = context.trainer.optimizers
    for (name, optimizer) in optimizers.sorted(by: { $0.key < $1.key }) {
      let key = optimizers.count == 1 ? "learning_rate" : "learning_rate.\(name)"
      members.append((key, .number(optimizer.learningRate)))
    }
    sums = [:]
    count = 0
    try file?.append(JSON.line(members))
  }

  func epochEnded(
    _ context: TrainingContext, _ details: [String: JSON]
  ) throws(TensorError) {
    try stepEnded(context)
    var members: [(String, JSON)] = [
      ("kind", .string("epoch")), ("step", .integer(context.step)),
      ("epoch", .integer(context.epoch)),
      ("values", .object(context.values.mapValues { .number($0) })),
      ("seconds", .number(context.seconds)), ("samples", .integer(context.samplesInEpoch)),
      ("samples_per_second", .number(Double(context.samplesInEpoch) / max(1e-9, context.seconds))),
      ("waiting", .number(min(1, context.waited / max(1e-9, context.seconds)))),
    ]
    if context.validation != nil {
      members.append(("validation_seconds", .number(context.validationSeconds)))
    }
    members += details.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let warnings = context.warnings.dropFirst(warned)
    if !warnings.isEmpty {
      members.append(("warnings", .array(warnings.map { .string($0) })))
      warned = context.warnings.count
    }
    try file?.append(JSON.line(members))
  }

  func ended(_ context: TrainingContext, seconds: Double) throws(TensorError) {
    // A training that may be resumed has the rest of its line still to come.
    if context.outcome.isComplete { try writeSteps(context) }
    var members: [(String, JSON)] = [
      ("kind", .string("end")), ("step", .integer(context.step)),
      ("epoch", .integer(context.epoch)), ("outcome", .string(context.outcome.name)),
    ]
    if let reason = context.outcome.reason { members.append(("reason", .string(reason))) }
    members.append(("seconds", .number(seconds)))
    try file?.append(JSON.line(members))
  }
}

extension TrainingOutcome {
  /// As files call it.
  var name: String {
    switch self {
    case .running: "running"
    case .finished: "finished"
    case .stopped: "stopped"
    case .cancelled: "cancelled"
    case .failed: "failed"
    }
  }

  var reason: String? {
    switch self {
    case .stopped(let reason): reason
    case .failed(let error): "\(error)"
    case .running, .finished, .cancelled: nil
    }
  }
}
