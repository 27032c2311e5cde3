internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Optimizers
internal import Tensors
internal import Training

/// `apus train`: trains a model on data and leaves a run folder with checkpoints and a report.
enum TrainCommand: Verb {
  static let name = "train"
  static let summary = "Trains a model and leaves checkpoints and a report."
  static let positionals: [String] = []
  static let options: [Option] = [
    .value("model", "NAME|FILE.json", isRequired: true, "an architecture, or a description"),
    .data, .value("epochs", "N", "5 if not given"),
    .value("batch", "N", "samples a step, 64 if not given"),
    .value("optimizer", "NAME", OptimizerChoice.names.joined(separator: ", ")),
    .value("learning-rate", "X", "else what suits the optimizer"),
    .value("schedule", "NAME", ScheduleChoice.names.joined(separator: ", ")), .device,
    .value("seed", "N", "of weights, dropout and the order of samples; 1 if not given"),
    .value("samples", "N", "trains on the first N only"),
    .value(
      "input", "SHAPE", "what samples are made to look like, as 64x64x3; else what the model takes"),
    .value("out", "DIR", "the run folder; runs/NAME if not given"),
    .flag("resume", "goes on from the newest checkpoint in the run folder"),
    .flag("quiet", "no progress on standard error"), .json,
  ]
  static let details = """
    The run folder gets run.json, metrics.jsonl, report.html, and in checkpoints/ the newest two
    checkpoints and the best. A folder given by --out is written over; of runs/NAME the next free
    runs/NAME-2 is taken. Ctrl-C ends the step, writes a checkpoint and exits with 130; --resume then
    goes on to the same numbers. docs/command.md describes descriptions.

    \(dataHelp)
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    // Required: the parser has seen to it.
    let source = try ModelSource(named: arguments.value("model") ?? "")
    let settings = try TrainingSettings(arguments, model: source)
    let device = try arguments.device()
    let data = try DataSource(
      named: settings.data, for: learningTask(for: source.purpose), settings.request(source))
    let described = source.text == nil ? nil : source.input
    if let input = settings.input ?? described, input != data.input {
      let place = settings.input == nil ? "the input of \(source.name)" : "--input"
      throw UsageError("\(place): the samples of \(data.name) are \(data.input), not \(input)")
    }
    let isJSON = arguments.has("json")
    let task = try FittedTask(source, data, command: name)
    let (trainer, callbacks) = try settings.trainer(task, device: device)
    try settings.goOn(from: trainer.notes)
    if arguments.has("quiet") { trainer.progress = nil }
    if !isJSON, !arguments.has("quiet") {
      Output.note("\(source.name) on \(data.name), \(device.name), into \(settings.folder)")
      if let remark = data.remark { Output.note(remark) }
    }
    var history = History()
    let lines = LambdaCallback(
      epochEnded: { if isJSON { try Output.json(epochMembers($0)) } },
      ended: { history = $0.history })
    Interruption.begin()
    defer { Interruption.end() }
    let start = ContinuousClock.now
    let result = Result { () throws -> History in
      try trainer.fit(
        settings.batches(data), validation: data.test.batched(256), epochs: settings.epochs,
        callbacks: callbacks + [lines],
        resumingFrom: settings.resumes ? settings.folder : nil)
    }
    if case .failure(let error) = result, (error as? TensorError)?.kind == .cancelled {
      Output.note(
        "apus train: cancelled; go on with the same words and --out \(settings.folder) --resume")
      if isJSON { try Output.json(endMembers("cancelled", settings, history, start)) }
      return Interruption.exitCode
    }
    history = try result.get()
    let reason = callbacks.lazy.compactMap { ($0 as? TerminateOnNaN)?.reason }.first
    if let reason {
      Output.note("apus train: \(reason): try a smaller --learning-rate")
    }
    if isJSON {
      try Output.json(endMembers(reason == nil ? "finished" : "stopped", settings, history, start))
    } else {
      try Output.text(text(history, source, data, settings))
    }
    return reason == nil ? .done : .numeric
  }

  private static func epochMembers(_ context: TrainingContext) -> [(String, JSON)] {
    var members: [(String, JSON)] = [("epoch", .integer(context.epoch))]
    for (name, value) in context.values.sorted(by: { $0.key < $1.key }) {
      members.append((name, .number(value)))
    }
    members.append(("seconds", .number(context.seconds)))
    return members
  }

  private static func endMembers(
    _ outcome: String, _ settings: TrainingSettings, _ history: History,
    _ start: ContinuousClock.Instant
  ) -> [(String, JSON)] {
    let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
    var members: [(String, JSON)] = [
      ("outcome", .string(outcome)), ("out", .string(settings.folder)),
      ("report", .string(RunFolder(settings.folder).reportFile)),
      ("total_seconds", .number(seconds)),
    ]
    members.append(("epochs", .integer(history.epochs.count)))
    if let best = history.best("val_loss") {
      members.append(("best_epoch", .integer(best.number)))
    }
    for (name, value) in (history.epochs.last?.values ?? [:]).sorted(by: { $0.key < $1.key }) {
      members.append((name, .number(value)))
    }
    return members
  }

  private static func text(
    _ history: History, _ source: ModelSource, _ data: DataSource, _ settings: TrainingSettings
  ) -> String {
    let folder = RunFolder(settings.folder)
    var lines: [String] = []
    let name = history.names.contains("val_accuracy") ? "val_accuracy" : "val_loss"
    if let last = history.epochs.last?.values[name], let best = history.best(name),
      let value = best.values[name]
    {
      func shown(_ value: Double) -> String {
        name == "val_accuracy" ? "\((value * 100).fixed(2)) %" : "\(value.rounded(significant: 4))"
      }
      let what = name == "val_accuracy" ? "test accuracy" : "test loss"
      lines.append(
        "\(source.name) on \(data.name): \(what) \(shown(last)) after \(history.epochs.count) "
          + (history.epochs.count == 1 ? "epoch, " : "epochs, ")
          + "\(shown(value)) at best, in epoch \(best.number)")
    }
    lines.append("report      \(folder.reportFile)")
    // A training that was stopped early may have no best one.
    if let path = try? CheckpointSource.file(settings.folder) {
      lines.append("checkpoint  \(path)")
    }
    return lines.joined(separator: "\n")
  }
}
