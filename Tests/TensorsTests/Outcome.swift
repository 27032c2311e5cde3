import Backends
import Catalogue
import Foundation
import Geometry
import Tensors
import TestSupport

/// What all samples of an operation gave on one device, worked out once for all tests.
struct Outcome {
  var values = Agreement()
  var gradients = Agreement()
  /// Results that are NaN or zero nearly everywhere where that was not expected.
  var mistrusted: [String] = []
  var sampleCount = 0
  /// What each sample gave, by its number.
  var evaluations: [Int: Evaluation] = [:]

  static func of(_ operation: OperationRecord, on device: TestDevice) throws -> Outcome {
    try cache.value(for: "\(operation.name) \(device)") { try measured(operation, on: device) }
  }

  /// Whether OpenCL devices take every sample too, compile as they may: `APUS_CATALOGUE=all`.
  private static let takesAll = ProcessInfo.processInfo.environment["APUS_CATALOGUE"] == "all"

  private static let cache = Cache<Outcome>()
  private static let baselines = Cache<[Int: Evaluation]>()

  /// Values and gradients of all samples with float32 operands, computed in float64 on the CPU.
  static func baseline(_ operation: OperationRecord) throws -> [Int: Evaluation] {
    try baselines.value(for: operation.name) {
      var found: [Int: Evaluation] = [:]
      for (index, sample) in operation.samples.enumerated()
      where !sample.differentiable.isEmpty && sample.comparesGradients {
        found[index] = try sample.promoted.evaluated(on: .cpu)
      }
      return found
    }
  }

  private static func measured(_ operation: OperationRecord, on device: TestDevice) throws
    -> Outcome
  {
    var outcome = Outcome()
    let baseline = try baseline(operation)
    let place = try device.device
    let hasFloat64 = try place.information.hasFloat64
    for (index, sample) in operation.samples.enumerated() {
      if device == .opencl, !sample.runsEverywhere, !takesAll { continue }
      if !hasFloat64, sample.description.contains("float64") { continue }
      let found: Evaluation
      do {
        found = try sample.evaluated(on: place)
      } catch {
        outcome.values.failures.append("\(sample): threw \(error)")
        continue
      }
      outcome.sampleCount += 1
      outcome.evaluations[index] = found
      outcome.check(sample, found, baseline[index])
      // The baseline is judged by the same reference, once.
      if device == .cpu, let baseline = baseline[index] {
        var values = Agreement()
        values = sample.agreement(of: baseline)
        outcome.values.failures += values.failures.map { "\(sample) in float64: \($0)" }
      }
    }
    return outcome
  }

  private mutating func check(_ sample: Sample, _ found: Evaluation, _ baseline: Evaluation?) {
    values.merge(sample.agreement(of: found), sample.description)
    if let baseline {
      for (slope, expected) in zip(found.gradients, baseline.gradients) {
        gradients.merge(
          Agreement.of(slope, with: expected.array, sample.gradientTolerance),
          "gradient of \(sample)")
      }
    }
    for (result, label) in found.values.map({ ($0, "") })
      + found.gradients.map({ ($0, "gradient of ") })
    {
      if let reason = sample.mistrust(result.array) {
        mistrusted.append("\(label)\(sample): \(reason)")
      }
    }
  }
}

extension Sample {
  /// How the values of an evaluation agree with the reference.
  func agreement(of found: Evaluation) -> Agreement {
    let operands = inputs.map(\.reference)
    let expected = reference(operands)
    var magnitudes: [Reference]?
    if case .accumulated = tolerance {
      let sizes = operands.map { $0.map(abs) }
      magnitudes = magnitude?(operands) ?? reference(sizes)
    }
    var agreement = Agreement()
    guard expected.count == found.values.count else {
      agreement.worst = .infinity
      agreement.failures = ["\(found.values.count) results, expected \(expected.count)"]
      return agreement
    }
    for (number, value) in found.values.enumerated() {
      agreement.merge(
        Agreement.of(
          value, with: expected[number], tolerance, magnitude: magnitudes?[number]),
        "result \(number)")
    }
    return agreement
  }

  /// Why a result looks as if nothing had computed it, if it does.
  func mistrust(_ result: Reference) -> String? {
    if !mayBeNaN, result.values.contains(where: \.isNaN) { return "holds NaN" }
    if inputs.contains(where: { $0.count == 0 }) { return nil }
    let zeros = result.values.filter { $0 == 0 }.count
    // Of a handful all may be zero by chance.
    if !mayBeZero, result.values.count > 8, 10 * zeros > 9 * result.values.count {
      return "\(zeros) of \(result.values.count) elements are zero"
    }
    return nil
  }
}

/// Values that are worked out once, whoever asks first.
final class Cache<Value>: @unchecked Sendable {
  // Unchecked: every access is under one of the locks.
  private final class Entry: @unchecked Sendable {
    let lock = Lock()
    var value: Value?
  }

  private let lock = Lock()
  private var entries: [String: Entry] = [:]

  func value(for key: String, _ make: () throws -> Value) throws -> Value {
    let entry = lock.withLock {
      if let entry = entries[key] { return entry }
      let entry = Entry()
      entries[key] = entry
      return entry
    }
    return try entry.lock.withLock {
      if let value = entry.value { return value }
      let value = try make()
      entry.value = value
      return value
    }
  }
}
