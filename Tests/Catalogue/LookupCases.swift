internal import Geometry
internal import Tensors

/// Reading by index.
enum LookupCases {
  static let records: [OperationRecord] = [gather, take, takeAlongAxis, embedded, encoded]

  /// Indices of `shape` into `count` rows, negative ones among them if `low` is.
  static func indices(
    _ shape: [Int], _ count: Int, _ type: ScalarType = .int32, negative: Bool = false,
    seed: UInt64, view: Input.View = .plain
  ) -> Input {
    let low = negative && type != .uint8 ? -count : 0
    let values: Values = count == 0 ? .constant(0) : .integers(low, count - 1)
    return Input(shape, type, values, view: view, seed: seed)
  }

  /// The row that an index means.
  static func row(_ index: Double, _ count: Int) -> Int {
    index < 0 ? Int(index) + count : Int(index)
  }

  static func gathered(_ x: Reference, _ indices: Reference, _ axis: Int) -> Reference {
    let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
    return Reference(shape) { index in
      let named = indices[Array(index[axis..<axis + indices.rank])]
      return x[
        Array(index[..<axis]) + [row(named, x.shape[axis])]
          + Array(index[(axis + indices.rank)...])]
    }
  }

  static func along(_ x: Reference, _ indices: Reference, _ axis: Int) -> Reference {
    Reference(indices.shape) { index in
      var from = index
      from[axis] = row(indices[index], x.shape[axis])
      return x[from]
    }
  }

  /// What must be refused by whatever takes indices: types, devices, and numbers out of range.
  static func badIndices(
    _ x: [Int], _ shape: [Int], lowest: Int, call: @escaping @Sendable ([Tensor]) throws -> [Tensor]
  ) -> [BadCall] {
    let operand = Input(x, .float32)
    func bad(_ what: String, _ kind: TensorError.Kind, _ input: Input, stranger: Int? = nil)
      -> BadCall
    {
      BadCall(what, [kind], [operand, input], stranger: stranger) {
        for result in try call($0) { _ = try result.scalars() }
      }
    }
    var calls: [BadCall] = []
    for type in [ScalarType.float32, .float64, .float16, .bool] {
      calls.append(bad("type", .dtype, Input(shape, type, .constant(0))))
    }
    for value in [Double(x[0]), 250] {
      calls.append(bad("index \(value)", .index, Input(shape, .uint8, .list([0, value]))))
    }
    for type in [ScalarType.int32, .int64] {
      for value in [Double(lowest - 1), Double(x[0]), 1e9, -1e9] {
        calls.append(bad("index \(value)", .index, Input(shape, type, .list([0, value]))))
      }
    }
    calls.append(bad("index 2^40", .index, Input(shape, .int64, .list([0x1p40]))))
    for stranger in 0..<2 {
      calls.append(
        bad("device", .device, Input(shape, .int32, .constant(0)), stranger: stranger))
    }
    return calls
  }

  private static let forms: [(x: [Int], indices: [Int], axis: Int)] = [
    ([1], [1], 0), ([5], [], 0), ([5], [3], 0), ([5], [7], 0), ([5, 3], [4], 0), ([5, 3], [4], 1),
    ([5, 3], [2, 2], 0), ([5, 3], [2, 2], 1), ([3, 4, 5], [6], 1), ([3, 4, 5], [2, 3], 1),
    ([3, 4, 5], [], 1), ([3, 4, 5], [3], -1), ([2, 3, 2, 3], [2, 1, 2], 2), ([64, 17], [65], 0),
    ([257, 3], [33], 0), ([7, 128], [40], 0), ([4, 0], [3], 0), ([4, 3], [0], 0), ([0, 3], [0], 0),
    ([3, 4, 5], [2, 0], 1), ([1, 9], [9], 0), ([9, 1], [20], 0), ([33, 65], [5, 5], 0),
  ]

