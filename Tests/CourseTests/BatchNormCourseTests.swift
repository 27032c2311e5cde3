import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Standardisation and batch normalisation.
@Suite struct BatchNormCourseTests {
  static let solutions: [String: Solution] = [
    "000-q2-standardise": standardised, "002-t55-shared-bn": sharedLayer,
    "004-ws21-5b-batchnorm": ofVectors, "004-ws21-5d-spatial": ofImages,
    "004-bits-q2-vgg-bn": behindEachConvolution,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  @Sendable private static func standardised(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try problem.tensor("x")
    let layer = Normalization()
    try layer.adapt(to: x)
    let mean = try #require(layer.mean.parameter).value
    let variance = try #require(layer.variance.parameter).value
    return ["mean": mean, "std": try sqrt(variance), "z": try layer(x)]
  }

  @Sendable private static func sharedLayer(_ problem: CourseCase) throws -> [String: any Answer] {
    func model(_ first: BatchNorm, _ second: BatchNorm) -> Sequential {
      Sequential {
        Dense(10)
        first
        Dense(10)
        second
        Dense(10)
      }
    }
    let input = Shape(try problem["input_shape"].counts())
    let norm = BatchNorm()
    let shared = model(norm, norm)
    let (one, two) = (
      try shared.summary(input: input), try model(BatchNorm(), BatchNorm()).summary(input: input)
    )
    // An explicit flag tells training from inference.
    let x = try withSeed(2) { try Tensor.normal([4, 784]) }
    let (a, b) = (
      try withPhase(.training) { try shared(x) }, try withPhase(.inference) { try shared(x) }
    )
    #expect(try abs(a - b).max().scalar() > 0.01)
    return [
      "trainable": one.trainable, "non_trainable": one.nonTrainable,
      "trainable_if_separate": two.trainable, "non_trainable_if_separate": two.nonTrainable,
    ]
  }

  @Sendable private static func ofVectors(_ problem: CourseCase) throws -> [String: any Answer] {
    let (y, mean, variance) = try batchNorm(problem.tensor("x"), epsilon: problem.number("eps"))
    return ["mean": mean, "std": try sqrt(variance), "z_norm": y]
  }

  /// Channels in front in the case, behind in the layer; and the running variance is that of
  /// PyTorch, divided by one sample less.
  @Sendable private static func ofImages(_ problem: CourseCase) throws -> [String: any Answer] {
    let x = try problem.tensor("x").permuted([0, 2, 3, 1])
    let (new, epsilon) = (try problem.number("momentum_new"), try problem.number("eps"))
    let (y, mean, variance) = try batchNorm(x, epsilon: epsilon)
    let count = Double(x.count / x.shape[3])
    let unbiased = try variance * (count / (count - 1))
    let layer = BatchNorm(momentum: 1 - new, epsilon: epsilon)
    let ofLayer = try withPhase(.training) { try layer(x) }
    #expect(try abs(ofLayer - y).max().scalar() < 1e-5)
    return [
      "mean": mean, "var": variance, "y": try y.permuted([0, 3, 1, 2]),
      "running_mean": try #require(layer.movingMean.parameter).value,
      "running_var": try movingAverage(
        .ones(variance.shape), unbiased, momentum: 1 - new),
    ]
  }

  @Sendable private static func behindEachConvolution(
    _ problem: CourseCase
  ) throws -> [String: any Answer] {
    let plain = try Architecture.vgg16.make(includeTop: false).summary(input: [224, 224, 3])
    let summary = try Architecture.vgg16BatchNorm.make(includeTop: false)
      .summary(input: [224, 224, 3])
    let norms = summary.rows.filter { $0.layer == "BatchNorm" }
    #expect(try norms.map { $0.output[2] } == problem["channels"].counts())
    return [
      "added_trainable": summary.trainable - plain.trainable,
      "non_trainable_first_3": norms.prefix(3).reduce(0) { $0 + $1.parameters - $1.trainable },
      "non_trainable_all": summary.nonTrainable,
      "added_total": summary.parameters - plain.parameters,
    ]
  }
}
