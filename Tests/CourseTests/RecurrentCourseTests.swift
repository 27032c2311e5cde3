import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Recurrences by hand: the layer, cells of one's own, and unrolled ones.
@Suite struct RecurrentCourseTests {
  static let solutions: [String: Solution] = [
    "001-q4.1-rnn-forward": ownCell, "004-rnn9-b-zero-input": layer,
    "004-rnn8-b-equation": rectified, "004-rnn8-b-graph": rectified,
    "004-rnn8-a-eigen": powersOfTheJacobian, "004-rnn12-c-forward": layer,
    "004-bits-rnn-sample": weightsOfEachStep, "004-bits-lstm-sample": gatesOfEachStep,
    "004-bits-rnn-oscillate": oscillation,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// `h = w · (h + x)`, which is its output too.
  private final class SumCell: RecurrentCell {
    private let weight: Tensor, start: Tensor

    init(_ weight: Tensor, start: Tensor) {
      self.weight = weight
      self.start = start
    }

    func initialStates(like input: Tensor) throws(TensorError) -> [Tensor] {
      [try start.broadcast(to: [input.shape[0], 1])]
    }

    func step(
      _ input: Tensor, _ states: [Tensor]
    ) throws(TensorError) -> (output: Tensor, states: [Tensor]) {
      let state = try weight * (states[0] + input)
      return (state, [state])
    }
  }

  /// A list of numbers as a batch of one sequence with one feature.
  private static func sequence(_ json: JSON) throws -> Tensor {
    try json.tensor().expanded(at: 0).expanded(at: 2)
  }

  @Sendable private static func ownCell(_ problem: CourseCase) throws -> [String: any Answer] {
    let cell = SumCell(try problem.tensor("w"), start: try problem.tensor("h0"))
    let x = try sequence(problem["x"])
    let outputs = try RNN(cell, returnSequences: true)(x).squeezed(axes: [0, 2])
    let last = try RNN(cell)(x)
    #expect(try last.scalar() == outputs.slice(axis: 0, 1..<2).scalar())
    return ["h": outputs, "y": outputs]
  }

  /// The layer with one unit: `V` is the weight of the state, `W` that of the input.
  @Sendable private static func layer(_ problem: CourseCase) throws -> [String: any Answer] {
    let start = try problem.tensor("h0").reshaped(to: [1, 1])
    let cell = SimpleRNN(
      1, activation: problem["activation"].string == "relu" ? .relu : .tanh,
      kernel: Weight(.constant(try problem.number("W"))),
      recurrentKernel: Weight(.constant(try problem.number("V"))))
    let states = try cell.outputsAndStates(sequence(problem["x"]), from: [start]).outputs
    let h = try states.squeezed(axes: [0, 2])
    var answers: [String: any Answer] = ["h": h]
    if problem.expected["state_is_constant"].boolean != nil {
      answers["state_is_constant"] = try abs(h - start).max().scalar() < 1e-6
    }
    return answers
  }

  @Sendable private static func rectified(_ problem: CourseCase) throws -> [String: any Answer] {
    let (w, v) = (try problem.tensor("w"), try problem.tensor("v"))
    // The two readings differ in which weight belongs to the state.
    let hasStateWeightU = problem["rule"].string?.contains("u*h") == true
    var last = try problem.tensor("h0")
    let (y, slopes) = try valueAndGradients(at: [problem.tensor("u")]) { inputs in
      var h = try problem.tensor("h0")
      for x in try problem["x"].list().map({ try $0.tensor() }) {
        let (ofState, ofInput) = hasStateWeightU ? (inputs[0], w) : (w, inputs[0])
        h = try relu(ofState * h + ofInput * x)
      }
      last = h
      return try v * h
    }
    return ["h2": last, "y2": y, "dy2_du": slopes[0]]
  }

  /// What a gradient is multiplied by on its way through many steps.
  @Sendable private static func powersOfTheJacobian(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let theta = try problem.tensor("theta")
    let steps = try problem.count("steps")
    func norm(_ scale: Double) throws -> Tensor {
      var power = try Tensor.eye(2, 2)
      for _ in 0..<steps { power = try matmul(power, theta * scale) }
      return try power.svd().s.max()
    }
    let scales = try problem["scales"].numbers()
    let norms = try scales.map { try norm($0) }
    // Gelfand: the n-th root of the norm of the n-th power goes to the spectral radius.
    let radius = try pow(norms[0], 1 / Double(steps))
    return [
      "spectral_radius": radius, "norm_orthogonal": norms[0], "norm_scaled_1_1": norms[1],
      "norm_scaled_0_9": norms[2],
    ]
  }

  @Sendable private static func weightsOfEachStep(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    func weights(_ name: String) throws -> [Tensor] {
      try problem[name].list().map { try $0.tensor() }
    }
    let (x, u, w, v) = (try weights("x"), try weights("U"), try weights("W"), try weights("V"))
    var state = try problem.tensor("s0")
    var (states, outputs): ([Tensor], [Tensor]) = ([], [])
    for t in x.indices {
      state = try sigmoid(u[t] * x[t] + w[t] * state)
      states.append(state)
      outputs.append(try relu(v[t] * state))
    }
    return ["s": states, "y": outputs]
  }

  @Sendable private static func gatesOfEachStep(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let steps = try problem["x"].list().count
    func weight(_ name: String, _ t: Int) throws -> Tensor { try problem[name][t].tensor() }
    var (state, h) = (try problem.tensor("s0"), try problem.tensor("h0"))
    var answers: [String: [Tensor]] = [:]
    for t in 0..<steps {
      let x = try weight("x", t)
      func gate(_ ofInput: String, _ ofState: String) throws -> Tensor {
        try sigmoid(weight(ofInput, t) * x + weight(ofState, t) * h)
      }
      let (o, i) = (try gate("Uo", "Wo"), try gate("Ui", "Wi"))
      let (f, candidate) = (try gate("Uf", "Wf"), try gate("U", "W"))
      state = try f * state + i * candidate
      h = try o * sigmoid(state)
      let y = try relu(weight("V", t) * h)
      for (name, value) in [
        ("o", o), ("i", i), ("f", f), ("cand", candidate), ("s", state), ("h", h), ("y", y),
      ] {
        answers[name, default: []].append(value)
      }
    }
    return answers
  }

  @Sendable private static func oscillation(_ problem: CourseCase) throws -> [String: any Answer] {
    let layer = SimpleRNN(
      1, activation: .linear, useBias: false, returnSequences: true,
      kernel: Weight(.constant(try problem.number("W_in"))),
      recurrentKernel: Weight(.constant(try problem.number("W"))))
    let h = try layer(sequence(problem["x"])).squeezed(axes: [0, 2])
    return ["h": h, "y": try sigmoid(h * problem.number("W_out"))]
  }
}
