import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Threshold units, networks of them for logic, and Rosenblatt's rule.
@Suite struct PerceptronCourseTests {
  static let solutions: [String: Solution] = [
    "001-q3.3-perceptron": prediction, "004-bits2-q2-neuron": negation,
    "004-ec2mk23-3b-xnor5": treeOfXNOR, "004-mk24-1-perceptron": oneEpoch,
    "004-mk24-3-rectangle": rectangle, "004-mr24-1-nor": nor, "004-mr24-2-dnf": minterms,
    "004-mr24-3-xor6": treeOfXOR,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// Threshold units: weights `[inputs, units]`, each open where its sum is positive.
  private static func units(_ weights: [[Float]], _ biases: [Float]) throws -> Dense {
    let kernel = try Tensor(weights.flatMap(\.self), shape: [weights.count, biases.count])
    return dense(kernel, try Tensor(biases, shape: [biases.count]), .step)
  }

  /// All words of `count` bits, the first bit the highest: `[2^count, count]`.
  private static func words(_ count: Int) throws -> Tensor {
    let bits = (0..<(1 << count)).flatMap { word in
      (0..<count).map { Float((word >> (count - 1 - $0)) & 1) }
    }
    return try Tensor(bits, shape: [1 << count, count])
  }

  private static func integers(_ x: Tensor) throws -> [Int] {
    try x.reshaped(to: [x.count]).cast(to: .int32).scalars(as: Int32.self).map(Int.init)
  }

  @Sendable private static func prediction(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try (problem.tensor("x") - problem.tensor("mean")) / problem.tensor("scale")
    let net = try dot(problem.tensor("w"), x) + problem.number("b")
    return ["normalised": x, "net": net, "output": try sign(net)]
  }

  @Sendable private static func negation(_ problem: CourseCase) throws -> [String: any Answer] {
    let unit = dense(
      try problem.tensor("w").expanded(at: 1), try problem.tensor("bias").expanded(at: 0), .step)
    return ["y": try integers(unit(problem.tensor("x")))]
  }

  /// Exclusive or of two inputs, or its opposite, by three units in two layers.
  private static func gate(_ name: String) throws -> Sequential {
    // One unit sees whether either is on, one whether both are.
    let inner = try units([[1, 1], [1, 1]], [-0.5, -1.5])
    let outer =
      name == "xor" ? try units([[1], [-1]], [-0.5]) : try units([[-1], [1]], [0.5])
    return Sequential([inner, outer])
  }

  /// Gates in a tree over the columns of `x`: its outputs, how many units there are, in how many
  /// layers.
  private static func tree(
    _ name: String, _ x: Tensor
  ) throws -> (output: Tensor, units: Int, layers: Int) {
    var columns = try x.split(parts: x.shape[1], axis: 1)
    var (count, depth) = (0, 0)
    while columns.count > 1 {
      var next: [Tensor] = []
      for pair in stride(from: 0, to: columns.count - 1, by: 2) {
        let gate = try gate(name)
        next.append(try gate(concatenate([columns[pair], columns[pair + 1]], axis: 1)))
        count += try gate.namedParameters.filter { $0.path.hasSuffix("bias") }
          .reduce(0) { $0 + $1.parameter.shape.count }
      }
      // A column without a partner waits for the next level.
      if !columns.count.isMultiple(of: 2) { next.append(columns[columns.count - 1]) }
      depth += 2
      columns = next
    }
    return (columns[0], count, depth)
  }

  private static func parity(_ x: Tensor) throws -> [Int] {
    try integers(x.sum(axes: [1])).map { $0 % 2 }
  }

  @Sendable private static func treeOfXNOR(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try words(problem.count("inputs"))
    let (output, units, layers) = try tree(problem["gate"].string ?? "", x)
    let truth = try integers(output)
    return [
      "perceptrons": units, "layers": layers, "truth": truth,
      "equals_odd_parity": try truth == parity(x),
    ]
  }

  @Sendable private static func treeOfXOR(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try words(problem.count("inputs"))
    let (output, units, layers) = try tree(problem["gate"].string ?? "", x)
    let odd = try parity(x)
    // In one hidden layer each word of odd parity needs a unit of its own.
    let rows = try x.scalars()
    let width = x.shape[1]
    let accepted = odd.indices.filter { odd[$0] == 1 }.map {
      Array(rows[($0 * width)..<(($0 + 1) * width)])
    }
    let flat = try network(of: accepted)
    #expect(try integers(flat(x)) == odd)
    return [
      "perceptrons": units, "layers": layers, "single_hidden_layer": accepted.count,
      "truth_is_parity": try integers(output) == odd,
    ]
  }

  /// A unit for each word that it is to accept, and one that is open if any of them is.
  private static func network(of words: [[Float]]) throws -> Sequential {
    let width = words[0].count
    let weights = (0..<width).map { column in words.map { $0[column] == 1 ? Float(1) : -1 } }
    let biases = words.map { 0.5 - $0.reduce(0, +) }
    return try Sequential {
      try units(weights, biases)
      try units([[Float]](repeating: [1], count: words.count), [-0.5])
    }
  }

  @Sendable private static func minterms(_ problem: CourseCase) throws -> [String: any Answer] {
    let words = try problem["minterms"].list().map { try $0.numbers().map(Float.init) }
    let x = try problem.tensor("x")
    let network = try network(of: words)
    // A(¬B ∨ C¬D): A and not B, or A and C and not D.
    let smaller = try Sequential {
      try units([[1, 1], [-1, 0], [0, 1], [0, -1]], [-0.5, -1.5])
      try units([[1], [1]], [-0.5])
    }
    #expect(try integers(smaller(x)) == integers(network(x)))
    func hidden(_ model: Sequential) throws -> Int { try model[0..<1](x).shape[1] }
    return [
      "y": try integers(network(x)), "depth": network.count, "hidden_units": try hidden(network),
      "smaller_hidden_units": try hidden(smaller),
    ]
  }

  @Sendable private static func oneEpoch(_ problem: CourseCase) throws -> [String: any Answer] {
    let (weights, bias) = (
      Parameter(try problem.tensor("w")), Parameter(try problem.tensor("b"))
    )
    // The case adds rate · (target - output) · x, and a wrong output is 2 away from its target.
    let steps = try PerceptronRule(rate: 2 * problem.number("learning_rate")).epoch(
      weights, bias, examples: problem.tensor("x"), targets: problem["t"].counts())
    return [
      "steps": try steps.map { step in
        JSON.object([
          "z": step.drive.json(), "h": .integer(step.prediction), "w": try step.weights.json(),
          "b": step.bias.json(),
        ])
      },
      "z": steps.map(\.drive), "h": steps.map(\.prediction), "b_after": steps.map(\.bias),
      "w_after": steps.map(\.weights),
    ]
  }

  /// Units that open where the sum reaches the threshold, not only where it exceeds it.
  @Sendable private static func rectangle(_ problem: CourseCase) throws -> [String: any Answer] {
    let reached = ActivationFunction("reached") {
      try greaterEqual($0, Tensor(0)).cast(to: $0.scalarType)
    }
    let model = Sequential(
      try problem["layers"].list().map { layer in
        dense(try layer["W"].tensor(), try -layer["bias"].tensor(), reached)
      })
    return ["y": try integers(model(problem.tensor("x")))]
  }

  @Sendable private static func nor(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try problem.tensor("x")
    func outputs(_ neuron: JSON) throws -> [Int] {
      let unit = dense(
        try neuron["w"].tensor().expanded(at: 1), try neuron["w0"].tensor().expanded(at: 0), .sign)
      return try integers(unit(x))
    }
    return ["y_accept": try outputs(problem["accept"]), "y_reject": try outputs(problem["reject"])]
  }
}
