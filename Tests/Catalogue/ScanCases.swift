internal import Geometry
internal import Tensors

/// Running sums and products.
enum ScanCases {
  static let records: [OperationRecord] = [
    scan("cumsum", .normal(1), 0, +) {
      try $0.cumsum(axis: $1, exclusive: $2, reverse: $3)
    },
    scan("cumprod", .awayFromZero(0.7, 1.3), 1, *) {
      try $0.cumprod(axis: $1, exclusive: $2, reverse: $3)
    },
  ]

  private typealias Run = @Sendable (Tensor, Int, Bool, Bool) throws -> Tensor

  private static let forms: [([Int], Int)] = [
    ([0], 0), ([1], 0), ([2], 0), ([7], 0), ([64], 0), ([65], -1), ([257], 0), ([1025], 0),
    ([3, 5], 0), ([3, 5], 1), ([3, 5], -1), ([2, 3, 4], 0), ([2, 3, 4], 1), ([2, 3, 4], -1),
    ([3, 0], 1), ([0, 3], 1), ([1, 5], 0), ([5, 1], 0), ([4, 255], 1), ([255, 4], 0),
    ([2, 1, 3, 1, 2, 1, 2, 2], 2),
  ]

  private static func scan(
    _ name: String, _ values: Values, _ neutral: Double,
    _ combine: @escaping @Sendable (Double, Double) -> Double, call: @escaping Run
  ) -> OperationRecord {
    func sample(
      _ shape: [Int], _ axis: Int, _ exclusive: Bool, _ reverse: Bool, _ type: ScalarType,
      _ index: Int, view: Input.View = .plain, values special: Values? = nil
    ) -> Sample {
      let words = (exclusive ? " exclusive" : "") + (reverse ? " reverse" : "")
      let length = shape[axis < 0 ? axis + shape.count : axis]
      let range: Values =
        type.isFloatingPoint ? special ?? values : .integers(1, name == "cumsum" ? 99 : 2)
      return Sample(
        name, "axis \(axis)" + words,
        [Input(shape, type, range, view: view, seed: seeded(name, index))], differentiable: [0],
        tolerance: !type.isFloatingPoint
          ? .exact : name == "cumsum" ? .product(4 * length) : .scaled(Double(length) + 4),
        call: { [try call($0[0], axis, exclusive, reverse)] },
        reference: { [running($0[0], axis, exclusive, reverse, neutral, combine)] }
      ).with {
        $0.gradientTolerance = .scaled(Double(64 + length))
        $0.mayBeZero = length < 2
      }
    }
    var samples: [Sample] = []
    for (index, form) in forms.enumerated() {
      for (number, flags) in [(false, false), (true, false), (false, true), (true, true)]
        .enumerated()
      where number == index % 4 || number == 0 {
        samples.append(sample(form.0, form.1, flags.0, flags.1, .float32, 4 * index + number))
      }
    }
    if name == "cumprod" {
      // Zeros first, last, next to each other and alone.
      for (index, flags) in [(false, false), (true, false), (false, true), (true, true)]
        .enumerated()
      {
        for (axis, shape) in [[7, 2], [3, 8]].enumerated() {
          let list: [Double] = [0, 2, -1, 0.5, 1.5, 0, 0, 3, 1, -2, 0, 1.25, 0.75]
          samples.append(
            sample(
              shape, axis, flags.0, flags.1, .float32, 400 + 2 * index + axis, values: .list(list)
            )
            .with { $0.mayBeZero = true })
        }
      }
    }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([5, 3, 4], 1, index % 2 == 0, index > 1, .float32, 100 + index, view: view)
          .with { $0.runsEverywhere = view == .permuted })
    }
    for (index, type) in (Shapes.everyFloat + [.int32, .int64]).enumerated() {
      for axis in 0..<2 {
        samples.append(
          sample([5, 7], axis, axis == 0, false, type, 200 + 2 * index + axis).with {
            $0.differentiable = []
            $0.mayBeZero = true
            if type == .float16 || type == .bfloat16 { $0.tolerance = .scaled(16) }
          })
      }
    }
    return OperationRecord(
      name, family: "Scan", samples: samples,
      badCalls: BadCall.axis { _ = try call($0, $1, false, false) }
        + BadCall.types([.bool], shapes: [[3], [2, 3]]) { _ = try call($0[0], 0, false, false) },
      benchmarks: [
        sample([4096, 4096], 1, false, false, .float32, 800),
        sample([4096, 4096], 0, false, false, .float32, 801),
      ])
  }

  private static func running(
    _ x: Reference, _ axis: Int, _ exclusive: Bool, _ reverse: Bool, _ neutral: Double,
    _ combine: (Double, Double) -> Double
  ) -> Reference {
    let axis = axis < 0 ? axis + x.rank : axis
    return Reference(x.shape) { index in
      let here = index[axis]
      var range = reverse ? here..<x.shape[axis] : 0..<here + 1
      if exclusive { range = reverse ? here + 1..<x.shape[axis] : 0..<here }
      var total = neutral
      for k in range {
        var other = index
        other[axis] = k
        total = combine(total, x[other])
      }
      return total
    }
  }
}
