internal import Geometry
internal import Tensors

/// Comparisons, logic, selection, clipping and casts.
enum ComparisonCases {
  static let records: [OperationRecord] =
    comparisons + logic + [isNaNRecord, isFiniteRecord, selection, clipping, casts]

  private static let ordered = Shapes.everyFloat + Shapes.everyInteger

  private static let comparisons: [OperationRecord] = [
    comparison("equal", { try equal($0, $1) }, { $0 == $1 }),
    comparison("notEqual", { try notEqual($0, $1) }, { $0 != $1 }),
    comparison("less", { try less($0, $1) }, { $0 < $1 }),
    comparison("lessEqual", { try lessEqual($0, $1) }, { $0 <= $1 }),
    comparison("greater", { try greater($0, $1) }, { $0 > $1 }),
    comparison("greaterEqual", { try greaterEqual($0, $1) }, { $0 >= $1 }),
  ]

  private static func comparison(
    _ name: String, _ call: @escaping @Sendable (Tensor, Tensor) throws -> Tensor,
    _ holds: @escaping @Sendable (Double, Double) -> Bool
  ) -> OperationRecord {
    var pointwise = Pointwise(
      name: name, family: "Comparison", values: [.integers(-2, 2), .integers(-2, 2)],
      tolerance: .exact, types: ordered, isDifferentiable: false, mayBeZero: true,
      call: { try call($0[0], $0[1]) }, function: { holds($0[0], $0[1]) ? 1 : 0 })
    let isEquality = name == "equal" || name == "notEqual"
    if isEquality { pointwise.types.append(.bool) }
    return pointwise.binary(rejecting: isEquality ? [] : [.bool])
  }

  private static let logic: [OperationRecord] = [
    connective("logicalAnd", { try logicalAnd($0, $1) }, { $0 && $1 }),
    connective("logicalOr", { try logicalOr($0, $1) }, { $0 || $1 }),
    connective("logicalXor", { try logicalXor($0, $1) }, { $0 != $1 }),
    {
      let pointwise = Pointwise(
        name: "logicalNot", family: "Comparison", values: [.bools], tolerance: .exact, types: [],
        integers: [.bools], isDifferentiable: false, specials: [], mayBeZero: true,
        call: { try logicalNot($0[0]) }, function: { 1 - $0[0] })
      return OperationRecord(
        "logicalNot", family: "Comparison",
        samples: Shapes.sweep.enumerated().map { pointwise.sample([$1], .bool, $0) }
          + [pointwise.sample([[5, 3, 4]], .bool, 100, views: [.permuted])],
        badCalls: BadCall.types([.float32, .int32, .uint8]) { _ = try logicalNot($0[0]) },
        benchmarks: [pointwise.sample([[1 << 22]], .bool, 800)])
    }(),
  ]

  private static func connective(
    _ name: String, _ call: @escaping @Sendable (Tensor, Tensor) throws -> Tensor,
    _ holds: @escaping @Sendable (Bool, Bool) -> Bool
  ) -> OperationRecord {
    let pointwise = Pointwise(
      name: name, family: "Comparison", values: [.bools, .bools], tolerance: .exact, types: [],
      integers: [.bools, .bools], isDifferentiable: false, specials: [], mayBeZero: true,
      call: { try call($0[0], $0[1]) },
      function: { holds($0[0] != 0, $0[1] != 0) ? 1 : 0 })
    let run: @Sendable ([Tensor]) throws -> Void = { _ = try call($0[0], $0[1]) }
    return OperationRecord(
      name, family: "Comparison",
      samples: Shapes.pairs.enumerated().map { index, pair in
        pointwise.sample([pair.0, pair.1], .bool, index)
          .with { $0.runsEverywhere = pair.0 == pair.1 }
      } + [pointwise.sample([[4, 5], [4, 5]], .bool, 100, views: [.permuted, .sliced])],
      badCalls: BadCall.pairs(.bool, others: [], call: run)
        + BadCall.types([.float32, .int32, .uint8], arity: 2, call: run),
      benchmarks: [pointwise.sample([[1 << 22], [1 << 22]], .bool, 800)])
  }

