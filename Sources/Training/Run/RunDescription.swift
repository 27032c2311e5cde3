internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Optimizers
internal import Tensors

/// What `run.json` says: what is trained, on what, with what.
struct RunDescription {
  var trainSamples: Int?
  private var model: [String: JSON] = [:]
  private var batch: [String: JSON] = [:]

  /// Seconds since 1970.
  static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Looks at the model, once it is built, and at the newest batch.
  mutating func describe(_ context: TrainingContext) throws(TensorError) {
    let module = context.trainer.model
    var layers: [JSON] = []
    for (path, own) in module.modules where own.layers.isEmpty {
      let count = own.weights.reduce(0) { $0 + ($1.weight.parameter?.shape.count ?? 0) }
      layers.append(
        .object([
          "path": .string(path), "layer": .string("\(type(of: own))"),
          "parameters": .integer(count),
        ]))
    }
    let all = module.weights.compactMap(\.weight.parameter)
    model = [
      "parameters": .integer(all.reduce(0) { $0 + $1.shape.count }),
      "trainable": .integer(all.reduce(0) { $0 + ($1.isTrained ? $1.shape.count : 0) }),
      "layers": .array(layers),
    ]
    guard let newest = context.trainer.loop?.newestBatch else { return }
    batch["batch"] = .integer(newest.count)
    func extents(_ tensor: Tensor?) -> JSON? {
      tensor.map { .array(Array($0.shape).dropFirst().map { .integer($0) }) }
    }
    batch["input"] = extents(newest.inputs.first)
    batch["target"] = extents(newest.targets.first)
  }

  func json(
    _ context: TrainingContext, started: Double, ended: Double?
  ) throws(TensorError) -> JSON {
    let trainer = context.trainer
    let device = try trainer.device
    let information = try device.information
    var members = batch
    members["version"] = .integer(1)
    members["apus"] = .string(Self.packageVersion)
    members["started"] = .number(started)
    members["ended"] = ended.map { .number($0) }
    members["outcome"] = .string(context.outcome.name)
    members["reason"] = context.outcome.reason.map { .string($0) }
    if context.isResumed { members["resumed_at"] = .integer(context.resumedStep) }
    members["device"] = .string(device.name)
    members["device_name"] = .string(information.name)
    members["driver"] = .string(information.driver)
    members["platform"] = .string(information.platform)
    members["host"] = .object(Self.host)
    members["seed"] = .string("\(trainer.seed)")
    members["model"] = .object(
      model.merging(["name": .string("\(type(of: trainer.model))")]) { own, _ in own })
    members["loss"] = trainer.loss.map { .string($0.name) }
    members["optimizers"] = .object(
      trainer.optimizers.mapValues {
        .object([
          "kind": .string("\(type(of: $0))"), "learning_rate": .number($0.learningRate),
        ])
      })
    members["metrics"] = .array(trainer.metrics.all.map { .string($0.name) })
    members["epochs"] = .integer(context.epochs)
    members["steps_per_epoch"] = context.stepsPerEpoch.map { .integer($0) }
    members["accumulation"] = .integer(trainer.accumulation)
    members["train_samples"] = trainSamples.map { .integer($0) }
    if !trainer.classNames.isEmpty {
      members["class_names"] = .array(trainer.classNames.map { .string($0) })
    }
    members["notes"] = .object(trainer.notes.mapValues { .string($0) })
    members["warnings"] = .array(context.warnings.map { .string($0) })
    return .object(members)
  }

  static let packageVersion = "unreleased"

  private static var host: [String: JSON] {
    var names = utsname()
    var members: [String: JSON] = ["threads": .integer(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))]
    guard uname(&names) == 0 else { return members }
    members["system"] = .string("\(text(names.sysname)) \(text(names.release))")
    members["machine"] = .string(text(names.machine))
    members["processor"] = processor.map { .string($0) }
    return members
  }

  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// What the system calls the processor.
  private static let processor: String? = {
    guard let file = fopen("/proc/cpuinfo", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, 1024, file) != nil {
      let bytes = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].hasPrefix("model name") else { continue }
      let value = parts[1].filter { $0 != "\n" && $0 != "\t" }
      return String(value.drop { $0 == " " })
    }
    return nil
  }()
}
