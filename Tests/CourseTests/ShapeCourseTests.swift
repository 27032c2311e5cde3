import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// What comes out of a model, in shape.
@Suite struct ShapeCourseTests {
  static let solutions: [String: Solution] = [
    "000-q2-cifar-shape": imagesAsNumbers, "002-t31-pool-stride-1": poolingWithoutStride,
    "002-t35-batch-axis": batchAxis, "002-t38-shapes": largeImages,
    "003-q18-reverse-engineering": counts, "004-lenet-c-68": largerDigits,
    "004-fcn-3.1-shapes": segmentation, "004-alexlike-b-shape": counts,
    "004-bits-gap-varied": variedSizes, "004-ec3-1a-shapes": counts,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  @Sendable private static func counts(_ problem: CourseCase) throws -> [String: any Answer] {
    try DescribedModel(problem).counts
  }

  @Sendable private static func imagesAsNumbers(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let shape: Shape = [
      try problem.count("batch"), try problem.count("height"), try problem.count("width"),
      try problem.count("channels"),
    ]
    let bytes = (0..<shape.count).map { UInt8(truncatingIfNeeded: $0) }
    let images = try Tensor(bytes, shape: shape).cast(to: .float32)
    return [
      "shape": images.shape, "rank": images.rank,
      "uint8_min": try images.min(), "uint8_max": try images.max(),
    ]
  }

  @Sendable private static func poolingWithoutStride(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let narrow = try DescribedModel(problem)
    let layers = try problem["layers"].list().map { layer in
      guard layer["type"].string == "maxpool2d", var members = layer.object else { return layer }
      members["stride"] = .integer(2)
      return JSON.object(members)
    }
    let wide = try DescribedModel(layers, input: problem["input_shape"].counts())
    return narrow.counts.merging([
      "flat": narrow.outputShapes[8][0], "flat_with_stride_2": wide.outputShapes[8][0],
      "trainable_with_stride_2": wide.summary.trainable,
    ]) { $1 }
  }

  @Sendable private static func batchAxis(_ problem: CourseCase) throws -> [String: any Answer] {
    let image = try Tensor.zeros(Shape(problem["shape"].counts()))
    let model = Conv2D(4, kernel: 3)
    let error = #expect(throws: TensorError.self) { try model(image) }
    #expect(error?.kind == .shape && error?.description.contains("[28, 28, 1]") == true)
    let batch = try image.expanded(at: problem.count("axis"))
    #expect(try model(batch).shape == [1, 26, 26, 4])
    return ["shape": batch.shape]
  }

  @Sendable private static func largeImages(_ problem: CourseCase) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let shape = [try problem.count("batch")] + (try problem["input_shape"].counts())
    let features = try described.model.features(at: ["0", "1"], of: .zeros(Shape(shape)))
    return described.counts.merging(["with_batch": features.map(\.shape)]) { $1 }
  }

  @Sendable private static func largerDigits(_ problem: CourseCase) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let usual = try DescribedModel(problem["layers"].list(), input: [32, 32, 1])
    return described.counts.merging([
      "conv1_chw_for_32": channelsFirst(usual.outputShapes[0]),
      "f1_inputs_for_68": described.outputShapes[4][0],
      "front_conv_pool_brings_68_to": described.outputShapes[1][0],
    ]) { $1 }
  }

  @Sendable private static func segmentation(_ problem: CourseCase) throws -> [String: any Answer] {
    let described = try DescribedModel(problem)
    let shapes = described.outputShapes
    return described.counts.merging([
      "fc1_weight": try described.model.namedParameters.first { $0.path == "5.kernel" }?
        .parameter.shape ?? [],
      "conv1_chw": channelsFirst(shapes[0]), "output_chw": channelsFirst(shapes[shapes.count - 1]),
    ]) { $1 }
  }

  /// The shape of an image whose channels are put in front.
  private static func channelsFirst(_ shape: [Int]) -> [Int] { [shape[2], shape[0], shape[1]] }

  /// One model, and so one set of weights, for images of three sizes.
  @Sendable private static func variedSizes(_ problem: CourseCase) throws -> [String: any Answer] {
    let sizes = try problem["inputs"].list().map { try $0.counts() }
    let described = try DescribedModel(problem["layers"].list(), input: sizes[0])
    var features: [[Int]] = []
    var trainable: [Int] = []
    var flat: [Int] = []
    for size in sizes {
      let images = try withSeed(1) { try Tensor.normal(Shape([2] + size)) }
      let inner = try described.model.features(at: ["2", "3"], of: images)
      #expect(try described.model(images).shape == [2, 5])
      #expect(try isFinite(inner[1]).all().scalars(as: Bool.self) == [true])
      features.append(Array(inner[1].shape).dropFirst().map { $0 })
      flat.append(try Flatten()(inner[0]).shape[1])
      trainable.append(try described.model.parameters.reduce(0) { $0 + $1.shape.count })
    }
    return ["feature_vector": features, "trainable": trainable, "flatten_would_give": flat]
  }
}
