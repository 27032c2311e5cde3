internal import Geometry
internal import Tensors

/// Tensors made from numbers, and tensors taken to another device.
enum CreationCases {
  static let records: [OperationRecord] = [
    filled("zeros", 0) { try Tensor.zeros(Shape($0), as: $1) },
    filled("ones", 1) { try Tensor.ones(Shape($0), as: $1) },
    filled("full", 7) { try Tensor.full(7, Shape($0), as: $1) },
    arange, linspace, eye, triangle, moved, stopped,
  ]

  /// A sample without operands.
  private static func made(
    _ name: String, _ attributes: String, tolerance: Tolerance = .exact,
    _ call: @escaping @Sendable () throws -> Tensor, _ naive: @escaping @Sendable () -> Reference
  ) -> Sample {
    Sample(
      name, attributes, [], tolerance: tolerance, call: { _ in [try call()] },
      reference: { _ in [naive()] }
    ).with { $0.mayBeZero = true }
  }

  /// A bad call without operands.
  private static func bad(
    _ what: String, _ kinds: Set<TensorError.Kind>, _ call: @escaping @Sendable () throws -> Void
  ) -> BadCall {
    BadCall(what, kinds, []) { _ in try call() }
  }

  /// Shapes that no tensor has.
  static let impossible: [[Int]] = [
    [-1], [2, -3], [.min], [.max], [1 << 31], [1 << 40, 1 << 40], [.max, .max], [-1, 0],
    [1, 1, 1, 1, 1, 1, 1, 1, 1], [1 << 16, 1 << 16, 1 << 16],
  ]

  private static func filled(
    _ name: String, _ value: Double,
    _ call: @escaping @Sendable ([Int], ScalarType) throws -> Tensor
  ) -> OperationRecord {
    var samples = Shapes.sweep.map { shape in
      made(name, "\(shape)", { try call(shape, .float32) }) { Reference(shape, repeating: value) }
    }
    samples += ScalarType.allCases.dropFirst().map { type in
      made(name, "\(type)", { try call([5, 7], type) }) {
        Reference([5, 7], repeating: type.rounding(value))
      }
    }
    return OperationRecord(
      name, family: "Creation", samples: samples,
      badCalls: impossible.map { shape in
        bad("shape \(shape)", [.shape]) { _ = try call(shape, .float32) }
      })
  }

  private static let arange: OperationRecord = {
    let cases: [(Double, Double, Double)] = [
      (0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 7, 1), (0, 64, 1), (0, 65, 1), (0, 257, 1), (0, 1025, 1),
      (3, 9, 2), (3, 10, 2), (9, 3, -1), (9, 3, -2), (5, 5, 1), (5, 3, 1), (0, 1, 0.25),
      (-1, 1, 0.5),
      (1, 0, -0.125), (2.5, 6, 1), (-7, -2, 1), (0, 4099, 1), (0, 1, 0.1),
    ]
    func sample(_ from: Double, _ to: Double, _ step: Double, _ type: ScalarType) -> Sample {
      made(
        "arange", "\(from) to \(to) step \(step) \(type)", tolerance: .ulps(1),
        { try Tensor.arange(from, to, step: step, as: type) }
      ) {
        let count = Swift.max(0, Int(((to - from) / step).rounded(.up)))
        return Reference([count], (0..<count).map { type.rounding(from + Double($0) * step) })
      }
    }
    return OperationRecord(
      "arange", family: "Creation",
      samples: cases.map { sample($0.0, $0.1, $0.2, .float32) }
        + [ScalarType.int32, .int64, .float64].map { sample(3, 40, 3, $0) },
      badCalls: [
        (0, 5, 0), (0, 5, .nan), (.nan, 5, 1), (0, .nan, 1), (0, .infinity, 1), (-.infinity, 0, 1),
        (0, 1e300, 1), (0, 1, 1e-300), (0, 5, -0.0), (.infinity, .infinity, 1), (0, 5e9, 1),
      ].map { (from: Double, to: Double, step: Double) in
        bad("\(from) to \(to) step \(step)", [.argument, .shape]) {
          _ = try Tensor.arange(from, to, step: step)
        }
      })
  }()

  private static let linspace: OperationRecord = {
    let cases: [(Double, Double, Int)] = [
      (0, 1, 1), (0, 1, 2), (0, 1, 3), (0, 1, 5), (0, 1, 7), (0, 1, 8), (0, 1, 9), (0, 1, 31),
      (0, 1, 33), (0, 1, 64), (0, 1, 65), (0, 1, 257), (-1, 1, 5), (1, -1, 5), (2, 2, 4),
      (0, 10, 11),
      (-3.5, 4.25, 17), (0, 1, 0), (100, 200, 1021), (0, 1e-3, 13),
    ]
    return OperationRecord(
      "linspace", family: "Creation",
      samples: cases.map { from, to, count in
        made(
          "linspace", "\(from) to \(to) count \(count)", tolerance: .scaled(4),
          { try Tensor.linspace(from, to, count: count) }
        ) {
          Reference(
            [count],
            (0..<count).map { from + (to - from) * Double($0) / Double(Swift.max(count - 1, 1)) })
        }
      },
      badCalls: [
        (0, 1, -1), (0, 1, .min), (0, 1, .max), (0, 1, 1 << 40), (.nan, 1, 3), (0, .nan, 3),
        (.infinity, 1, 3), (0, -.infinity, 3), (.nan, .nan, 2), (0, 1, 1 << 31),
      ].map { (from: Double, to: Double, count: Int) in
        bad("\(from) to \(to) count \(count)", [.argument, .shape]) {
          _ = try Tensor.linspace(from, to, count: count)
        }
      })
  }()

