internal import Formats
internal import Geometry

/// What a run folder tells of a training, as far as it has been written.
struct RunRecord {
  /// The object of `run.json`.
  var run: [String: JSON] = [:]
  var epochs: [EpochRecord] = []
  /// Losses of steps, between the epochs.
  var steps: [(step: Int, loss: Double)] = []
  var samples: [SampleRecord] = []
  var operations: [OperationRecord] = []
  var outcome: String?
  var reason: String?
  var seconds: Double?

  /// One line of the metrics that is of an epoch.
  struct EpochRecord {
    let number: Int
    let object: [String: JSON]
    let values: [String: Double]

    func number(_ name: String) -> Double? { object[name]?.double }
  }

  /// Reads the folder.
  ///
  /// - Throws: `TensorError`: `io` if there is no run, `corruptFile` if its files are not readable.
  init(_ folder: RunFolder) throws(TensorError) {
    let operation = "report"
    let bytes = try contents(ofFile: folder.runFile, limit: 1 << 26, in: operation)
    guard let object = try JSON(parsing: bytes, source: folder.runFile, in: operation).object
    else {
      throw TensorError(.corruptFile, operation, "\(folder.runFile): not an object")
    }
    run = object
    outcome = object["outcome"]?.string
    reason = object["reason"]?.string
    try readMetrics(folder.metricsFile)
    let extras = try ReportExtras(folder)
    samples = extras.samples
    operations = extras.operations
  }

  private mutating func readMetrics(_ path: String) throws(TensorError) {
    let bytes: [UInt8]
    do throws(TensorError) {
      bytes = try contents(ofFile: path, limit: 1 << 30, in: "report")
    } catch  where error.kind == .io { return }
    let lines = bytes.split(separator: UInt8(ascii: "\n"))
    for (number, line) in lines.enumerated() {
      let value: JSON
      do throws(TensorError) {
        value = try JSON(parsing: Array(line), source: "\(path): line \(number + 1)", in: "report")
      } catch {
        // The process may have ended while it wrote the last line.
        if number + 1 == lines.count, bytes.last != UInt8(ascii: "\n") { return }
        throw error
      }
      if let object = value.object { take(object) }
    }
  }

  private mutating func take(_ object: [String: JSON]) {
    switch object["kind"]?.string {
    case "step":
      guard let step = object["step"]?.integer, let loss = object["loss"]?.double else { return }
      // After a resume steps come again.
      steps.removeAll { $0.step >= step }
      steps.append((step, loss))
    case "epoch":
      guard let number = object["epoch"]?.integer else { return }
      let values = (object["values"]?.object ?? [:]).compactMapValues(\.double)
      epochs.removeAll { $0.number >= number }
      epochs.append(EpochRecord(number: number, object: object, values: values))
    case "end":
      outcome = object["outcome"]?.string ?? outcome
      reason = object["reason"]?.string ?? reason
      seconds = object["seconds"]?.double
    default: break
    }
  }
}

extension RunRecord {
  /// The numbers called `name`, an epoch each; NaN where an epoch has none.
  func values(_ name: String) -> [Double] { epochs.map { $0.values[name] ?? .nan } }

  var names: Set<String> { Set(epochs.flatMap { $0.values.keys }) }

  /// Metrics that are measured in training or validation, the loss left out.
  var metricNames: [String] {
    Set(names.map { $0.hasPrefix("val_") ? String($0.dropFirst(4)) : $0 })
      .subtracting(["loss"]).filter { !$0.hasPrefix("learning_rate") }.sorted()
  }

  var hasValidation: Bool { names.contains("val_loss") }

  var history: History {
    var history = History()
    for epoch in epochs { history.append(History.Epoch(epoch.number, epoch.values)) }
    return history
  }

  /// The number that epochs are judged by: the loss of validation, else that of training.
  var monitor: String { hasValidation ? "val_loss" : "loss" }

  /// The epoch in which that number was least.
  var best: EpochRecord? {
    epochs.filter { $0.values[monitor]?.isFinite == true }
      .min { ($0.values[monitor] ?? 0, $0.number) < ($1.values[monitor] ?? 0, $1.number) }
  }

  var classNames: [String] { (run["class_names"]?.array ?? []).compactMap(\.string) }

  /// The newest confusion matrix, and whether it is of validation.
  var confusion: (matrix: [[Int]], isValidation: Bool)? {
    for epoch in epochs.reversed() {
      guard let object = epoch.object["confusion"]?.object, let rows = object["matrix"]?.array
      else { continue }
      let matrix = rows.compactMap(\.integers)
      guard matrix.count == rows.count, matrix.allSatisfy({ $0.count == rows.count }) else {
        continue
      }
      return (matrix, object["phase"]?.string == "validation")
    }
    return nil
  }

  /// Everything that was warned of, once.
  var warnings: [String] {
    var seen: Set<String> = []
    let all =
      (run["warnings"]?.array ?? []) + epochs.flatMap { $0.object["warnings"]?.array ?? [] }
    return all.compactMap(\.string).filter { seen.insert($0).inserted }
  }

  /// Numbers by path of a layer or parameter, an epoch each: `gradient_norms`.
  func series(_ field: String) -> [Series] {
    var paths: [String] = []
    for epoch in epochs {
      for path in (epoch.object[field]?.object ?? [:]).keys.sorted() where !paths.contains(path) {
        paths.append(path)
      }
    }
    return paths.map { path in
      Series(path, epochs.map { $0.object[field]?.object?[path]?.double ?? .nan })
    }
  }

  /// Histograms of a weight, by epoch.
  func histograms() -> [(path: String, histograms: [(epoch: Int, histogram: Histogram)])] {
    var paths: [String] = []
    for epoch in epochs {
      for path in (epoch.object["weights"]?.object ?? [:]).keys.sorted()
      where !paths.contains(path) { paths.append(path) }
    }
    return paths.map { path in
      let found = epochs.compactMap { epoch -> (Int, Histogram)? in
        guard let object = epoch.object["weights"]?.object?[path]?.object,
          let low = object["low"]?.double, let high = object["high"]?.double,
          let counts = object["counts"]?.integers, !counts.isEmpty, high >= low,
          counts.allSatisfy({ $0 >= 0 && $0 < 1 << 40 })
        else { return nil }
        return (epoch.number, Histogram(low: low, high: high, counts: counts))
      }
      return (path, found)
    }
  }
}
