internal import Geometry
package import Tensors

/// What came of a case on a device.
package struct CaseResult: Sendable {
  package let name: String
  package let device: String
  package var passes: Bool
  /// The tensor with the largest error by its tolerance.
  package var tensor = ""
  package var error = Double.nan
  package var tolerance = Double.nan
  /// Why nothing could be compared.
  package var reason: String?
}

/// Reads the case at `path`, computes it on `device` and compares: whatever goes wrong, the result
/// says it.
package func replay(path: String, name: String, on device: Device) -> CaseResult {
  do {
    let golden = try GoldenCase(path: path, name: name)
    return try Comparison(golden, try outcome(of: golden, on: device)).result(on: device)
  } catch {
    return CaseResult(name: name, device: device.name, passes: false, reason: "\(error)")
  }
}

/// A computed tensor and its name in the file.
struct Outcome {
  let name: String
  let tensor: Tensor
}

private func outcome(
  of golden: GoldenCase, on device: Device
) throws -> (outcomes: [Outcome], tolerances: Tolerances) {
  if golden.kind == "optimizer" {
    return (try optimizerOutcomes(of: golden, on: device), .optimizer)
  }
  if golden.kind == "train" { return (try trainingOutcomes(of: golden, on: device), .training) }
  guard let runner = CaseRunner.all[golden.operation] else {
    throw TensorError(.argument, "replay", "unknown operation \(golden.operation)")
  }
  let outcomes = try recorded { try differentiated(golden, runner, on: device) }
  return (outcomes, runner.tolerances)
}

/// The outputs of a case and the gradients that its file expects.
private func differentiated(
  _ golden: GoldenCase, _ runner: CaseRunner, on device: Device
) throws -> [Outcome] {
  let arguments = CaseArguments(golden, on: device)
  let outputs = try withDevice(device) { try runner.run(arguments) }
  try arguments.finish()
  let isNumbered = !golden.contains("y")
  var outcomes: [Outcome] = []
  var values: [Tensor] = []
  var upstream: [Tensor] = []
  for (index, output) in outputs.enumerated() {
    let suffix = isNumbered ? ".\(index)" : ""
    outcomes.append(Outcome(name: "y\(suffix)", tensor: output))
    guard golden.contains("gy\(suffix)") else { continue }
    values.append(output)
    upstream.append(try arguments.tensor("gy\(suffix)"))
  }
  let names = golden.tensorNames.filter { $0.hasPrefix("grad.") }
  guard !names.isEmpty else { return outcomes }
  var inputs: [Tensor] = []
  for name in names { inputs.append(try arguments.tensor(String(name.dropFirst(5)))) }
  let gradients = try gradients(of: values, upstream: upstream, for: inputs)
  for (name, gradient) in zip(names, gradients) {
    outcomes.append(Outcome(name: name, tensor: gradient))
  }
  return outcomes
}

/// Expected tensors beside computed ones.
private struct Comparison {
  private let golden: GoldenCase
  private let outcomes: [Outcome]
  private let tolerances: Tolerances

  init(_ golden: GoldenCase, _ outcome: (outcomes: [Outcome], tolerances: Tolerances)) {
    self.golden = golden
    outcomes = outcome.outcomes
    tolerances = outcome.tolerances
  }

  func result(on device: Device) throws -> CaseResult {
    let expected = try expectedTensors()
    // The scale of tensors that are all zeros.
    let scale = expected.filter { !$0.isInteger }.map(\.rootMeanSquare).max() ?? 0
    try evaluate(outcomes.map(\.tensor))
    var result = CaseResult(name: golden.name, device: device.name, passes: true)
    var worst = -1.0
    for (outcome, expected) in zip(outcomes, expected) {
      let isGradient = outcome.name.hasPrefix("grad.")
      let tolerance = tolerances.allowed(
        expected, isGradient: isGradient, referenceError: golden.referenceError)
      let error = relativeError(
        of: try outcome.tensor.hostValues(),
        expected: tolerance == 0 ? expected.roundedToFloat32 : expected,
        isPointwise: tolerances.isPointwise, otherScale: scale)
      if error > tolerance { result.passes = false }
      // Exact tensors have tolerance zero: a wrong one comes before all others.
      let share = tolerance > 0 ? error / tolerance : error > 0 ? .infinity : 0
      if share > worst || share == worst && error > result.error {
        worst = share
        result.tensor = outcome.name
        result.error = error
        result.tolerance = tolerance
      }
    }
    return result
  }

  /// What the file expects, in the order of the outcomes; every expectation must have one.
  private func expectedTensors() throws -> [Expected] {
    let names = golden.tensorNames.filter { name in
      name == "y" || name == "losses"
        || ["y.", "grad.", "p.after.", "after."].contains { name.hasPrefix($0) }
    }
    guard !names.isEmpty, names == outcomes.map(\.name).sorted() else {
      let computed = outcomes.map(\.name).joined(separator: ", ")
      throw TensorError(
        .corruptFile, "replay",
        "expected \(names.joined(separator: ", ")), computed \(computed)")
    }
    var all: [Expected] = []
    for outcome in outcomes {
      let expected = try golden.expected(outcome.name)
      guard expected.shape == outcome.tensor.shape else {
        throw TensorError(
          .shape, "replay",
          "\(outcome.name) has shape \(outcome.tensor.shape), expected \(expected.shape)")
      }
      guard expected.isInteger == !outcome.tensor.scalarType.isFloatingPoint else {
        throw TensorError(
          .dtype, "replay",
          "\(outcome.name) is \(outcome.tensor.scalarType), expected "
            + (expected.isInteger ? "integers" : "floating point"))
      }
      all.append(expected)
    }
    return all
  }
}

extension Expected {
  package var roundedToFloat32: Expected {
    Expected(
      name: name, shape: shape, isInteger: isInteger,
      values: isInteger ? values : values.map { Double(Float($0)) })
  }
}

extension Tensor {
  /// The elements in double precision, converted on the host: not every device has float64.
  func hostValues() throws(TensorError) -> [Double] {
    switch scalarType {
    case .float64: try scalars(as: Double.self)
    case .int64: try scalars(as: Int64.self).map { Double($0) }
    case .int32: try scalars(as: Int32.self).map { Double($0) }
    default: try scalars().map { Double($0) }
    }
  }
}