  private static let isNaNRecord = Pointwise(
    name: "isNaN", family: "Comparison", values: [.list([1, .nan, .infinity, 0, -.infinity])],
    tolerance: .exact, isDifferentiable: false, mayBeZero: true,
    call: { try isNaN($0[0]) }, function: { $0[0].isNaN ? 1 : 0 }
  ).unary()

  private static let isFiniteRecord = Pointwise(
    name: "isFinite", family: "Comparison", values: [.list([1, .nan, .infinity, 0, -.infinity])],
    tolerance: .exact, isDifferentiable: false, mayBeZero: true,
    call: { try isFinite($0[0]) }, function: { $0[0].isFinite ? 1 : 0 }
  ).unary()

  private static func selected(
    _ shapes: [[Int]], _ type: ScalarType, _ index: Int, views: [Input.View] = []
  ) -> Sample {
    let values: Values =
      type.isFloatingPoint ? .normal(1) : type == .bool ? .bools : .integers(1, 9)
    let inputs = shapes.enumerated().map { k, shape in
      Input(
        shape, k == 0 ? .bool : type, k == 0 ? .bools : values,
        view: k < views.count ? views[k] : .plain, seed: seeded("select", 8 * index + k))
    }
    return Sample(
      "select", "", inputs, differentiable: [1, 2], tolerance: .exact,
      call: { [try select($0[0], $0[1], $0[2])] },
      reference: { [Reference.elementwise($0) { $0[0] != 0 ? $0[1] : $0[2] }] }
    ).with { $0.mayBeZero = true }
  }

  private static let selection: OperationRecord = {
    var samples = Shapes.sweep.enumerated().map { selected([$1, $1, $1], .float32, $0) }
    let mixed: [[[Int]]] = [
      [[3, 5], [], [3, 5]], [[5], [3, 5], [3, 1]], [[3, 1], [5], []], [[], [4], [4]],
      [[0], [1], [0]], [[2, 1, 4], [3, 1], [4]],
    ]
    samples += mixed.enumerated().map { index, shapes in
      selected(shapes, .float32, 100 + index).with { $0.runsEverywhere = index < 2 }
    }
    samples.append(
      selected([[4, 5], [4, 5], [4, 5]], .float32, 120, views: [.permuted, .sliced]))
    for (index, type) in (ordered + [.bool]).enumerated() {
      samples.append(
        selected([[33], [33], [33]], type, 130 + index).with { $0.differentiable = [] })
    }
    func bad(_ what: String, _ kind: TensorError.Kind, _ inputs: [Input], _ stranger: Int? = nil)
      -> BadCall
    {
      BadCall(what, [kind], inputs, stranger: stranger) { _ = try select($0[0], $0[1], $0[2]) }
    }
    let condition = Input([2, 3], .bool, .bools)
    let x = Input([2, 3])
    var badCalls = [ScalarType.float32, .int32, .uint8, .int64, .float64].map {
      bad("condition", .dtype, [Input([2, 3], $0, .integers(0, 1)), x, x])
    }
    badCalls += [ScalarType.float64, .int32, .bool].flatMap { type in
      let y = Input([2, 3], type, .integers(0, 1))
      return [bad("types", .dtype, [condition, x, y]), bad("types", .dtype, [condition, y, x])]
    }
    for shape in [[2], [3, 2], [0]] {
      let other = Input(shape)
      badCalls += [
        bad("shapes", .shape, [condition, x, other]), bad("shapes", .shape, [condition, other, x]),
        bad("shapes", .shape, [Input(shape, .bool, .bools), x, x]),
      ]
    }
    badCalls += (0..<3).map { bad("devices", .device, [condition, x, x], $0) }
    return OperationRecord(
      "select", family: "Comparison", samples: samples, badCalls: badCalls,
      benchmarks: [selected([[1 << 22], [1 << 22], [1 << 22]], .float32, 800)])
  }()

