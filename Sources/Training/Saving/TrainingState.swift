internal import Formats
internal import Geometry
internal import Optimizers
internal import Tensors

/// All that a training must keep, besides its weights, to go on to the same bits.
///
/// In a checkpoint it is JSON under `training` in the metadata, and tensors under `optimizer/`,
/// `metric/`, `callback/` and `state/`; weights are under their paths.
struct TrainingState {
  var step = 0
  var finishedEpochs = 0
  var stepInEpoch = 0
  var samplesInEpoch = 0
  var passes = 0
  var position: String?
  var stopReason: String?
  var seed: UInt64 = 0
  var randomPosition: UInt64 = 0
  var device = ""
  var means = RunningMeans()
  var values: [String: Double] = [:]
  var valuesStep = 0
  var history = History()
  var warnings: [String] = []
  var optimizers: [String: OptimizerState] = [:]
  var learningRates: [String: Double] = [:]
  var metrics: [[Tensor]] = []
  var callbacks: [String: CallbackState] = [:]
  /// What modules carry from call to call, by their path.
  var carried: [String: [String: Tensor]] = [:]

  init() {}

  /// Whether a tensor of that name in a checkpoint is none of the model's weights.
  static func isState(_ name: String) -> Bool {
    ["optimizer/", "metric/", "callback/", "state/"].contains { name.hasPrefix($0) }
  }

  /// The tensors by name.
  var tensors: [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, state) in optimizers {
      for (path, tensor) in state.tensors { tensors["optimizer/\(name)/\(path)"] = tensor }
    }
    for (index, sums) in metrics.enumerated() {
      for (number, sum) in sums.enumerated() { tensors["metric/\(index)/\(number)"] = sum }
    }
    for (name, state) in callbacks {
      for (path, tensor) in state.tensors { tensors["callback/\(name)/\(path)"] = tensor }
    }
    for (path, state) in carried {
      for (name, tensor) in state { tensors["state/\(path)/\(name)"] = tensor }
    }
    return tensors
  }

  /// Everything else.
  var json: JSON {
    var members: [String: JSON] = [
      "step": .integer(step), "epochs": .integer(finishedEpochs),
      "step_in_epoch": .integer(stepInEpoch), "samples_in_epoch": .integer(samplesInEpoch),
      "passes": .integer(passes), "seed": .string("\(seed)"),
      "random_position": .string("\(randomPosition)"), "device": .string(device),
      "sums": .exact(means.sums), "counts": .exact(means.counts), "values": .exact(values),
      "values_step": .integer(valuesStep), "metrics": .integer(metrics.count),
      "warnings": .array(warnings.map { .string($0) }), "learning_rates": .exact(learningRates),
      "optimizers": .object(optimizers.mapValues { .exact($0.numbers) }),
    ]
    members["history"] = .array(
      history.epochs.map {
        .object(["number": .integer($0.number), "values": .exact($0.values)])
      })
    members["callbacks"] = .object(
      callbacks.mapValues {
        .object([
          "numbers": .exact($0.numbers), "texts": .object($0.texts.mapValues { .string($0) }),
        ])
      })
    members["position"] = position.map { .string($0) }
    members["stopped"] = stopReason.map { .string($0) }
    return .object(members)
  }

  /// What `file` holds, with tensors on `device`.
  init(_ file: TensorFile, on device: Device) throws(TensorError) {
    guard file.kind == .checkpoint, let text = file.metadata["training"] else {
      throw TensorError(
        .unsupportedFile, "resume", "\(file.path) is no checkpoint of a training",
        hint: "model.load(from:) takes its weights")
    }
    let json = try JSON(parsing: text, source: "\(file.path): training", in: "resume")
    let members = Members(json.object ?? [:], file.path)
    step = try members.integer("step")
    finishedEpochs = try members.integer("epochs")
    stepInEpoch = try members.integer("step_in_epoch")
    samplesInEpoch = try members.integer("samples_in_epoch")
    passes = try members.integer("passes")
    valuesStep = try members.integer("values_step")
    position = members["position"]?.string
    stopReason = members["stopped"]?.string
    self.device = members["device"]?.string ?? ""
    seed = try members.large("seed")
    randomPosition = try members.large("random_position")
    means = RunningMeans(
      sums: try members.numbers("sums"), counts: try members.numbers("counts"))
    values = try members.numbers("values")
    learningRates = try members.numbers("learning_rates")
    for epoch in members["history"]?.array ?? [] {
      let own = Members(epoch.object ?? [:], file.path)
      history.append(History.Epoch(try own.integer("number"), try own.numbers("values")))
    }
    warnings = (members["warnings"]?.array ?? []).compactMap(\.string)
    for (name, state) in members["optimizers"]?.object ?? [:] {
      var own = OptimizerState()
      own.numbers = try Members(["numbers": state], file.path).numbers("numbers")
      optimizers[name] = own
    }
    for (name, state) in members["callbacks"]?.object ?? [:] {
      var own = CallbackState()
      own.numbers = try Members(state.object ?? [:], file.path).numbers("numbers")
      own.texts = (state.object?["texts"]?.object ?? [:]).compactMapValues(\.string)
      callbacks[name] = own
    }
    try readTensors(file, on: device, metrics: try members.integer("metrics"))
  }

  private mutating func readTensors(
    _ file: TensorFile, on device: Device, metrics count: Int
  ) throws(TensorError) {
    guard count <= 100_000 else {
      throw TensorError(.corruptFile, "resume", "\(file.path): \(count) metrics")
    }
    var sums: [Int: [Int: Tensor]] = [:]
    for name in file.names where Self.isState(name) {
      let parts = name.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let (owner, path) = (String(parts[1]), String(parts[2]))
      let tensor = try file.tensor(name, on: device)
      switch parts[0] {
      case "optimizer": optimizers[owner, default: OptimizerState()].tensors[path] = tensor
      case "state": carried[owner, default: [:]][path] = tensor
      case "callback": callbacks[owner, default: CallbackState()].tensors[path] = tensor
      default:
        guard let index = Int(owner), let number = Int(path) else { continue }
        sums[index, default: [:]][number] = tensor
      }
    }
    metrics = (0..<count).map { index in
      (sums[index] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }
  }
}

