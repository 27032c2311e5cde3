internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Optimizers
internal import Tensors
internal import Training

/// What `apus train` was told.
struct TrainingSettings {
  let data: String?
  let epochs: Int, batch: Int
  let optimizer: OptimizerChoice
  let learningRate: Double
  let schedule: ScheduleChoice
  let seed: Int
  let samples: Int?
  let input: Shape?
  let folder: String
  /// The checkpoint that is gone on from.
  private let resumed: String?
  var resumes: Bool { resumed != nil }

  init(_ arguments: Arguments, model: ModelSource) throws {
    data = arguments.value("data")
    epochs = try arguments.integer("epochs", in: 1...1_000_000) ?? 5
    batch = try arguments.integer("batch", in: 1...1_000_000) ?? 64
    optimizer = try OptimizerChoice(named: arguments.value("optimizer") ?? "adam")
    schedule = try ScheduleChoice(named: arguments.value("schedule") ?? "constant")
    seed = try arguments.integer("seed", in: 0...Int.max) ?? 1
    samples = try arguments.integer("samples", in: 1...Int.max)
    input = try arguments.shape("input")
    let resumes = arguments.has("resume")
    if let text = arguments.value("learning-rate") {
      guard let rate = Double(text), rate > 0, rate.isFinite else {
        throw UsageError("--learning-rate: \"\(text)\" is not a number above 0")
      }
      learningRate = rate
    } else {
      learningRate = optimizer.usualRate
    }
    let standard = "runs/\(model.name)"
    folder = arguments.value("out") ?? (resumes ? standard : Self.free(standard))
    resumed =
      resumes ? try CheckpointSource.newest(in: folder, hint: "--out names the run folder") : nil
  }

  /// Throws if the run that is gone on with was begun with something else than `notes` say. More
  /// epochs are no matter.
  func goOn(from notes: [String: String]) throws {
    guard let resumed, let text = try SafetensorsFile(path: resumed).metadata["notes"],
      let begun = try JSON(parsing: text, source: resumed, in: "train").object
    else { return }
    let decisive = [
      "model", "description", "data", "input", "optimizer", "learning rate", "schedule", "batch",
      "samples", "seed",
    ]
    for key in decisive {
      guard let value = notes[key], let old = begun[key]?.string, old != value else { continue }
      throw UsageError(
        "--resume: \(folder) was begun with "
          + (key == "description" ? "another description" : "\(key) \(old), not \(value)"))
    }
  }

  /// The folder, or the first with a number behind it that no run has.
  private static func free(_ folder: String) -> String {
    var (path, number) = (folder, 1)
    while access("\(path)/run.json", F_OK) == 0 {
      number += 1
      path = "\(folder)-\(number)"
    }
    return path
  }

  /// What is asked of the data.
  func request(_ model: ModelSource) -> DataRequest {
    // A description says what it takes; an architecture what its paper took.
    DataRequest(
      required: input ?? (model.text == nil ? nil : model.input), preferred: model.input,
      seed: UInt64(seed))
  }

  /// The batches of one pass, in a new order each epoch.
  func batches(_ data: DataSource) -> Dataset<Batch> {
    let train = samples.map { data.train.take($0) } ?? data.train
    return train.shuffled(seed: UInt64(seed)).batched(batch).prefetched(2)
  }

  func trainer(_ task: FittedTask, device: Device) throws -> (Trainer, [any Callback]) {
    let trainer = Trainer(
      task.model, optimizer: try optimizer.make(learningRate), loss: task.loss,
      metrics: task.metrics, device: device, seed: UInt64(seed), cancellation: Interruption.token)
    trainer.classNames = task.data.classNames
    trainer.notes = task.notes
    trainer.notes["optimizer"] = optimizer.name
    trainer.notes["schedule"] = schedule.name
    trainer.notes["learning rate"] = "\(learningRate)"
    trainer.notes["batch"] = "\(batch)"
    trainer.notes["samples"] = samples.map { "\($0)" }
    trainer.notes["seed"] = "\(seed)"
    var callbacks: [any Callback] = []
    if let count = task.data.train.count.map({ min($0, samples ?? $0) }) {
      let steps = (count + batch - 1) / batch * epochs
      if let schedule = schedule.make(learningRate, steps: steps) {
        callbacks.append(LearningRateSchedule(schedule))
      }
    }
    return (trainer, callbacks + [TerminateOnNaN(), Checkpoint(folder), Report(folder)])
  }
}

/// An optimizer by name.
struct OptimizerChoice: Sendable {
  let name: String
  /// The learning rate it is usually begun with.
  let usualRate: Double
  let make: @Sendable (Double) throws -> any Optimizer

  private static let all: [OptimizerChoice] = [
    OptimizerChoice(name: "adam", usualRate: 1e-3) { Adam(learningRate: $0) },
    OptimizerChoice(name: "adamw", usualRate: 1e-3) { AdamW(learningRate: $0) },
    OptimizerChoice(name: "sgd", usualRate: 0.01) { try SGD(learningRate: $0) },
    OptimizerChoice(name: "momentum", usualRate: 0.01) { try SGD(learningRate: $0, momentum: 0.9) },
    OptimizerChoice(name: "rmsprop", usualRate: 1e-3) { try RMSProp(learningRate: $0) },
    OptimizerChoice(name: "adagrad", usualRate: 0.01) { try AdaGrad(learningRate: $0) },
    OptimizerChoice(name: "nadam", usualRate: 1e-3) { try Nadam(learningRate: $0) },
    OptimizerChoice(name: "lion", usualRate: 1e-4) { try Lion(learningRate: $0) },
  ]

  static var names: [String] { all.map(\.name) }

  private init(
    name: String, usualRate: Double, make: @escaping @Sendable (Double) throws -> any Optimizer
  ) {
    self.name = name
    self.usualRate = usualRate
    self.make = make
  }

  init(named name: String) throws(UsageError) {
    guard let found = Self.all.first(where: { $0.name == name }) else {
      let near = suggestion(for: name, among: Self.names)
      throw UsageError(
        "--optimizer: there is no \"\(name)\""
          + (near.isEmpty ? "; there are \(Self.names.joined(separator: ", "))" : near))
    }
    self = found
  }
}

/// How the learning rate moves, by name.
struct ScheduleChoice {
  static let names = ["constant", "cosine", "step", "exponential", "one-cycle"]
  let name: String

  init(named name: String) throws(UsageError) {
    guard Self.names.contains(name) else {
      let near = suggestion(for: name, among: Self.names)
      throw UsageError(
        "--schedule: there is no \"\(name)\""
          + (near.isEmpty ? "; there are \(Self.names.joined(separator: ", "))" : near))
    }
    self.name = name
  }

  /// The schedule over so many steps; nil for a rate that stays.
  func make(_ rate: Double, steps: Int) -> Schedule? {
    let steps = max(steps, 1)
    switch name {
    case "cosine": return .cosine(from: rate, steps: steps)
    case "step": return .step(from: rate, every: max(1, steps / 3))
    case "exponential": return .exponential(from: rate, factor: 0.01, steps: steps)
    case "one-cycle": return .oneCycle(largest: rate, steps: steps)
    default: return nil
    }
  }
}
