import Apus
import Formats
import Geometry
import TestSupport
import Testing

/// Convolution and pooling by hand.
@Suite struct ConvolutionCourseTests {
  static let solutions: [String: Solution] = [
    "003-q8-conv-stride2": strided, "004-cnnrf-a-kernels": manyKernels,
    "004-bpconv-e-edge": manyKernels, "004-bpconv-f-cross": bestPatch,
    "004-ws21-9d-kernel": clipped, "004-bpconv-a-forward": pooling,
  ]

  @Test(arguments: solutions.keys.sorted(), TestDevice.allCases)
  func agrees(_ id: String, _ device: TestDevice) throws {
    try Course.check(id, on: device, try #require(Self.solutions[id]))
  }

  /// One image with channels in front, as a batch with channels behind.
  private static func image(_ json: JSON) throws -> Tensor {
    try json.tensor().permuted([1, 2, 0]).expanded(at: 0)
  }

  /// Filters `[outputs, inputs, rows, columns]` as `[rows, columns, inputs, outputs]`.
  private static func filter(_ json: JSON) throws -> Tensor {
    try json.tensor().permuted([2, 3, 1, 0])
  }

  /// The rows and columns of a batch of one image with one channel.
  private static func plane(_ x: Tensor) throws -> Tensor { try x.squeezed(axes: [0, 3]) }

  @Sendable private static func strided(_ problem: CourseCase) throws -> [String: any Answer] {
    let (x, kernel) = (try image(problem["x"]), try filter(problem["kernel"]))
    let stride = try problem.count("stride")
    #expect(try problem.count("padding") == 0)
    return [
      "y": try plane(conv2D(x, kernel, stride: stride)),
      "y_if_kernel_is_flipped": try plane(conv2D(x, kernel.flipped(axes: [0, 1]), stride: stride)),
    ]
  }

  /// Each image with each kernel that the case asks for.
  @Sendable private static func manyKernels(_ problem: CourseCase) throws -> [String: any Answer] {
    var answers: [String: any Answer] = [:]
    for (name, pixels) in problem["images"].object ?? [:] {
      for (kernelName, taps) in problem["kernels"].object ?? [:] {
        let field = "\(name)_\(kernelName)"
        guard problem.expected.object?[field] != nil else { continue }
        let kernel = try taps.tensor()
        let layer = Conv2D(1, kernel: Array(kernel.shape), useBias: false)
        let x = try pixels.tensor().expanded(at: 0).expanded(at: 3)
        try layer.kernel.assign(kernel.expanded(at: 2).expanded(at: 3))
        answers[field] = try plane(layer(x))
      }
    }
    return answers
  }

  /// All patches of black and white as a batch, and the one that a filter answers most.
  @Sendable private static func bestPatch(_ problem: CourseCase) throws -> [String: any Answer] {
    let count = try problem.count("patches")
    let bits = (0..<count).flatMap { number in
      (0..<9).map { Float((number >> $0) & 1) }
    }
    let patches = try Tensor(bits, shape: [count, 3, 3, 1])
    let kernel = try problem.tensor("kernel").expanded(at: 2).expanded(at: 3)
    let responses = try conv2D(patches, kernel).reshaped(to: [count])
    let largest = try responses.max()
    return [
      "best_patch": try plane(patches.gather(responses.argmax(axis: 0).expanded(at: 0))),
      "response": largest,
      "unique": try equal(responses, largest).cast(to: .int32).sum().scalars(as: Int32.self) == [1],
    ]
  }

  @Sendable private static func clipped(_ problem: CourseCase) throws -> [String: any Answer] {
    let y = try conv2D(image(problem["x"]), filter(problem["kernel"]))
    return ["y": try plane(y), "after_clip_to_0_1": try plane(clip(y, min: 0, max: 1))]
  }

  /// Zeros around the image that take part in the maximum, and padding that never wins.
  @Sendable private static func pooling(_ problem: CourseCase) throws -> [String: any Answer] {
    let mixed = try conv2D(image(problem["x"]), filter(problem["kernel"]))
    let (pool, stride) = (try problem.count("pool"), try problem.count("stride"))
    let ring = try problem.count("zero_padding")
    let zeros = Sequential {
      ZeroPadding(ring)
      MaxPool2D(pool, stride: stride)
    }
    let padded = MaxPool2D(
      pool, stride: stride, padding: .explicit([(ring, ring), (ring, ring)]))
    return [
      "conv": try plane(mixed), "pooled": try plane(zeros(mixed)),
      "pooled_if_padding_is_minus_inf": try plane(padded(mixed)),
    ]
  }
}
