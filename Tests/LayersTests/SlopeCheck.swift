import Geometry
import Layers
import Tensors

/// Compares gradients in float64 with central differences, for inputs and trained parameters.
struct SlopeCheck {
  private let call: ([Tensor]) throws -> Tensor
  private let inputs: [Parameter]
  private let trained: [(name: String, parameter: Parameter)]
  /// What calls change besides, and what it is before each.
  private let others: [(parameter: Parameter, value: Tensor)]
  private let phase: Phase

  private static let step = 1e-6

  init(
    _ call: @escaping ([Tensor]) throws -> Tensor, _ inputs: [Tensor],
    differentiable: [Bool], of module: (any Module)?, _ phase: Phase
  ) throws {
    self.call = call
    self.inputs = inputs.map { Parameter($0) }
    self.phase = phase
    var trained: [(String, Parameter)] = []
    for (index, isWanted) in differentiable.enumerated() where isWanted {
      trained.append(("input \(index)", self.inputs[index]))
    }
    let named = try module?.namedParameters ?? []
    trained += named.filter(\.parameter.isTrained).map { ($0.path, $0.parameter) }
    self.trained = trained
    others = named.filter { !$0.parameter.isTrained }.map { ($0.parameter, $0.parameter.value) }
  }

  /// The result, with the same random numbers each time.
  func value() throws -> Tensor {
    for (parameter, value) in others { try parameter.assign(value) }
    return try withSeed(77) { try withPhase(phase) { try call(inputs.map(\.value)) } }
  }

  /// What is wrong: which tensor, along which direction, both numbers.
  func failures() throws -> [String] {
    let slopes = try recorded {
      let result = try value()
      let found = try gradients(of: weighted(result), for: trained.map(\.parameter.value))
      try evaluate(found)
      return found
    }
    var failures: [String] = []
    for ((name, parameter), slope) in zip(trained, slopes) {
      guard slope.shape == parameter.shape else {
        failures.append("the gradient of \(name) has shape \(slope.shape), not \(parameter.shape)")
        continue
      }
      let numbers = try slope.scalars(as: Double.self)
      for (label, direction) in directions(numbers.count) {
        let analytic = zip(numbers, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let numeric = try difference(parameter, direction)
        if !(abs(analytic - numeric) <= 1e-6 + 1e-5 * abs(numeric)) {
          failures.append("\(name) along \(label): \(analytic), by differences \(numeric)")
        }
      }
    }
    return failures
  }

  /// All elements at once, each by another amount, and one alone.
  private func directions(_ count: Int) -> [(String, [Double])] {
    var single = [Double](repeating: 0, count: count)
    if count > 0 { single[count / 2] = 1 }
    let all = (0..<count).map { index in
      let size = 0.5 + Double((index * 7 + 3) % 11) / 11
      return index % 3 == 1 ? -size : size
    }
    return [("all", all), ("element \(count / 2)", single)]
  }

  private func difference(_ parameter: Parameter, _ direction: [Double]) throws -> Double {
    let point = parameter.value
    let numbers = try point.scalars(as: Double.self)
    func value(_ sign: Double) throws -> Double {
      let moved = zip(numbers, direction).map { $0 + sign * Self.step * $1 }
      try parameter.assign(Tensor(moved, shape: point.shape, on: point.device))
      return try weighted(self.value()).scalars(as: Double.self)[0]
    }
    let slope = (try value(1) - value(-1)) / (2 * Self.step)
    try parameter.assign(point)
    return slope
  }

  /// The sum of all elements, each with a weight of its own.
  private func weighted(_ result: Tensor) throws -> Tensor {
    let weights = (0..<result.count).map { 0.5 + Double(($0 * 5 + 2) % 13) / 13 }
    return try (result * Tensor(weights, shape: result.shape, on: result.device)).sum()
  }
}