  private static let eye: OperationRecord = {
    let cases: [(Int, Int?)] = [
      (0, nil), (1, nil), (2, nil), (3, nil), (7, nil), (8, nil), (31, nil), (33, nil), (64, nil),
      (65, nil), (2, 3), (3, 2), (0, 3), (3, 0), (1, 7), (7, 1), (5, 5), (17, 33), (33, 17),
      (1, 257),
    ]
    func sample(_ rows: Int, _ columns: Int?, _ type: ScalarType) -> Sample {
      made(
        "eye", "\(rows) \(columns.map(String.init) ?? "") \(type)",
        { try Tensor.eye(rows, columns, as: type) }
      ) {
        Reference([rows, columns ?? rows]) { $0[0] == $0[1] ? 1 : 0 }
      }
    }
    return OperationRecord(
      "eye", family: "Creation",
      samples: cases.map { sample($0.0, $0.1, .float32) }
        + [ScalarType.float64, .int32, .bool, .float16].map { sample(5, 4, $0) },
      badCalls: [
        (-1, nil), (.min, nil), (.max, nil), (2, -1), (-1, 2), (1 << 31, nil), (1, .max), (1, .min),
        (1 << 30, 1 << 30), (-1, -1),
      ].map { (rows: Int, columns: Int?) in
        bad("\(rows) \(columns ?? rows)", [.shape, .argument]) {
          _ = try Tensor.eye(rows, columns)
        }
      })
  }()

  private static let triangle: OperationRecord = {
    let cases: [(Int, Int, Int, Bool)] = [
      (0, 0, 0, false), (1, 1, 0, false), (2, 2, 0, true), (3, 3, 0, false), (3, 3, 0, true),
      (3, 3, 1, false), (3, 3, 1, true), (3, 3, -1, false), (3, 3, -1, true), (3, 5, 0, false),
      (5, 3, 0, true), (3, 5, 2, true), (5, 3, -2, false), (0, 3, 0, false), (3, 0, 0, true),
      (1, 7, 0, true), (7, 1, 0, false), (17, 17, 0, false), (33, 31, 3, true), (64, 65, 0, false),
      (3, 3, 9, false), (3, 3, -9, false),
    ]
    func sample(_ rows: Int, _ columns: Int, _ diagonal: Int, _ upper: Bool, _ type: ScalarType)
      -> Sample
    {
      made(
        "triangle", "\(rows) \(columns) diagonal \(diagonal) upper \(upper) \(type)",
        {
          try Tensor.triangle(
            rows, columns, diagonal: diagonal, upper: upper, as: type)
        }
      ) {
        Reference([rows, columns]) {
          (upper ? $0[1] >= $0[0] + diagonal : $0[1] <= $0[0] + diagonal) ? 1 : 0
        }
      }
    }
    return OperationRecord(
      "triangle", family: "Creation",
      samples: cases.map { sample($0.0, $0.1, $0.2, $0.3, .bool) }
        + [ScalarType.float32, .int32].map { sample(5, 4, 0, true, $0) },
      badCalls: [
        (-1, 2), (2, -1), (.min, 2), (2, .min), (.max, 2), (2, .max), (1 << 31, 1), (1, 1 << 31),
        (1 << 30, 1 << 30), (-1, -1),
      ].map { (rows: Int, columns: Int) in
        bad("\(rows) \(columns)", [.shape, .argument]) {
          _ = try Tensor.triangle(rows, columns)
        }
      })
  }()

  private static let moved: OperationRecord = {
    func sample(_ shape: [Int], _ type: ScalarType, _ index: Int, view: Input.View = .plain)
      -> Sample
    {
      let values: Values =
        type.isFloatingPoint ? .normal(1) : type == .bool ? .bools : .integers(1, 9)
      return Sample(
        "moved", "there and back",
        [Input(shape, type, values, view: view, seed: seeded("moved", index))], tolerance: .exact,
        call: { [try $0[0].moved(to: .cpu).moved(to: $0[0].device)] }, reference: { $0 }
      ).with { $0.mayBeZero = type == .bool }
    }
    return OperationRecord(
      "moved", family: "Creation",
      samples: Shapes.sweep.enumerated().map { sample($1, .float32, $0) }
        + ScalarType.allCases.dropFirst().enumerated().map { sample([5, 7], $1, 100 + $0) }
        + [sample([5, 3, 4], .float32, 120, view: .permuted)],
      badCalls: [], cannotFail: "every tensor can go to every device that exists")
  }()

  private static let stopped: OperationRecord = {
    OperationRecord(
      "stopGradient", family: "Creation",
      samples: Shapes.sweep.enumerated().map { index, shape in
        Sample(
          "stopGradient", "", [Input(shape, seed: seeded("stopGradient", index))],
          tolerance: .exact,
          call: { [try stopGradient($0[0])] }, reference: { $0 })
      }, badCalls: [], cannotFail: "it passes every tensor through")
  }()
}
