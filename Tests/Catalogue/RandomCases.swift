internal import Foundation
internal import Geometry
internal import Tensors

/// Random tensors, against the generator written out once more.
enum RandomCases {
  static let records: [OperationRecord] = [
    uniform, normal, truncatedNormal, bernoulli, categorical, permutation,
  ]

  /// The random word of element `index` of the first tensor drawn from a source.
  static func word(_ seed: UInt64, _ index: Int) -> UInt32 {
    block(seed, UInt64(index / 4))[index % 4]
  }

  /// Philox4x32-10 (Salmon and others, 2011).
  static func block(_ seed: UInt64, _ counter: UInt64) -> [UInt32] {
    var words = [
      UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), 0, 0,
    ]
    var keys = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(words[0])
      let second = UInt64(0xCD9E_8D57) * UInt64(words[2])
      words = [
        UInt32(second >> 32) ^ words[1] ^ keys[0], UInt32(truncatingIfNeeded: second),
        UInt32(first >> 32) ^ words[3] ^ keys[1], UInt32(truncatingIfNeeded: first),
      ]
      keys = [keys[0] &+ 0x9E37_79B9, keys[1] &+ 0xBB67_AE85]
    }
    return words
  }

  private static func unit(_ seed: UInt64, _ index: Int) -> Double {
    Double(word(seed, index) >> 8) * 0x1p-24
  }

  private static func signed(_ seed: UInt64, _ index: Int) -> Double {
    Double(Int(word(seed, index) >> 8) * 2 + 1 - 0x100_0000) * 0x1p-24
  }

  private static func drawn(
    _ name: String, _ attributes: String, _ shape: [Int], tolerance: Tolerance,
    _ call: @escaping @Sendable (RandomSource) throws -> Tensor,
    _ element: @escaping @Sendable (UInt64, Int) -> Double
  ) -> Sample {
    let seed: UInt64 = 0x1234_5678_9ABC_DEF0
    return Sample(
      name, "\(shape) \(attributes)", [], tolerance: tolerance,
      call: { _ in [try call(RandomSource(seed: seed))] },
      reference: { _ in
        let count = shape.reduce(1, *)
        return [Reference(shape, (0..<count).map { element(seed, $0) })]
      }
    ).with { $0.mayBeZero = true }
  }

  private static func bad(
    _ what: String, _ kinds: Set<TensorError.Kind>, _ call: @escaping @Sendable () throws -> Void
  ) -> BadCall {
    BadCall(what, kinds, []) { _ in try call() }
  }

  /// Parameters that belong to no distribution.
  private static func meaningless(
    _ call: @escaping @Sendable ([Int], Double, Double, ScalarType) throws -> Void
  ) -> [BadCall] {
    CreationCases.impossible.map { shape in
      bad("shape \(shape)", [.shape]) { try call(shape, 0, 1, .float32) }
    }
      + [(Double.nan, 1), (0, .nan), (.infinity, 1), (0, .infinity), (0, -1)].map {
        (first: Double, second: Double) in
        bad("\(first) and \(second)", [.argument]) { try call([3], first, second, .float32) }
      }
      + [ScalarType.int32, .bool, .uint8].map { type in
        bad("\(type)", [.dtype]) { try call([3], 0, 1, type) }
      }
  }

  private static let uniform = OperationRecord(
    "uniform", family: "Random",
    samples: Shapes.sweep.map { shape in
      drawn(
        "uniform", "", shape, tolerance: .exact, { try Tensor.uniform(Shape(shape), source: $0) },
        unit)
    }
      + [[7], [257], [3, 5]].map { shape in
        drawn(
          "uniform", "from -2 to 3", shape, tolerance: .absolute(4),
          { try Tensor.uniform(Shape(shape), from: -2, to: 3, source: $0) }
        ) { unit($0, $1) * 5 - 2 }
      }
      + Shapes.everyFloat.map { type in
        drawn(
          "uniform", "\(type)", [33], tolerance: .exact,
          { try Tensor.uniform([33], as: type, source: $0) }, unit)
      },
    badCalls: meaningless { shape, low, high, type in
      _ = try Tensor.uniform(Shape(shape), from: low, to: high, as: type)
    },
    benchmarks: [
      drawn(
        "uniform", "", [1 << 22], tolerance: .exact,
        { try Tensor.uniform([1 << 22], source: $0) }, unit)
    ])

  private static func gaussian(
    _ name: String, share: Double, tolerance: Tolerance,
    _ call: @escaping @Sendable ([Int], Double, Double, ScalarType, RandomSource?) throws -> Tensor
  ) -> OperationRecord {
    let element: @Sendable (UInt64, Int) -> Double = { seed, index in
      2.0.squareRoot() * ElementwiseCases.inverseErf(share * signed(seed, index))
    }
    return OperationRecord(
      name, family: "Random",
      samples: Shapes.sweep.map { shape in
        drawn(
          name, "", shape, tolerance: tolerance, { try call(shape, 0, 1, .float32, $0) }, element)
      }
        + [[7], [257], [3, 5]].map { shape in
          drawn(
            name, "mean 3 standardDeviation 0.5", shape, tolerance: .absolute(8),
            { try call(shape, 3, 0.5, .float32, $0) }
          ) { 3 + 0.5 * element($0, $1) }
        }
        + [ScalarType.float16, .bfloat16].map { type in
          drawn(
            name, "\(type)", [33], tolerance: .ulps(1), { try call([33], 0, 1, type, $0) }, element)
        },
      badCalls: meaningless { _ = try call($0, $1, $2, $3, nil) },
      benchmarks: [
        drawn(
          name, "", [1 << 22], tolerance: tolerance, { try call([1 << 22], 0, 1, .float32, $0) },
          element)
      ])
  }

  private static let normal = gaussian("normal", share: 1, tolerance: .ulps(16)) {
    try Tensor.normal(Shape($0), mean: $1, standardDeviation: $2, as: $3, source: $4)
  }

  private static let truncatedNormal = gaussian(
    "truncatedNormal", share: 0.9544997361036416, tolerance: .ulps(32)
  ) {
    try Tensor.truncatedNormal(Shape($0), mean: $1, standardDeviation: $2, as: $3, source: $4)
  }

  private static let bernoulli = OperationRecord(
    "bernoulli", family: "Random",
    samples: Shapes.sweep.enumerated().map { number, shape in
      let probability = [0.5, 0.1, 0, 1, 0.9][number % 5]
      return drawn(
        "bernoulli", "probability \(probability)", shape, tolerance: .exact,
        { try Tensor.bernoulli(Shape(shape), probability: probability, source: $0) }
      ) { unit($0, $1) < Double(Float(probability)) ? 1 : 0 }
    },
    badCalls: CreationCases.impossible.map { shape in
      bad("shape \(shape)", [.shape]) { _ = try Tensor.bernoulli(Shape(shape), probability: 0.5) }
    }
      + [-0.1, 1.1, .nan, .infinity, -.infinity].map { (probability: Double) in
        bad("probability \(probability)", [.argument]) {
          _ = try Tensor.bernoulli([3], probability: probability)
        }
      })

  private static let categorical: OperationRecord = {
    let shapes: [[Int]] = [
      [1], [2], [3], [7], [33], [257], [1, 1], [2, 3], [3, 5], [5, 3], [0, 3], [7, 1], [64, 4],
      [65, 2], [17, 33], [2, 3, 4], [2, 1, 5], [3, 0, 2], [2, 2, 2, 2], [4, 64],
    ]
    let seed: UInt64 = 77
    return OperationRecord(
      "categorical", family: "Random",
      samples: shapes.enumerated().map { index, shape in
        Sample(
          "categorical", "", [Input(shape, seed: seeded("categorical", index))], tolerance: .exact,
          call: { [try Tensor.categorical($0[0], source: RandomSource(seed: seed))] },
          reference: { x in
            // The largest of the logits with Gumbel noise.
            let noisy = Reference(
              shape,
              x[0].values.enumerated().map { position, logit in
                logit - log(-log1p(-(signed(seed, position) / 2 + 0.5)))
              })
            return [
              noisy.reduced([shape.count - 1], keeping: false) { row in
                Double(row.firstIndex(of: row.max() ?? 0) ?? 0)
              }
            ]
          }
        ).with { $0.mayBeZero = true }
      },
      badCalls: BadCall.types([.int32, .bool, .uint8], shapes: [[2, 3], [4], [1, 1]]) {
        _ = try Tensor.categorical($0[0])
      }
        + [[], [0], [3, 0], [2, 3, 0]].map { shape in
          BadCall.one("nothing to draw from", shape) { _ = try Tensor.categorical($0) }
        })
  }()

  private static let permutation: OperationRecord = {
    let counts = [
      0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 256, 257, 1021, 1025,
    ]
    return OperationRecord(
      "permutation", family: "Random",
      samples: counts.map { count in
        let seed: UInt64 = 4242
        return Sample(
          "permutation", "\(count)", [], tolerance: .exact,
          call: { _ in [try Tensor.permutation(count, source: RandomSource(seed: seed))] },
          reference: { _ in
            var order = (0..<count).map(Double.init)
            var drawn = 0
            for last in stride(from: count - 1, to: 0, by: -1) {
              let bits = UInt64(word(seed, drawn)) << 32 | UInt64(word(seed, drawn + 1))
              drawn += 2
              order.swapAt(last, Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high))
            }
            return [Reference([count], order)]
          }
        ).with { $0.mayBeZero = true }
      },
      badCalls: [-1, -2, -1000, .min, .min + 1, .max, .max - 1, 1 << 31, 1 << 40, 1 << 62].map {
        count in
        bad("\(count)", [.shape, .argument]) { _ = try Tensor.permutation(count) }
      })
  }()
}
