import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// What networks with given weights give, and how weights begin.
@Suite struct ActivationCourseTests {
  static let solutions: [String: Solution] = [
    "001-q1.2-zero-init": zeroWeights, "001-q1.3-range": ranges,
    "001-q2.1-relu-sigmoid": chain, "001-q2.5-linear-collapse": twoLayersAsOne,
    "004-bits-q1-softmax": logitsAndSoftmax, "004-ec2mk23-2c-forward": lossAndPenalty,
    "002-t53-zero-init": nothingLearns, "004-ws21-9a-xavier": variances,
    "004-mid21-1b-dropout": dropout,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// The dense layers of a case.
  private static func network(_ problem: CourseCase) throws -> Sequential {
    Sequential(
      try problem["layers"].list().map { layer in
        dense(
          try layer["W"].tensor(), try layer["b"].tensor(),
          try activation(layer["activation"].string))
      })
  }

  @Sendable private static func zeroWeights(_ problem: CourseCase) throws -> [String: any Answer] {
    ["y": try network(problem)(problem.tensor("x").expanded(at: 0)).squeezed(axes: [0])]
  }

  @Sendable private static func ranges(_ problem: CourseCase) throws -> [String: any Answer] {
    let value = try Float(problem.number("value"))
    let sources = problem["pre_images"]
    let candidates: [(String, ActivationFunction)] = [
      ("relu", .relu), ("sigmoid", .sigmoid), ("tanh", .tanh),
      ("leaky_relu", .leakyRelu(slope: 0.01)), ("softmax", .softmax),
    ]
    let line = try Tensor.linspace(-20, 20, count: 4001).expanded(at: 1)
    // Each is continuous: what lies between two of its values is one.
    let attainable = try candidates.filter { _, function in
      let values = try function(line)
      return try values.min().scalar() <= value && value <= values.max().scalar()
    }
    return [
      "tanh": try tanh(sources["tanh"].tensor()),
      "leaky_relu_0_01": try leakyRelu(sources["leaky_relu_0_01"].tensor(), slope: 0.01),
      "attainable": attainable.map(\.0).sorted(),
    ]
  }

  @Sendable private static func chain(_ problem: CourseCase) throws -> [String: any Answer] {
    let layers = try problem["activations"].list().map { Activation(try activation($0.string)) }
    let y = try Sequential(layers)(problem.tensor("x"))
    return [
      "y": y, "min": try y.min(),
      "all_positive": try greater(y, Tensor(0)).all().scalars(as: Bool.self)[0],
    ]
  }

  /// `W2·(W1·x + b1) + b2` is `(W2·W1)·x + (W2·b1 + b2)`.
  @Sendable private static func twoLayersAsOne(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    // Kernels here are [inputs, outputs]; the case has them the other way round.
    let first = dense(try problem.tensor("W1").transposed(), try problem.tensor("b1"))
    let second = dense(try problem.tensor("W2").transposed(), try problem.tensor("b2"), .sigmoid)
    let x = try problem.tensor("x").expanded(at: 0)
    let y = try Sequential([first, second])(x)
    let (w1, w2) = (try first.parameters, try second.parameters)
    let kernel = try matmul(w1[0].value, w2[0].value)
    let bias = try matmul(w1[1].value, w2[0].value) + w2[1].value
    let single = dense(kernel, bias, .sigmoid)
    #expect(try abs(single(x) - y).max().scalar() < 1e-6)
    return ["W_tilde": try kernel.transposed(), "b_tilde": bias, "y": try y.squeezed(axes: [0])]
  }

  @Sendable private static func logitsAndSoftmax(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let layer = dense(try problem.tensor("W").transposed(), try problem.tensor("b"))
    let logits = try layer(problem.tensor("x").expanded(at: 0)).squeezed(axes: [0])
    return ["logits": logits, "softmax": try softmax(logits)]
  }

  @Sendable private static func lossAndPenalty(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let layers = try problem["layers"].list().map { layer in
      Dense(
        try layer["b"].list().count, activation: try activation(layer["activation"].string),
        kernel: Weight(.value(try layer["W"].tensor()), regularizer: .l2(1)),
        bias: Weight(.value(try layer["b"].tensor())))
    }
    let model = Sequential(layers)
    let x = try problem.tensor("x").expanded(at: 0)
    let hidden = try model.features(at: "0", of: x)
    let y = try model(x)
    let target = try problem["loss"]["target"].tensor().expanded(at: 0)
    return [
      "h1": try hidden.slice(axis: 1, 0..<1).scalar(),
      "h2": try hidden.slice(axis: 1, 1..<2).scalar(),
      "y": try y.scalar(), "loss": try Loss.halfSquared(y, target, reduction: .sum),
      "sum_w2": try model.regularization() ?? Tensor(0),
    ]
  }

  /// With zeros for weights the output's bias alone has a gradient.
  @Sendable private static func nothingLearns(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let layers = try problem["layers"].list()
    let model = try Sequential {
      try dense(layers[0]["W"].tensor(), layers[0]["b"].tensor(), .tanh)
      try dense(layers[1]["W"].tensor(), layers[1]["b"].tensor())
    }
    let x = try problem.tensor("x").expanded(at: 0)
    let target = try problem["loss"]["target"].tensor().expanded(at: 0)
    try model.build(input: x.shape)
    let (loss, gradients) = try valueAndGradients(of: model.parameters) {
      try Loss.softmaxCrossEntropy(model(x), target)
    }
    #expect(try abs(gradients[1]).max().scalar() == 0)
    return ["loss": loss, "dW1": gradients[0], "dW2": gradients[2], "db2": gradients[3]]
  }

  @Sendable private static func variances(_ problem: CourseCase) throws -> [String: any Answer] {
    let shape: Shape = [try problem.count("fan_in"), try problem.count("fan_out")]
    let families: [(String, Initializer)] = [
      ("fan_in", .lecunNormal), ("he", .heNormal), ("glorot_average", .glorotUniform),
    ]
    var answers: [String: any Answer] = [:]
    for (name, initializer) in families {
      let variance = try #require(initializer.variance(of: shape))
      let drawn = try withSeed(9) { try initializer(shape, on: .current) }
      #expect(abs(try Double(drawn.variance().scalar()) / variance - 1) < 0.01)
      answers[name] = variance
    }
    return answers
  }

  @Sendable private static func dropout(_ problem: CourseCase) throws -> [String: any Answer] {
    let (units, rate) = (try problem.count("units"), try problem.number("rate"))
    let layer = Dropout(rate)
    let samples = 2000
    let x = try Tensor.ones([samples, units])
    let dropped = try withSeed(4) { try withPhase(.training) { try layer(x) } }
    let active = try greater(dropped, Tensor(0)).cast(to: .float32).sum(axes: [1])
    let expected = Double(units) * (1 - rate)
    // The mean of 2000 binomial counts lies within four of its deviations of what is expected.
    let deviation = (expected * rate / Double(samples)).squareRoot()
    #expect(abs(try Double(active.mean().scalar()) - expected) < 4 * deviation)
    // What is kept grows by as much as makes up for what is dropped.
    let scale = try Double(dropped.max().scalar())
    let kept = try withPhase(.inference) { try layer(x) }
    return [
      "training_expected": Double(units) / scale, "scale_of_kept_in_training": scale,
      "testing": try notEqual(kept.slice(axis: 0, 0..<1), Tensor(0)).cast(to: .int32).sum(),
    ]
  }
}
