internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Optimizers
internal import Tensors
internal import Training

/// `apus evaluate`: how good a checkpoint is on test data.
enum EvaluateCommand: Verb {
  static let name = "evaluate"
  static let summary = "Measures a checkpoint on test data."
  static let positionals: [String] = []
  static let options: [Option] = [
    .value("checkpoint", "PATH", isRequired: true, "a file, or a run folder: its best"),
    .data, .value("batch", "N", "samples at a time, 256 if not given"), .device,
    .flag("quiet", "no progress on standard error"), .json,
  ]
  static let details = """
    Without --data it is what the checkpoint was trained on. Of data that have no part for testing a
    fifth is taken, the same as in training with the same seed, which is 1. Classes are those that the
    model was trained with.

    \(dataHelp)
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let batch = try arguments.integer("batch", in: 1...1_000_000) ?? 256
    // Required: the parser has seen to it.
    let checkpoint = try CheckpointSource(arguments.value("checkpoint") ?? "")
    let device = try arguments.device()
    let data = try DataSource(
      named: arguments.value("data") ?? checkpoint.data,
      for: learningTask(for: checkpoint.model.purpose), checkpoint.request)
    let task = try FittedTask(checkpoint.model, data, command: name)
    let model = try checkpoint.load(on: device)
    let trainer = Trainer(
      model, optimizer: try SGD(learningRate: 0), loss: task.loss, metrics: task.metrics,
      device: device, cancellation: Interruption.token)
    if arguments.has("quiet") { trainer.progress = nil }
    Interruption.begin()
    defer { Interruption.end() }
    let result = Result { () throws -> [String: Double] in
      try trainer.evaluate(data.test.batched(batch))
    }
    if Interruption.token.isCancelled { return Interruption.exitCode }
    let values = try result.get()
    let samples = data.test.count
    if arguments.has("json") {
      var members: [(String, JSON)] = [
        ("checkpoint", .string(checkpoint.path)), ("model", .string(checkpoint.model.name)),
        ("data", .string(data.name)), ("device", .string(device.name)),
      ]
      if let samples { members.append(("samples", .integer(samples))) }
      members += values.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }
      try Output.json(members)
      return .done
    }
    let count = samples.map { " on \($0) test samples" } ?? ""
    try Output.text("\(checkpoint.model.name) from \(checkpoint.path), \(data.name)\(count)")
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      try Output.text("\(name.padded(to: 10))  \(value.rounded(significant: 5))")
    }
    return .done
  }
}
