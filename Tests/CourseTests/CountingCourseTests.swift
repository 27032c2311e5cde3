import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// How many parameters and multiplications a model has, and how far it sees.
@Suite struct CountingCourseTests {
  static let solutions: [String: Solution] = [
    "000-q12-1-lstm-params": lstmOfAnyLength, "000-q12-2-conv-params": asked,
    "002-t46-linear-stack": linearStack, "004-cnnrf-c-weight": weightLayouts,
    "004-cnnrf-d-rf": receptiveFields, "004-cnnrf-e-rf": singleLayers,
    "004-lenet-a-rf": denseOverImage, "004-fcn-3.4-head": headOnFrozenNet,
    "004-ws21-1c-trainable": layersWithoutParameters, "004-bits-q1-params": asked,
    "004-bits-q3-multiplications": multiplications, "004-bits-nin-gap": asked,
    "004-bits-rnn-nobias": asked, "004-bits-cnn128": convolutionalClassifier,
    "004-bits2-q3-summary": asked, "004-ec3-1c-conv2": secondConvolution,
    "004-ec3-2a-lstm-params": lstmWithProjection, "004-ec3-3a-conv1d": sequencesOfConvolution,
    "004-ec3-3b-mlp": asked, "004-ec3-3c-lstm-size": unitsFromParameters,
    "004-ec2mk23-1-net": depthAndWidth, "004-ec2mk23-3c-params": oneOutputOrTwo,
    "004-ec2r23-1a-params": asked,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// The counts that the case asks for, of those that each model has.
  @Sendable private static func asked(_ problem: CourseCase) throws -> [String: any Answer] {
    let fields = problem.expected.object ?? [:]
    return try DescribedModel(problem).counts.filter { fields[$0.key] != nil }
  }

  @Sendable private static func lstmOfAnyLength(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let shorter = try described.model.summary(input: [7, 10])
    #expect(shorter.parameters == described.summary.parameters)
    return ["trainable": described.summary.trainable]
  }

  /// Four products in a row are one.
  @Sendable private static func linearStack(_ problem: CourseCase) throws -> [String: any Answer] {
    let described = try withSeed(3) { try DescribedModel(problem) }
    let model = described.model
    let single = try Dense(10).summary(input: [784])
    let kernels = try model.namedParameters.filter { $0.path.hasSuffix("kernel") }
    var product = kernels[0].parameter.value
    for kernel in kernels.dropFirst() { product = try matmul(product, kernel.parameter.value) }
    let singular = try product.svd().s.scalars()
    let rank = singular.filter { $0 > 1e-5 * singular[0] }.count
    let (x, y) = try withSeed(5) { (try Tensor.normal([3, 784]), try Tensor.normal([3, 784])) }
    let error = try (model(x + y) - model(x) - model(y)).norm() / model(x + y).norm()
    return described.counts.merging([
      "equivalent_single_dense": single.parameters, "logits_rank": rank,
      "is_linear": try error.scalar() < 1e-5,
    ]) { $1 }
  }

  @Sendable private static func weightLayouts(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let layer = Conv2D(
      try problem.count("filters"), kernel: try problem.count("kernel"), useBias: false)
    try layer.build(input: [1, 32, 32, problem.count("in_channels")])
    let kernel = try layer.parameters[0].value
    return [
      "elements": kernel.count, "keras_layout": kernel.shape,
      "torch_layout": try kernel.permuted([3, 2, 0, 1]).shape,
      "printed_layout_in_out_w_h": try kernel.permuted([2, 3, 1, 0]).shape,
    ]
  }

  /// Windows as `[taps, stride]` one after the other, over an image of one channel.
  private static func fields(
    _ windows: [[Int]], image: Int, then last: [any Layer] = []
  ) throws -> [Int] {
    let layers = windows.map { Conv2D(1, kernel: $0[0], stride: $0[1]) as any Layer }
    let summary = try Sequential(layers + last).summary(input: [image, image, 1])
    return summary.rows.map { $0.receptiveField?[0] ?? 0 }
  }

  @Sendable private static func receptiveFields(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let windows = try problem["layers"].list().map { try $0.counts() }
    return ["rf": try fields(windows, image: 32)]
  }

  @Sendable private static func singleLayers(_ problem: CourseCase) throws -> [String: any Answer] {
    let image = try problem.count("image")
    var answers: [String: any Answer] = [:]
    for (name, window) in problem["layers"].object ?? [:] {
      answers[name] = try fields([window.counts()], image: image)[0]
    }
    // Each output of a dense layer sees what its gradient with respect to the image is not zero in.
    let model = Sequential {
      Flatten()
      Dense(1, kernel: Weight(.ones))
    }
    let seen = try valueAndGradients(at: [.full(1, [1, image, image, 1]) + Tensor.zeros([])]) {
      try model($0[0]).sum()
    }.gradients[0]
    let rows = try seen.max(axes: [0, 2, 3])
    answers["fully_connected"] = try greater(rows, Tensor(0)).cast(to: .int32).sum()
    return answers
  }

  /// A dense layer over an image is a convolution that is as large as what is left of it.
  @Sendable private static func denseOverImage(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let (window, pool) = (try problem["layers"][0].counts(), try problem["layers"][1].counts())
    let model = Sequential {
      Conv2D(6, kernel: window[0], stride: window[1])
      MaxPool2D(pool[0], stride: pool[1])
      Conv2D(10, kernel: 14)
    }
    let image = try problem.count("then_dense_over_image")
    let rows = try model.summary(input: [image, image, 1]).rows
    #expect(rows[2].output == [1, 1, 10])
    return [
      "maxpool1": rows[1].receptiveField?[0] ?? 0, "f1": rows[2].receptiveField?[0] ?? 0,
    ]
  }

  /// A new head learns; what it stands on keeps every bit.
  @Sendable private static func headOnFrozenNet(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let body = Conv2D(5, kernel: 3, padding: .same)
    try withSeed(1) { try body.build(input: [1, 64, 64, 3]) }
    body.freeze()
    let before = try body.namedParameters.map { try $0.parameter.value.bytes() }
    let whole = Sequential([body, described.model])
    let weights = try whole.parameters
    #expect(weights.reduce(0) { $0 + $1.shape.count } == described.summary.trainable)
    let images = try withSeed(2) { try Tensor.normal([1, 64, 64, 3]) }
    let head = try weights[0].value.bytes()
    let (_, gradients) = try valueAndGradients(of: weights) { try square(whole(images)).mean() }
    try SGD(learningRate: 0.1).update(weights, along: gradients)
    #expect(try body.namedParameters.map { try $0.parameter.value.bytes() } == before)
    #expect(try weights[0].value.bytes() != head)
    return described.counts
  }

  @Sendable private static func layersWithoutParameters(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let input = Shape(try problem["input_shape"].counts())
    func count(_ layer: any Layer) throws -> Int { try layer.summary(input: input).trainable }
    return [
      "prelu": try count(PReLU(sharedAxes: [1, 2])),
      "global_average_pooling": try count(GlobalAveragePool()),
      "convolution": try count(Conv2D(4, kernel: 3)), "dropout": try count(Dropout(0.5)),
    ]
  }

  @Sendable private static func multiplications(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let input = try problem["input_shape"].counts()
    let direct = try DescribedModel([problem["layers"][1]], input: input)
    // The padding with which a window gives an image of the same size.
    let padding = try problem["layers"].list().map { layer in
      try (0..<8).first { count in
        let window = Conv2D(
          1, kernel: try layer["kernel"].count(),
          padding: .explicit([(count, count), (count, count)]))
        return try window.summary(input: Shape(input)).rows[0].output[0] == input[0]
      } ?? -1
    }
    let rows = described.summary.rows
    return [
      "conv1x1": rows[0].multiplications, "conv5x5": rows[1].multiplications,
      "total": described.summary.multiplications, "padding": padding,
      "without_bottleneck": direct.summary.multiplications,
    ]
  }

  @Sendable private static func convolutionalClassifier(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    func parameters(of type: String) -> [Int] {
      described.summary.rows.filter { $0.layer == type }.map(\.parameters)
    }
    return described.counts.merging([
      "conv_params": parameters(of: "Conv2D"), "pool_params": parameters(of: "MaxPool2D"),
    ]) { $1 }
  }

  @Sendable private static func secondConvolution(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    ["conv2": try DescribedModel(problem).parametersPerLayer[1]]
  }

  @Sendable private static func lstmWithProjection(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let inputs = try problem.count("inputs")
    let (cell, hidden) = (try problem.count("cell"), try problem.count("hidden"))
    let outputs = try problem.count("outputs")
    let standard = Sequential {
      LSTM(hidden)
      Dense(outputs)
    }
    let projected = Sequential {
      RNN(ProjectedLSTMCell(cells: cell, units: hidden))
      Dense(outputs)
    }
    let (a, b) = (
      try standard.summary(input: [7, inputs]), try projected.summary(input: [7, inputs])
    )
    return [
      "standard_lstm_3_plus_output": a.trainable,
      "projected_lstm_cell_8_hidden_3_plus_output": b.trainable,
    ]
  }

  @Sendable private static func sequencesOfConvolution(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    var layers = try problem["layers"].list()
    let input = try problem["input_shape"].counts()
    let same = try DescribedModel(layers, input: input)
    var first = layers[0].object ?? [:]
    first["padding"] = .string("valid")
    layers[0] = .object(first)
    let valid = try DescribedModel(layers, input: input)
    return same.counts.merging(["trainable_if_valid_padding": valid.summary.trainable]) { $1 }
  }

  @Sendable private static func unitsFromParameters(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let (inputs, total) = (try problem.count("inputs"), try problem.count("total"))
    let units = try (1..<50).first {
      try LSTM($0).summary(input: [7, inputs]).trainable == total
    }
    return ["hidden": units ?? 0]
  }

  @Sendable private static func depthAndWidth(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let layers = described.summary.rows.filter { $0.parameters > 0 }
    return [
      "params_per_layer": described.parametersPerLayer, "trainable": described.summary.trainable,
      "dropout_params": try Dropout(0.2).summary(input: [1048]).parameters,
      "depth": layers.count, "width": layers.map { $0.output[0] }.max() ?? 0,
    ]
  }

  @Sendable private static func oneOutputOrTwo(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let input = Shape(try problem["input_shape"].counts())
    let one = try DescribedModel(problem)
    let two = Sequential {
      one.model[0..<7]
      Dense(2)
    }
    return [
      "trainable_one_output": one.summary.trainable,
      "trainable_two_outputs": try two.summary(input: input).trainable,
    ]
  }
}