/// The members of an object of a checkpoint, which must be there.
private struct Members {
  private let members: [String: JSON]
  private let path: String

  init(_ members: [String: JSON], _ path: String) {
    self.members = members
    self.path = path
  }

  subscript(name: String) -> JSON? { members[name] }

  private func missing(_ name: String) -> TensorError {
    TensorError(.corruptFile, "resume", "\(path): the training has no \"\(name)\"")
  }

  func integer(_ name: String) throws(TensorError) -> Int {
    guard let value = members[name]?.integer, value >= 0 else { throw missing(name) }
    // What is counted on from there must not overflow.
    guard value < 1 << 53 else {
      throw TensorError(.corruptFile, "resume", "\(path): \"\(name)\" is \(value)")
    }
    return value
  }

  func large(_ name: String) throws(TensorError) -> UInt64 {
    guard let value = members[name]?.string.flatMap({ UInt64($0) }) else { throw missing(name) }
    return value
  }

  func numbers(_ name: String) throws(TensorError) -> [String: Double] {
    guard let object = members[name]?.object else { throw missing(name) }
    var values: [String: Double] = [:]
    for (key, value) in object {
      guard let number = value.double ?? value.string.flatMap({ Double($0) }) else {
        throw missing("\(name).\(key)")
      }
      values[key] = number
    }
    return values
  }
}

extension JSON {
  /// Numbers that come back to the bit, those that are not finite as strings.
  static func exact(_ values: [String: Double]) -> JSON {
    .object(values.mapValues { $0.isFinite ? .number($0) : .string("\($0)") })
  }
}
