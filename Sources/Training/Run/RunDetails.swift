internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Tensors

/// What is measured of a model once an epoch: gradients, weights, units, memory, confusion.
final class RunDetails {
  private var gradientNorms: [String: Double] = [:]
  private var gradientStep = 0
  /// Paths of the trained parameters, in their order; found once the model is built.
  private var paths: [String] = []
  private var layers: [(path: String, layer: String)] = []

  /// Has the norms of the next step's gradients computed with it.
  func inspectNextStep(of trainer: Trainer) {
    trainer.inspection = GradientInspection()
    gradientNorms = [:]
    gradientStep = 0
    paths = []
  }

  /// Reads the norms when they are there.
  func stepEnded(_ context: TrainingContext) {
    guard context.trainer.inspection != nil, context.stepInEpoch > 1 || gradientStep == 0 else {
      return
    }
    if gradientStep == 0 { gradientStep = context.step }
    // One step late, like the loss: nothing waits.
    if context.step > gradientStep { readNorms(context) }
  }

  private func readNorms(_ context: TrainingContext) {
    guard let inspection = context.trainer.inspection else { return }
    context.trainer.inspection = nil
    guard let norms = try? inspection.norms(),
      let named = try? context.trainer.model.namedParameters.filter(\.parameter.isTrained)
    else { return }
    for (own, norm) in zip(named, norms) { gradientNorms[own.path] = norm }
  }

  /// The members of the epoch's line.
  func measure(_ context: TrainingContext) throws(TensorError) -> [String: JSON] {
    readNorms(context)
    let trainer = context.trainer
    var members: [String: JSON] = [:]
    if !gradientNorms.isEmpty {
      members["gradient_norms"] = .object(gradientNorms.mapValues { .number($0) })
      members["gradient_step"] = .integer(gradientStep)
    }
    members["weights"] = .object(try histograms(of: trainer.model))
    let memory = try trainer.device.memory
    members["memory"] = .object([
      "in_use": .integer(memory.inUse), "peak": .integer(memory.peak),
      "cached": .integer(memory.cached),
    ])
    if let resident = residentBytes() { members["resident"] = .integer(resident) }
    let isValidated = context.validation != nil
    let metrics = isValidated ? trainer.validationMetrics : trainer.metrics
    if let confusion = metrics.confusion {
      let matrix = try confusion.matrix()
      members["confusion"] = .object([
        "phase": .string(isValidated ? "validation" : "train"),
        "matrix": .array(matrix.map { .array($0.map { .integer($0) }) }),
      ])
    }
    let dead = deadUnits(context)
    if !dead.isEmpty {
      members["dead_units"] = .object(
        dead.mapValues { .object(["dead": .integer($0.dead), "units": .integer($0.units)]) })
      for (path, count) in dead.sorted(by: { $0.key < $1.key }) where 2 * count.dead > count.units {
        context.warn(
          "more than half of the units of \(path) are dead, zero for every sample of a batch: a "
            + "smaller learning rate, another initialiser or a leaky activation helps")
      }
    }
    return members
  }

  func write(to state: inout CallbackState) {
    for (path, norm) in gradientNorms { state.numbers["norm.\(path)"] = norm }
    state.numbers["gradient_step"] = Double(gradientStep)
  }

  func read(_ state: CallbackState) {
    for (name, norm) in state.numbers where name.hasPrefix("norm.") {
      gradientNorms[String(name.dropFirst(5))] = norm
    }
    gradientStep = state.numbers["gradient_step"].flatMap { Int(exactly: $0) } ?? 0
  }
}

// Weights
extension RunDetails {
  /// How the numbers of each weight are distributed, by path.
  private func histograms(of model: any Module) throws(TensorError) -> [String: JSON] {
    var histograms: [String: JSON] = [:]
    for (path, parameter) in try model.namedParameters {
      let values = try parameter.value.scalars()
      histograms[path] = Self.histogram(of: values)
    }
    return histograms
  }

  static func histogram(of values: [Float], intervals: Int = 32) -> JSON {
    var (low, high) = (Float.infinity, -Float.infinity)
    var (sum, squares) = (0.0, 0.0)
    var count = 0
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
      sum += Double(value)
      squares += Double(value) * Double(value)
      count += 1
    }
    var members: [String: JSON] = ["not_finite": .integer(values.count - count)]
    guard count > 0 else { return .object(members) }
    var counts = [Int](repeating: 0, count: intervals)
    let scale = high > low ? Float(intervals) / (high - low) : 0
    for value in values where value.isFinite {
      let place = (value - low) * scale
      counts[place.isFinite ? max(0, min(intervals - 1, Int(place))) : 0] += 1
    }
    let mean = sum / Double(count)
    members["low"] = .number(Double(low))
    members["high"] = .number(Double(high))
    members["mean"] = .number(mean)
    members["deviation"] = .number(max(0, squares / Double(count) - mean * mean).squareRoot())
    members["counts"] = .array(counts.map { .integer($0) })
    return .object(members)
  }
}

// Units
extension RunDetails {
  /// How many units of each layer gave zero for every sample of the newest batch, where any did.
  private func deadUnits(_ context: TrainingContext) -> [String: (dead: Int, units: Int)] {
    let trainer = context.trainer
    guard let model = trainer.model as? any Layer, trainer.forward != nil,
      let batch = trainer.loop?.newestBatch, batch.inputs.count == 1
    else { return [:] }
    let position = trainer.random.position
    defer { trainer.random.position = position }
    let places = model.modules.filter { found in
      found.module is any Layer && found.module.layers.isEmpty
        && (found.module is Activation || !found.module.weights.isEmpty)
    }.map(\.path)
    // A layer that the model does not call has no features: then there is nothing to tell.
    do {
      let x = try trainer.moved(batch, to: trainer.device).inputs[0]
      let features = try trainer.leavingStates {
        try withPhase(.inference) { try model.features(at: places, of: x) }
      }
      var counts: [(path: String, units: Int, dead: Tensor)] = []
      for (path, feature) in zip(places, features) {
        guard feature.rank > 1, feature.scalarType.isFloatingPoint, feature.count > 0 else {
          continue
        }
        let largest = try abs(feature).max(axes: Array(0..<(feature.rank - 1)))
        let dead = try equal(largest, largest.scalar(0)).cast(to: .float32).sum()
        counts.append((path, feature.shape.last, dead))
      }
      try evaluate(counts.map(\.dead))
      var found: [String: (dead: Int, units: Int)] = [:]
      for (path, units, dead) in counts {
        let number = Int(exactly: try dead.scalar()) ?? 0
        if number > 0 { found[path] = (number, units) }
      }
      return found
    } catch { return [:] }
  }
}

/// Bytes of this process that are in memory; nil where the system does not say.
private func residentBytes() -> Int? {
  guard let file = fopen("/proc/self/statm", "r") else { return nil }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return nil }
  let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
  return pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
}