  private static let clipping: OperationRecord = {
    let bounds: [(Double?, Double?)] = [(-0.5, 0.75), (-0.5, nil), (nil, 0.75)]
    func text(_ bound: Double?) -> String { bound.map { "\($0)" } ?? "nil" }
    let forms = bounds.map { (low: Double?, high: Double?) -> Pointwise in
      Pointwise(
        name: "clip", family: "Comparison",
        attributes: "min \(text(low)) max \(text(high))",
        values: [.normal(1)], tolerance: .exact, mayBeZero: true, isTwiceDifferentiable: false,
        call: { try clip($0[0], min: low, max: high) },
        function: { x in
          let raised = Swift.max(x[0], low ?? -Double.infinity)
          return x[0].isNaN ? x[0] : Swift.min(raised, high ?? Double.infinity)
        })
    }
    let samples =
      forms[0].unarySamples
      + forms.dropFirst().enumerated().flatMap { number, form in
        Shapes.few.enumerated().map { form.sample([$1], .float32, 500 + 10 * number + $0) }
      }
    let badCalls =
      BadCall.types([.bool]) { _ = try clip($0[0], min: 0, max: 1) }
      + [
        ("nan minimum", Double.nan, 1.0), ("nan maximum", 0, .nan), ("crossed", 1, 0),
        ("crossed infinities", .infinity, -.infinity), ("both nan", .nan, .nan),
      ].map { what, low, high in
        BadCall(what, [.argument], [Input([2, 3])]) { _ = try clip($0[0], min: low, max: high) }
      }
    return OperationRecord(
      "clip", family: "Comparison", samples: samples, badCalls: badCalls,
      benchmarks: forms[0].benchmarks([[[1 << 22]]]))
  }()

  private static let casts: OperationRecord = {
    func cast(
      _ shape: [Int], _ from: ScalarType, _ to: ScalarType, _ values: Values, _ index: Int,
      view: Input.View = .plain
    ) -> Sample {
      Sample(
        "cast", "to \(to)", [Input(shape, from, values, view: view, seed: seeded("cast", index))],
        differentiable: from == .float32 && to.isFloatingPoint ? [0] : [],
        tolerance: .exact, call: { [try $0[0].cast(to: to)] },
        reference: { [$0[0].map { converted($0, from, to) }] }
      ).with {
        $0.isTwiceDifferentiable = false
        $0.mayBeZero = true
        $0.isSmooth = to == .float64
        if to != .float32 && to != .float64 { $0.gradientTolerance = .scaled(131_072) }
      }
    }
    var samples: [Sample] = []
    for (i, from) in ScalarType.allCases.enumerated() {
      for (j, to) in ScalarType.allCases.enumerated() {
        let values: Values =
          from.isFloatingPoint
          ? .normal(40) : from == .bool ? .bools : .integers(from == .uint8 ? 0 : -99, 200)
        samples.append(
          cast([33], from, to, values, 10 * i + j).with {
            $0.runsEverywhere = from == .float32 || (to == .float32 && from != .float64)
          })
      }
    }
    samples += Shapes.sweep.enumerated().map { cast($1, .float32, .int32, .normal(9), 200 + $0) }
    samples.append(cast([5, 3, 4], .float32, .float16, .normal(9), 250, view: .permuted))
    let specials: Values = .list([
      .nan, .infinity, -.infinity, 3e9, -3e9, 1e19, -1e19, 300, -5, 0.9, -0.9, -0.0, 255.5,
    ])
    samples += ScalarType.allCases.enumerated().map { index, to in
      cast([13], .float32, to, specials, 300 + index).with {
        $0.differentiable = []
        $0.mayBeNaN = true
      }
    }
    return OperationRecord(
      "cast", family: "Comparison", samples: samples, badCalls: [],
      benchmarks: [cast([1 << 22], .float32, .float16, .normal(1), 800)],
      cannotFail: "every type has a meaning as every other")
  }()

  /// Towards zero and saturating, as casts go.
  private static func converted(_ x: Double, _ from: ScalarType, _ to: ScalarType) -> Double {
    func clamped(_ low: Double, _ high: Double) -> Double {
      x.isNaN ? 0 : Swift.min(Swift.max(x.rounded(.towardZero), low), high)
    }
    let limit32 = Double(Int32.max)
    switch to {
    case .bool: return x == 0 ? 0 : 1
    case .uint8: return from.isFloatingPoint ? clamped(0, 255) : wrapped(x)
    case .int32: return clamped(-limit32 - 1, limit32)
    case .int64: return clamped(-0x1p63, 0x1p63)
    default: return to.rounding(x)
    }
  }

  /// The lowest eight bits.
  private static func wrapped(_ x: Double) -> Double { Double(UInt8(truncatingIfNeeded: Int(x))) }
}
