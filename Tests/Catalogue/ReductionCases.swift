internal import Foundation
internal import Geometry
internal import Tensors

/// Sums, products, extremes, moments and where the extremes are.
enum ReductionCases {
  static let records: [OperationRecord] = [
    reduction(
      "sum", .normal(1), tolerance: Tolerance.tree,
      types: Shapes.everyFloat + [.int32, .int64], empty: true
    ) {
      try $0.sum(axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(0, +)
    },
    reduction("mean", .normal(1), tolerance: scaledTree) {
      try $0.mean(axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(0, +) / Double($0.count)
    },
    reduction(
      "product", .awayFromZero(0.9, 1.1), tolerance: factors, empty: true
    ) {
      try $0.product(axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(1, *)
    },
    reduction(
      "max", .distinct(-3, 3), tolerance: exact,
      types: Shapes.everyFloat + Shapes.everyInteger, isTwiceDifferentiable: false, mayBeZero: true
    ) {
      try $0.max(axes: $1, keepingAxes: $2)
    } _: {
      extreme($0, Swift.max)
    },
    reduction(
      "min", .distinct(-3, 3), tolerance: exact,
      types: Shapes.everyFloat + Shapes.everyInteger, isTwiceDifferentiable: false, mayBeZero: true
    ) {
      try $0.min(axes: $1, keepingAxes: $2)
    } _: {
      extreme($0, Swift.min)
    },
    truth("any") {
      try $0.any(axes: $1, keepingAxes: $2)
    } _: {
      $0.contains(1) ? 1 : 0
    },
    truth("all") {
      try $0.all(axes: $1, keepingAxes: $2)
    } _: {
      $0.contains(0) ? 0 : 1
    },
    variance, deviation,
    reduction("logSumExp", .normal(2), tolerance: logarithm) {
      try $0.logSumExp(axes: $1, keepingAxes: $2)
    } _: { values in
      let largest = values.max() ?? 0
      return largest + Foundation.log(values.reduce(0) { $0 + Foundation.exp($1 - largest) })
    },
    norm, argument("argmax", isLarger) { try $0.argmax(axis: $1, keepingAxes: $2) },
    argument("argmin", isSmaller) { try $0.argmin(axis: $1, keepingAxes: $2) },
  ]

  private typealias Reduce = @Sendable (Tensor, [Int]?, Bool) throws -> Tensor
  private typealias Naive = @Sendable ([Double]) -> Double

  // The tolerances of reductions of so many elements.
  private static let exact: @Sendable (Int) -> Tolerance = { _ in .exact }
  private static let scaledTree: @Sendable (Int) -> Tolerance = { .tree($0 + 1) }
  private static let factors: @Sendable (Int) -> Tolerance = { .scaled(Double($0) + 4) }
  private static let logarithm: @Sendable (Int) -> Tolerance = {
    .absolute(8 + log2(Double($0 + 1)))
  }
  private static let root: @Sendable (Int) -> Tolerance = { .ulps(6 + log2(Double($0 + 1))) }

  private static let isLarger: @Sendable (Double, Double) -> Bool = { $0 > $1 }
  private static let isSmaller: @Sendable (Double, Double) -> Bool = { $0 < $1 }

  /// Shapes and the axes to reduce: short, long and odd rows, columns, inner axes, several axes.
  private static let forms: [([Int], [Int]?)] = [
    ([], nil), ([1], nil), ([7], [0]), ([64], nil), ([257], nil), ([1025], [0]), ([4099], nil),
    ([3, 5], nil), ([3, 5], [0]), ([3, 5], [1]), ([3, 5], [-1]), ([17, 33], [0]), ([17, 33], [1]),
    ([2, 3, 4], [1]), ([2, 3, 4], [0, 2]), ([2, 3, 4], [0, 1]), ([2, 3, 4], [-1, -2]),
    ([4, 1, 3], [1]), ([2, 300, 3], [1]), ([3, 257], [1]), ([257, 3], [0]), ([129, 65], [0]),
    ([2, 1, 3, 1, 2, 1, 2, 2], [0, 2, 4, 6]), ([0, 3], [1]), ([3, 4], []), ([11, 2051], [0]),
  ]

  private static func length(_ shape: [Int], _ axes: [Int]?) -> Int {
    (axes ?? Array(shape.indices)).reduce(1) { $0 * shape[$1 < 0 ? $1 + shape.count : $1] }
  }

  private static func sample(
    _ name: String, _ shape: [Int], _ axes: [Int]?, keeping: Bool, _ type: ScalarType,
    _ values: Values, _ index: Int, view: Input.View = .plain, tolerance: (Int) -> Tolerance,
    _ call: @escaping Reduce, _ naive: @escaping Naive
  ) -> Sample {
    let length = length(shape, axes)
    return Sample(
      name, "axes \(axes.map { "\($0)" } ?? "all")" + (keeping ? " keepingAxes" : ""),
      [Input(shape, type, values, view: view, seed: seeded(name, index))],
      differentiable: [0], tolerance: type.isFloatingPoint ? tolerance(length) : .exact,
      call: { [try call($0[0], axes, keeping)] },
      reference: { [$0[0].reduced(axes, keeping: keeping, naive)] }
    ).with {
      // The tree of a half-size type adds in float32 and rounds once.
      if type == .float16 || type == .bfloat16 {
        if $0.tolerance != .exact { $0.tolerance = .accumulated(2) }
      }
      $0.gradientTolerance = .scaled(Double(32 + length / 8))
    }
  }

  private static func samples(
    _ name: String, _ values: Values, types: [ScalarType], empty: Bool,
    tolerance: (Int) -> Tolerance, _ call: @escaping Reduce, _ naive: @escaping Naive
  ) -> [Sample] {
    var samples = forms.enumerated().map { index, form in
      sample(
        name, form.0, form.1, keeping: index % 3 == 1, .float32, values, index,
        tolerance: tolerance, call, naive)
    }
    if empty {
      samples += [([0], nil), ([3, 0], [1]), ([0, 3], [0])].enumerated().map {
        (index: Int, form: ([Int], [Int]?)) in
        sample(
          name, form.0, form.1, keeping: false, .float32, values, 50 + index, tolerance: tolerance,
          call, naive
        ).with { $0.mayBeZero = true }
      }
    }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample(
          name, [5, 3, 4], [1], keeping: false, .float32, view == .broadcast ? .normal(1) : values,
          100 + index, view: view, tolerance: tolerance, call, naive
        ).with {
          $0.runsEverywhere = view == .permuted
          if view == .broadcast { $0.isTwiceDifferentiable = false }
        })
    }
    for (number, type) in types.enumerated() {
      let range: Values = type.isFloatingPoint ? values : .integers(0, 200)
      samples += [([33], nil), ([5, 7], [0]), ([5, 7], [1])].enumerated().map {
        (index: Int, form: ([Int], [Int]?)) in
        sample(
          name, form.0, form.1, keeping: false, type, range, 200 + 10 * number + index,
          tolerance: tolerance, call, naive
        ).with { $0.differentiable = [] }
      }
    }
    // What devices have to compile for types and several axes is the same for all reductions.
    let isModel = name == "sum" || name == "max"
    return samples.map { sample in
      let input = sample.inputs[0]
      let isPlain = input.view == .plain && (input.type == .float32 || input.type == .float64)
      let isSimple =
        input.shape.count < 3 && input.shape != [11, 2051]
        || sample.attributes.hasPrefix("axes [1]")
      return sample.with {
        $0.runsEverywhere = $0.runsEverywhere && (isModel || (isPlain && isSimple))
      }
    }
  }

  private static func badCalls(
    empty: Bool, rejecting types: [ScalarType], of type: ScalarType = .float32,
    _ call: @escaping Reduce
  ) -> [BadCall] {
    var calls = BadCall.axes(shapes: [[2, 3], [], [4], [2, 0, 3]], type) {
      _ = try call($0, $1, false)
    }
    calls += BadCall.types(types, shapes: [[2, 3], []]) { _ = try call($0[0], nil, false) }
    if !empty {
      calls += [([0], nil), ([3, 0], [1]), ([0, 3], [0]), ([2, 0, 3], [1, 2])].map {
        (shape: [Int], axes: [Int]?) in
        BadCall("nothing along the axes", [.shape, .argument], [Input(shape, type)]) {
          _ = try call($0[0], axes, false)
        }
      }
    }
    return calls
  }

  private static func reduction(
    _ name: String, _ values: Values, tolerance: @escaping (Int) -> Tolerance,
    types: [ScalarType] = Shapes.everyFloat, empty: Bool = false,
    isTwiceDifferentiable: Bool = true, mayBeZero: Bool = false, call: @escaping Reduce,
    _ naive: @escaping Naive
  ) -> OperationRecord {
    OperationRecord(
      name, family: "Reduction",
      samples: samples(
        name, values, types: types, empty: empty, tolerance: tolerance, call, naive
      ).map { sample in
        sample.with {
          $0.isTwiceDifferentiable = $0.isTwiceDifferentiable && isTwiceDifferentiable
          $0.mayBeZero = $0.mayBeZero || mayBeZero
        }
      },
      badCalls: badCalls(empty: empty, rejecting: [.bool], call),
      benchmarks: timed(name, values, tolerance, call, naive))
  }

  private static func timed(
    _ name: String, _ values: Values, _ tolerance: (Int) -> Tolerance, _ call: @escaping Reduce,
    _ naive: @escaping Naive
  ) -> [Sample] {
    [([4096, 4096], nil), ([4096, 4096], [1]), ([4096, 4096], [0]), ([64, 256, 512], [1])]
      .enumerated().map { (index: Int, form: ([Int], [Int]?)) in
        sample(
          name, form.0, form.1, keeping: false, .float32, values, 800 + index,
          tolerance: tolerance, call, naive)
      }
  }

  private static func truth(
    _ name: String, call: @escaping Reduce, _ naive: @escaping Naive
  ) -> OperationRecord {
    var list = forms + [([0], nil), ([3, 0], [1])]
    list.append(([0, 3], [0]))
    let samples = list.enumerated().flatMap { index, form in
      [Values.bools, .constant(name == "any" ? 0 : 1)].enumerated().map { number, values in
        sample(
          name, form.0, form.1, keeping: index % 3 == 1, .bool, values, 2 * index + number,
          tolerance: { _ in .exact }, call, naive
        ).with { $0.mayBeZero = true }
      }
    }
    return OperationRecord(
      name, family: "Reduction", samples: samples,
      badCalls: badCalls(empty: true, rejecting: [.float32, .int32, .uint8], of: .bool, call),
      benchmarks: [])
  }

  /// Two records that differ in a root.
  private static func spread(
    _ name: String, call: @escaping @Sendable (Tensor, [Int]?, Bool, Bool) throws -> Tensor,
    _ finish: @escaping @Sendable (Double) -> Double
  ) -> OperationRecord {
    let isRoot = name == "standardDeviation"
    func form(_ unbiased: Bool) -> [Sample] {
      samples(
        name, .normal(1), types: Shapes.everyFloat, empty: false,
        tolerance: { .scaled(12 + log2(Double($0 + 1))) },
        { try call($0, $1, unbiased, $2) }, { finish(moments($0, unbiased)) }
      ).filter { sample in
        // A single number has no unbiased variance, and no slope of a root at zero.
        let kept = sample.reference(sample.inputs.map(\.reference))[0].count
        return sample.inputs[0].count > kept || (!isRoot && !unbiased)
      }.map { sample in
        sample.with {
          if sample.inputs[0].type == .float16 || sample.inputs[0].type == .bfloat16 {
            $0.tolerance = .scaled(4)
          }
          $0.mayBeZero = true
          $0.gradientTolerance = .scaled(128)
          // Equal numbers have no spread, and its root no slope there.
          if isRoot && sample.inputs[0].view == .broadcast { $0.differentiable = [] }
        }
      }
    }
    let unbiased = form(true).map { sample in
      Sample(
        name, sample.attributes + " unbiased", sample.inputs, differentiable: sample.differentiable,
        tolerance: sample.tolerance, call: sample.call, reference: sample.reference
      ).with {
        $0.mayBeZero = true
        $0.gradientTolerance = .scaled(128)
        $0.runsEverywhere = sample.runsEverywhere && sample.inputs[0].type == .float32
      }
    }
    return OperationRecord(
      name, family: "Reduction", samples: form(false) + unbiased,
      badCalls: badCalls(empty: false, rejecting: [.bool, .int32, .uint8]) {
        try call($0, $1, false, $2)
      },
      benchmarks: timed(
        name, .normal(1), { _ in .scaled(16) }, { try call($0, $1, false, $2) },
        { finish(moments($0, false)) }))
  }

  private static let variance = spread("variance") {
    try $0.variance(axes: $1, keepingAxes: $3, unbiased: $2)
  } _: {
    $0
  }

  private static let deviation = spread("standardDeviation") {
    try $0.standardDeviation(axes: $1, keepingAxes: $3, unbiased: $2)
  } _: {
    $0.squareRoot()
  }

  private static let norm: OperationRecord = {
    let one = reduction("norm", .awayFromZero(0.2, 2), tolerance: Tolerance.tree, empty: true) {
      try $0.norm(.one, axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(0) { $0 + Swift.abs($1) }
    }
    let two = reduction(
      "norm", .awayFromZero(0.2, 2), tolerance: root
    ) {
      try $0.norm(.two, axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    let infinity = reduction(
      "norm", .distinct(0.1, 3), tolerance: exact, isTwiceDifferentiable: false,
      mayBeZero: true
    ) {
      try $0.norm(.infinity, axes: $1, keepingAxes: $2)
    } _: {
      $0.reduce(0) { Swift.max($0, Swift.abs($1)) }
    }
    func labelled(_ order: String, _ record: OperationRecord) -> [Sample] {
      record.samples.map { sample in
        Sample(
          "norm", "order \(order) " + sample.attributes, sample.inputs,
          differentiable: sample.differentiable, tolerance: sample.tolerance, call: sample.call,
          reference: sample.reference
        ).with {
          $0.gradientTolerance = sample.gradientTolerance
          $0.mayBeZero = sample.mayBeZero
          $0.isTwiceDifferentiable = sample.isTwiceDifferentiable
          $0.runsEverywhere = sample.runsEverywhere && sample.inputs[0].type == .float32
        }
      }
    }
    return OperationRecord(
      "norm", family: "Reduction",
      samples: labelled("one", one) + labelled("two", two) + labelled("infinity", infinity),
      badCalls: BadCall.axes { _ = try $0.norm(.two, axes: $1) }
        + BadCall.axes { _ = try $0.norm(.infinity, axes: $1) }
        + BadCall.types([.bool, .int32]) { _ = try $0[0].norm() },
      benchmarks: two.benchmarks)
  }()

  private static func argument(
    _ name: String, _ isBetter: @escaping @Sendable (Double, Double) -> Bool,
    call: @escaping @Sendable (Tensor, Int?, Bool) throws -> Tensor
  ) -> OperationRecord {
    let naive: Naive = { values in
      var best = 0
      for (index, value) in values.enumerated() {
        if values[best].isNaN { break }
        if value.isNaN || isBetter(value, values[best]) { best = index }
      }
      return Double(best)
    }
    let run: Reduce = { try call($0, $1?.first, $2) }
    let single = forms.filter { ($0.1?.count ?? 1) == 1 && !$0.0.isEmpty }
    var samples = single.enumerated().flatMap { index, form in
      [Values.normal(1), .integers(0, 3)].enumerated().map { number, values in
        sample(
          name, form.0, form.1, keeping: index % 3 == 1, .float32, values, 2 * index + number,
          tolerance: { _ in .exact }, run, naive)
      }
    }
    for (index, type) in (Shapes.everyFloat + Shapes.everyInteger).enumerated() {
      samples.append(
        sample(
          name, [5, 7], [1], keeping: false, type, .integers(0, 9), 200 + index,
          tolerance: { _ in .exact }, run, naive))
    }
    samples.append(
      sample(
        name, [5, 4], [1], keeping: false, .float32, .list([1, .nan, 3, 2, .infinity]), 220,
        tolerance: { _ in .exact }, run, naive))
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample(
          name, [5, 3, 4], [1], keeping: false, .float32, .normal(1), 230 + index, view: view,
          tolerance: { _ in .exact }, run, naive
        ).with { $0.runsEverywhere = view == .permuted })
    }
    return OperationRecord(
      name, family: "Reduction",
      samples: samples.map { sample in
        sample.with {
          $0.differentiable = []
          $0.mayBeZero = true
        }
      },
      badCalls: BadCall.axis { _ = try call($0, $1, false) }
        + BadCall.types([.bool], shapes: [[2, 3], [4]]) { _ = try call($0[0], nil, false) }
        + [([0], nil), ([3, 0], 1), ([0, 3], 0)].map { (shape: [Int], axis: Int?) in
          BadCall("nothing along the axis", [.shape, .argument], [Input(shape)]) {
            _ = try call($0[0], axis, false)
          }
        },
      benchmarks: timed(name, .normal(1), { _ in .exact }, run, naive).filter {
        $0.attributes != "axes all"
      })
  }
}
