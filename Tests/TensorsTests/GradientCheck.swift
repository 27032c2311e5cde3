import Catalogue
import Geometry
import Tensors

/// Compares the gradient of a function with central differences, in float64 on the CPU.
struct GradientCheck {
  let function: ([Tensor]) throws -> [Tensor]
  let point: [Reference]
  /// The inputs whose gradients are checked; the others may have any type.
  let differentiable: [Int]
  let types: [ScalarType]

  private static let step = 1e-6
  private static let absolute = 1e-5, relative = 1e-3

  /// A sample of the catalogue in float64.
  init(_ sample: Sample) {
    let sample = sample.promoted
    self.init(
      at: sample.inputs.map(\.reference), sample.inputs.map(\.type),
      for: sample.differentiable, sample.call)
  }

  init(
    at point: [Reference], _ types: [ScalarType], for differentiable: [Int],
    _ function: @escaping ([Tensor]) throws -> [Tensor]
  ) {
    self.function = function
    self.point = point
    self.types = types
    self.differentiable = differentiable
  }

  /// The same check for the gradient as a function: what it finds concerns second derivatives.
  var ofGradient: GradientCheck {
    GradientCheck(at: point, types, for: differentiable) { operands in
      let results = try function(operands)
      let upstreams = try weights(like: results, seed: 11)
      return try gradients(
        of: results, upstream: upstreams, for: differentiable.map { operands[$0] })
    }
  }

  /// What is wrong: input, direction, both numbers.
  func failures() throws -> [String] {
    let slopes = try recorded {
      let operands = try tensors(point)
      let results = try function(operands)
      let upstreams = try weights(like: results, seed: 23)
      let found = try gradients(
        of: results, upstream: upstreams, for: differentiable.map { operands[$0] })
      return try found.map { try $0.reference }
    }
    var failures: [String] = []
    for (number, input) in differentiable.enumerated() {
      guard slopes[number].shape == point[input].shape else {
        failures.append(
          "gradient of input \(input) has shape \(slopes[number].shape), not \(point[input].shape)")
        continue
      }
      for (label, direction) in directions(point[input].count, seed: UInt64(31 + input)) {
        let analytic = zip(slopes[number].values, direction).reduce(0) { $0 + $1.0 * $1.1 }
        let numeric = try difference(input, direction)
        let allowed = Self.absolute + Self.relative * abs(numeric)
        if !(abs(analytic - numeric) <= allowed) {
          failures.append("input \(input) along \(label): \(analytic), by differences \(numeric)")
        }
      }
    }
    return failures
  }

  /// Along each axis for a few elements; along some and across all for many.
  private func directions(_ count: Int, seed: UInt64) -> [(String, [Double])] {
    var generator = Generator(seed: seed)
    let axes =
      count <= 8
      ? Array(0..<count) : (0..<5).map { _ in Int.random(in: 0..<count, using: &generator) }
    var directions = axes.map { axis in
      var direction = [Double](repeating: 0, count: count)
      direction[axis] = 1
      return ("element \(axis)", direction)
    }
    if count > 8 {
      directions.append(("all", (0..<count).map { _ in 2 * generator.uniform() - 1 }))
    }
    return directions
  }

  private func difference(_ input: Int, _ direction: [Double]) throws -> Double {
    func value(_ sign: Double) throws -> Double {
      var moved = point
      for index in direction.indices {
        moved[input].values[index] += sign * Self.step * direction[index]
      }
      return try recorded {
        let results = try function(try tensors(moved))
        let weights = try weights(like: results, seed: 23)
        try evaluate(results)
        return try zip(results, weights).reduce(0.0) { sum, pair in
          let numbers = zip(try pair.0.reference.values, try pair.1.reference.values)
          return sum + numbers.reduce(0) { $0 + $1.0 * $1.1 }
        }
      }
    }
    return (try value(1) - value(-1)) / (2 * Self.step)
  }

  private func tensors(_ arrays: [Reference]) throws -> [Tensor] {
    try zip(arrays, types).map { array, type in
      try Input(array.shape, type, .list(array.values.isEmpty ? [0] : array.values))
        .tensor(on: .cpu)
    }
  }

  private func weights(like results: [Tensor], seed: UInt64) throws -> [Tensor] {
    try results.enumerated().map { number, result in
      try Input(
        Array(result.shape), result.scalarType, .awayFromZero(0.5, 1.5),
        seed: seed &+ UInt64(number)
      ).tensor(on: .cpu)
    }
  }
}
