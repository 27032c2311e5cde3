import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Gradients by hand: of weights, activations, drives and inputs.
@Suite struct BackwardCourseTests {
  static let solutions: [String: Solution] = [
    "000-q5-backprop": everyGradient, "003-q3-backprop": oneStep,
    "001-q2.6-hard-activation": pieces, "001-q6.1-leaky-relu": ownBackward,
    "004-lenet-e-skip": residualBlocks, "004-bpconv-d-update": convolutionAndPooling,
    "004-ws21-6-skip": slopes, "004-rnn12-d-grad": throughTime,
    "004-mk24-5-sigmoid-graph": sigmoidGraph, "004-mr24-4-bce": crossEntropy,
    "004-mr24-5-relu-graph": reluGraph,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// A network of two rectified layers on one example, with every tensor on the way.
  private struct Pass {
    let w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor
    let d1: Tensor, a1: Tensor, d2: Tensor, a2: Tensor, loss: Tensor

    init(_ problem: CourseCase) throws {
      let layers = problem["layers"]
      (w1, b1) = (try layers[0]["W"].tensor(), try layers[0]["b"].tensor())
      (w2, b2) = (try layers[1]["W"].tensor(), try layers[1]["b"].tensor())
      d1 = try matmul(problem.tensor("x").expanded(at: 0), w1) + b1
      a1 = try relu(d1)
      d2 = try matmul(a1, w2) + b2
      a2 = try relu(d2)
      let target = try problem["loss"]["target"].tensor().expanded(at: 0)
      loss = try Loss.halfSquared(a2, target, reduction: .sum)
    }
  }

  /// Without the axis of the batch, which holds one example.
  private static func example(_ x: Tensor) throws -> Tensor { try x.squeezed(axes: [0]) }

  @Sendable private static func everyGradient(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    try recorded {
      let pass = try Pass(problem)
      let found = try gradients(
        of: pass.loss, for: [pass.a2, pass.d2, pass.w2, pass.a1, pass.d1, pass.w1])
      return [
        "a1": try example(pass.a1), "a2": try example(pass.a2), "loss": pass.loss,
        "dL_da2": try example(found[0]), "dL_dd2": try example(found[1]), "dL_dW2": found[2],
        "dL_da1": try example(found[3]), "dL_dd1": try example(found[4]), "dL_dW1": found[5],
      ]
    }
  }

  @Sendable private static func oneStep(_ problem: CourseCase) throws -> [String: any Answer] {
    let layers = problem["layers"]
    let model = try Sequential {
      try dense(layers[0]["W"].tensor(), layers[0]["b"].tensor(), .relu)
      try dense(layers[1]["W"].tensor(), layers[1]["b"].tensor(), .relu)
    }
    let x = try problem.tensor("x").expanded(at: 0)
    let target = try problem["loss"]["target"].tensor().expanded(at: 0)
    try model.build(input: x.shape)
    let weights = try model.parameters
    let (_, gradients) = try valueAndGradients(of: weights) {
      try Loss.halfSquared(model(x), target, reduction: .sum)
    }
    try SGD(learningRate: problem.number("learning_rate")).update(weights, along: gradients)
    var answers: [String: any Answer] = [
      "W1_new": weights[0].value, "b1_new": weights[1].value, "W2_new": weights[2].value,
      "b2_new": weights[3].value,
    ]
    try recorded {
      let pass = try Pass(problem)
      let deltas = try Apus.gradients(of: pass.loss, for: [pass.d1, pass.d2])
      answers["d1"] = try example(pass.d1)
      answers["a1"] = try example(pass.a1)
      answers["d2"] = try example(pass.d2)
      answers["a2"] = try example(pass.a2)
      answers["delta1"] = try example(deltas[0])
      answers["delta2"] = try example(deltas[1])
    }
    return answers
  }

  @Sendable private static func pieces(_ problem: CourseCase) throws -> [String: any Answer] {
    let hard = ActivationFunction("hard") { x in
      let middle = try select(greater(x, Tensor(0.5)), Tensor(1), x)
      return try select(less(x, Tensor(-0.5)), Tensor(0), middle)
    }
    let x = try problem.tensor("x")
    let slope = try valueAndGradients(at: [x]) { try hard($0[0]).sum() }.gradients[0]
    return ["y": try hard(x), "dy_dx": slope]
  }

  /// A rectifier whose slope at zero is that of the right side.
  @Sendable private static func ownBackward(_ problem: CourseCase) throws -> [String: any Answer] {
    let alpha = try problem.number("alpha")
    @Sendable func scaled(_ y: Tensor, by x: Tensor) throws -> Tensor {
      try select(less(x, Tensor(0)), y * alpha, y)
    }
    return try recorded {
      let x = try problem.tensor("x")
      let y = try customGradient(of: [x]) {
        try scaled($0[0], by: $0[0])
      } backward: {
        upstream, inputs, _ in
        [try scaled(upstream, by: inputs[0])]
      }
      let slope = try gradients(of: y, upstream: problem.tensor("upstream"), for: [x])[0]
      return ["y": y, "dx": slope]
    }
  }

  @Sendable private static func residualBlocks(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let w = try (0...3).map { try problem.tensor("w\($0)") }
    let x = try problem.tensor("x")
    func slope(skip: Bool) throws -> Tensor {
      func block(_ x: Tensor, _ inner: Tensor, _ outer: Tensor) throws -> Tensor {
        let y = try outer * relu(inner * x)
        return skip ? try x + y : y
      }
      return try valueAndGradients(at: [w[0]]) { try block(block(x, $0[0], w[1]), w[2], w[3]) }
        .gradients[0]
    }
    return ["dz_dw0_skip": try slope(skip: true), "dz_dw0_plain": try slope(skip: false)]
  }

  @Sendable private static func convolutionAndPooling(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let image = try problem.tensor("x").permuted([1, 2, 0]).expanded(at: 0)
    let weights = Parameter(try problem.tensor("w"))
    let ring = try problem.count("zero_padding")
    let (pool, stride) = (try problem.count("pool"), try problem.count("stride"))
    let target = try problem.tensor("target")
    let (_, gradients) = try valueAndGradients(of: [weights]) {
      let mixed = try conv2D(image, weights.value.reshaped(to: [1, 1, 3, 1]))
      let sides = (ring, ring)
      let pooled = try maxPool2D(
        mixed.padded([(0, 0), sides, sides, (0, 0)]), window: [pool, pool],
        stride: [stride, stride]
      )
      return try Loss.binaryCrossEntropy()(
        pooled.reshaped(to: target.shape), target, reduction: .sum)
    }
    try SGD(learningRate: problem.number("learning_rate")).update([weights], along: gradients)
    return ["grad": gradients[0], "w_new": weights.value]
  }

  @Sendable private static func slopes(_ problem: CourseCase) throws -> [String: any Answer] {
    let (w, x) = (try problem.tensor("w"), try problem.tensor("x"))
    let plain = try valueAndGradients(at: [x]) { try relu(w * $0[0]) }.gradients[0]
    let skip = try valueAndGradients(at: [x]) { try relu(w * $0[0] + $0[0]) }.gradients[0]
    return ["plain": plain, "skip": skip]
  }

  @Sendable private static func throughTime(_ problem: CourseCase) throws -> [String: any Answer] {
    let (v, w) = (try problem.tensor("V"), try problem.tensor("W"))
    let x = try problem["x"].list().map { try $0.tensor() }
    let slopes = try valueAndGradients(at: [v, w] + x) { inputs in
      var h = try problem.tensor("h0")
      for x in inputs.dropFirst(2) { h = try relu(inputs[0] * h + inputs[1] * x) }
      return h
    }.gradients
    return ["dh3_dV": slopes[0], "dh3_dW": slopes[1], "dh3_dx1": slopes[2]]
  }

  @Sendable private static func sigmoidGraph(_ problem: CourseCase) throws -> [String: any Answer] {
    try recorded {
      let z = try problem.tensor("z")
      let p = try -z
      let q = try exp(p)
      let r = try q + 1
      let f = try 1 / r
      let slopes = try gradients(of: f, for: [r, q, p, z])
      return [
        "p": p, "q": q, "r": r, "f": f, "df_dr": slopes[0], "df_dq": slopes[1], "df_dp": slopes[2],
        "df_dz": slopes[3],
      ]
    }
  }

  @Sendable private static func crossEntropy(_ problem: CourseCase) throws -> [String: any Answer] {
    let target = try problem.tensor("target")
    let slope = try valueAndGradients(at: [problem.tensor("logits")]) {
      try Loss.sigmoidCrossEntropy($0[0], target, reduction: .sum)
    }.gradients[0]
    return ["dL_dz": slope]
  }

  @Sendable private static func reluGraph(_ problem: CourseCase) throws -> [String: any Answer] {
    let (x, y) = (try problem.tensor("x"), try problem.tensor("y"))
    let point = try ["a", "b", "c"].map { try problem.tensor($0) }
    let (value, slopes) = try valueAndGradients(at: point) {
      try relu($0[0] * x + $0[1] * y + $0[2])
    }
    return ["f": value, "df_da": slopes[0], "df_db": slopes[1], "df_dc": slopes[2]]
  }
}
