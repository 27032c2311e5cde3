internal import Geometry
internal import Tensors

/// Several reductions of one tensor over the same axes, which kernels compute in one pass.
enum ReductionTogetherCases {
  static let records: [OperationRecord] = [
    OperationRecord(
      "sum, max, min, product", family: "Reduction", functions: ["sum", "max", "min", "product"],
      samples: samples, badCalls: [], benchmarks: benchmarks, errorName: "sum",
      cannotFail: "what can be wrong with each of them is in its own record")
  ]

  /// Short and long rows, columns in groups and wide ones, one axis of several, all axes;
  /// and axes apart or of one element, which leave nothing to compute together.
  private static let forms: [([Int], [Int]?)] = [
    ([7], nil), ([4099], nil), ([3, 5], [1]), ([3, 5], [0]), ([257, 3], [1]), ([257, 3], [0]),
    ([17, 33], [1]), ([17, 33], [0]), ([2, 300, 3], [1]), ([2, 3, 4], [1]), ([5, 1030], [0]),
    ([2, 3, 4], [0, 1]), ([2, 3, 4], [0, 2]), ([3, 4], []), ([1], nil), ([64], nil),
    ([3, 257], [1]), ([129, 65], [0]), ([4, 1, 3], [1]),
  ]

  private static func sample(
    _ shape: [Int], _ axes: [Int]?, _ type: ScalarType, _ values: Values, _ index: Int
  ) -> Sample {
    let length = (axes ?? Array(shape.indices)).reduce(1) { $0 * shape[$1] }
    return Sample(
      "sum, max, min, product", "axes \(axes.map { "\($0)" } ?? "all")",
      [Input(shape, type, values, seed: seeded("together", index))], differentiable: [0],
      tolerance: type.isFloatingPoint ? .scaled(Double(length) + 4) : .exact,
      call: {
        let x = $0[0]
        return [
          try x.sum(axes: axes), try x.max(axes: axes), try x.min(axes: axes),
          try x.product(axes: axes),
        ]
      },
      reference: {
        let x = $0[0]
        return [
          x.reduced(axes, keeping: false) { $0.reduce(0, +) },
          x.reduced(axes, keeping: false) { ReductionCases.extreme($0, Swift.max) },
          x.reduced(axes, keeping: false) { ReductionCases.extreme($0, Swift.min) },
          x.reduced(axes, keeping: false) { $0.reduce(1, *) },
        ]
      }
    ).with {
      // The tree of a half-size type adds in float32 and rounds once.
      if type == .float16 || type == .bfloat16 { $0.tolerance = .accumulated(2) }
      $0.gradientTolerance = .scaled(Double(64 + length))
      $0.isTwiceDifferentiable = false
    }
  }

  private static let samples: [Sample] =
    forms.enumerated().map { index, form in
      sample(form.0, form.1, .float32, .distinct(0.9, 1.1), index)
    }
    + [ScalarType.float64, .float16, .bfloat16, .int32, .int64, .uint8].enumerated().flatMap {
      number, type in
      [([6], nil), ([5, 7], [0]), ([5, 7], [1])].enumerated().map {
        (index: Int, form: ([Int], [Int]?)) in
        sample(
          form.0, form.1, type, type.isFloatingPoint ? .distinct(0.9, 1.1) : .integers(1, 2),
          100 + 10 * number + index
        ).with {
          $0.differentiable = []
          $0.runsEverywhere = type == .float64 || type == .int32
        }
      }
    }

  private static let benchmarks: [Sample] =
    [([4096, 4096], nil), ([4096, 4096], [1]), ([4096, 4096], [0])].enumerated().map {
      (index: Int, form: ([Int], [Int]?)) in
      sample(form.0, form.1, .float32, .distinct(0.9, 1.1), 800 + index)
    }
}