  private static let gather: OperationRecord = {
    func sample(
      _ x: [Int], _ indices: [Int], _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ indexType: ScalarType = .int32, view: Input.View = .plain
    ) -> Sample {
      let at = axis < 0 ? axis + x.count : axis
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, type == .bool ? 1 : 99)
      return Sample(
        "gather", "axis \(axis) \(indexType)",
        [
          Input(x, type, values, view: view, seed: seeded("gather", number)),
          Self.indices(
            indices, x[at], indexType, negative: number % 2 == 1,
            seed: seeded("gather at", number), view: view == .broadcast ? .plain : view),
        ], differentiable: [0], tolerance: .exact,
        call: { [try $0[0].gather($0[1], axis: axis)] },
        reference: { [gathered($0[0], $0[1], at)] }
      ).with { $0.mayBeZero = true }
    }
    var samples = forms.enumerated().map { sample($1.x, $1.indices, $1.axis, $0) }
    for (number, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([5, 3, 4], [3, 2], 1, 100 + number, view: view)
          .with { $0.runsEverywhere = view == .permuted })
    }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([5, 7], [6], 0, 200 + number, type))
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([5, 7], [6], 0, 300 + number, .float32, type))
      samples.append(sample([5, 3, 2], [6], 1, 310 + number, .float32, type))
    }
    return OperationRecord(
      "gather", family: "Lookup", samples: samples,
      badCalls: badIndices([4, 3], [2, 2], lowest: -4) { [try $0[0].gather($0[1])] }
        + BadCall.axis(shapes: [[2, 3], []]) {
          _ = try $0.gather(Tensor([Int32(0)], shape: [1]), axis: $1)
        },
      benchmarks: [
        sample([20_000, 128], [16_384], 0, 400), sample([512, 4096], [1000], 1, 401),
      ])
  }()

  private static let take: OperationRecord = {
    func sample(_ x: [Int], _ indices: [Int], _ number: Int, _ type: ScalarType = .int32) -> Sample
    {
      Sample(
        "take", "\(type)",
        [
          Input(x, seed: seeded("take", number)),
          Self.indices(
            indices, x.reduce(1, *), type, negative: number % 2 == 1,
            seed: seeded("take at", number)),
        ], differentiable: [0], tolerance: .exact, call: { [try $0[0].take($0[1])] },
        reference: { operands in
          [operands[1].map { operands[0].values[row($0, operands[0].count)] }]
        }
      ).with { $0.mayBeZero = true }
    }
    let shapes: [[Int]] = [[], [1], [7], [3, 5], [2, 3, 4], [64], [5, 1, 3]]
    let places: [[Int]] = [[], [0], [9], [2, 3], [33]]
    var samples: [Sample] = []
    for shape in shapes {
      for place in places { samples.append(sample(shape, place, samples.count)) }
    }
    samples.append(sample([5, 7], [6], 100, .int64))
    samples.append(sample([5, 7], [6], 101, .uint8))
    return OperationRecord(
      "take", family: "Lookup", samples: samples,
      badCalls: badIndices([4], [2, 2], lowest: -4) { [try $0[0].take($0[1])] })
  }()

  private static let takeAlongAxis: OperationRecord = {
    func sample(
      _ x: [Int], _ n: Int, _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ indexType: ScalarType = .int32, view: Input.View = .plain
    ) -> Sample {
      let at = axis < 0 ? axis + x.count : axis
      var shape = x
      shape[at] = n
      return Sample(
        "takeAlongAxis", "axis \(axis) of \(n) \(indexType)",
        [
          Input(
            x, type, type.isFloatingPoint ? .normal(1) : .integers(0, 1), view: view,
            seed: seeded("along", number)),
          Self.indices(
            shape, x[at], indexType, negative: number % 2 == 1, seed: seeded("along at", number)),
        ], differentiable: [0], tolerance: .exact,
        call: { [try $0[0].takeAlongAxis($0[1], axis: axis)] },
        reference: { [along($0[0], $0[1], at)] }
      ).with { $0.mayBeZero = true }
    }
    let forms: [([Int], Int, Int)] = [
      ([1], 1, 0), ([5], 3, 0), ([5], 9, 0), ([5, 3], 2, 0), ([5, 3], 7, 0), ([5, 3], 2, 1),
      ([5, 3], 4, -1), ([3, 4, 5], 2, 0), ([3, 4, 5], 6, 1), ([3, 4, 5], 3, 2), ([64, 65], 5, 0),
      ([64, 65], 5, 1), ([257, 2], 9, 0), ([2, 257], 9, 1), ([4, 3], 0, 0), ([0, 3], 0, 0),
      ([4, 0], 2, 0), ([1, 7], 3, 0), ([7, 1], 3, 1), ([2, 3, 1, 4], 3, 2),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    samples.append(sample([5, 3, 4], 6, 1, 100, view: .permuted))
    for (number, type) in [ScalarType.float64, .float16, .int64, .uint8, .bool].enumerated() {
      samples.append(sample([5, 7], 3, 1, 200 + number, type))
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([5, 7], 3, 0, 300 + number, .float32, type))
    }
    return OperationRecord(
      "takeAlongAxis", family: "Lookup", samples: samples,
      badCalls: badIndices([4, 3], [2, 3], lowest: -4) {
        [try $0[0].takeAlongAxis($0[1], axis: 0)]
      }
        + [([4, 3], [2, 2]), ([4, 3], [3]), ([4, 3], [2, 3, 1]), ([4], [])].map {
          (x: [Int], at: [Int]) in
          BadCall("shapes", [.shape], [Input(x), Input(at, .int32, .constant(0))]) {
            _ = try $0[0].takeAlongAxis($0[1], axis: 0)
          }
        },
      benchmarks: [sample([1024, 1000], 1000, 1, 400)])
  }()

  private static let embedded: OperationRecord = {
    func sample(
      _ rows: Int, _ width: [Int], _ indices: Input, _ type: ScalarType = .float32
    ) -> Sample {
      Sample(
        "embedding", "\(indices.type)",
        [Input([rows] + width, type, .normal(1), seed: indices.seed), indices],
        differentiable: [0], tolerance: .exact, call: { [try embedding($0[0], $0[1])] },
        reference: { [gathered($0[0], $0[1], 0)] }
      ).with {
        $0.mayBeZero = true
        $0.gradientTolerance = .scaled(64)
      }
    }
    let forms: [(Int, [Int], [Int])] = [
      (1, [1], [1]), (5, [3], []), (5, [3], [4]), (5, [3], [2, 3]), (5, [3], [0]), (3, [8], [50]),
      (64, [9], [7]), (65, [7], [63]), (10, [], [6]), (10, [2, 3], [4, 2]), (7, [256], [9]),
      (7, [257], [9]), (2, [64], [200]), (1000, [4], [3]), (9, [0], [3]), (300, [33], [17, 5]),
      (4, [5], [1, 1, 1]), (128, [1], [129]), (33, [31], [32]), (6, [65], [12]),
    ]
    var samples = forms.enumerated().map { number, form in
      sample(
        form.0, form.1, Self.indices(form.2, form.0, seed: seeded("embedding", number)))
    }
    // All places name one row.
    samples.append(sample(5, [3], Input([70], .int32, .constant(2))))
    for (number, type) in Shapes.everyFloat.enumerated() {
      samples.append(
        sample(5, [7], Self.indices([9], 5, seed: seeded("embedding", 100 + number)), type))
    }
    for type in [ScalarType.int64, .uint8] {
      samples.append(sample(5, [7], Self.indices([9], 5, type, seed: seeded("embedding", 200))))
    }
    return OperationRecord(
      "embedding", family: "Lookup", samples: samples,
      badCalls: badIndices([4, 3], [2, 2], lowest: 0) { [try embedding($0[0], $0[1])] }
        + [
          BadCall("scalar", [.shape], [Input([]), Input([2], .int32, .constant(0))]) {
            _ = try embedding($0[0], $0[1])
          }
        ],
      benchmarks: [sample(20_000, [128], Self.indices([16_384], 20_000, seed: 3))])
  }()

  private static let encoded: OperationRecord = {
    func sample(
      _ shape: [Int], _ depth: Int, _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ indexType: ScalarType = .int32, on: Double = 1, off: Double = 0
    ) -> Sample {
      let range: Values = indexType == .uint8 ? .integers(0, depth + 1) : .integers(-1, depth + 1)
      let at = axis < 0 ? axis + shape.count + 1 : axis
      return Sample(
        "oneHot", "depth \(depth) axis \(axis) \(type) \(on) \(off)",
        [Input(shape, indexType, range, seed: seeded("oneHot", number))], tolerance: .exact,
        call: { [try oneHot($0[0], depth: depth, axis: axis, on: on, off: off, as: type)] },
        reference: { operands in
          var result = shape
          result.insert(depth, at: at)
          return [
            Reference(result) { index in
              var own = index
              let number = own.remove(at: at)
              return operands[0][own] == Double(number) ? on : off
            }
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    var samples: [Sample] = []
    for shape in [[], [1], [7], [3, 5], [2, 0], [64]] {
      for depth in [0, 1, 4, 65] { samples.append(sample(shape, depth, -1, samples.count)) }
    }
    for axis in [0, 1, 2, -1, -2, -3] { samples.append(sample([3, 5], 4, axis, 100 + axis)) }
    samples.append(sample([9], 4, -1, 200, on: 5, off: -2))
    for (number, type) in ScalarType.allCases.enumerated() {
      samples.append(sample([9], 4, 0, 210 + number, type))
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([9], 4, -1, 220 + number, .float32, type))
    }
    let indices = Input([2, 3], .int32, .constant(0))
    return OperationRecord(
      "oneHot", family: "Lookup", samples: samples,
      badCalls: BadCall.types([.float32, .float16, .bool], shapes: [[2, 3], [], [5]]) {
        _ = try oneHot($0[0], depth: 3)
      }
        + [-1, .min, .max].map { depth in
          BadCall("depth \(depth)", [.argument], [indices]) { _ = try oneHot($0[0], depth: depth) }
        }
        + [3, -4].map { axis in
          BadCall("axis \(axis)", [.argument], [indices]) {
            _ = try oneHot($0[0], depth: 3, axis: axis)
          }
        })
  }()
}
