internal import Geometry
internal import Tensors

/// The forms of dropout, with masks from the generator written out once more.
enum DropoutCases {
  static let records: [OperationRecord] = [
    record(
      "dropout", tolerance: .ulps(2), { try dropout($0, rate: $1, source: $2) },
      place: { _, _, position in position },
      kept: { $0 / (1 - $1) }, dropped: { _ in 0 }),
    record(
      "spatialDropout", tolerance: .ulps(2), leastRank: 2,
      { try spatialDropout($0, rate: $1, source: $2) },
      place: { shape, index, _ in index[0] * shape[shape.count - 1] + index[index.count - 1] },
      kept: { $0 / (1 - $1) }, dropped: { _ in 0 }),
    record(
      "alphaDropout", tolerance: .absolute(8), { try alphaDropout($0, rate: $1, source: $2) },
      place: { _, _, position in position },
      kept: { x, rate in rate == 1 ? 0 : slope(rate) * x - slope(rate) * rate * lowest },
      dropped: { rate in rate == 1 ? 0 : slope(rate) * lowest * (1 - rate) }),
  ]

  /// What `selu` comes to at -∞.
  private static let lowest = -1.7580993408473766

  private static func slope(_ rate: Double) -> Double {
    1 / ((1 - rate) * (1 + rate * lowest * lowest)).squareRoot()
  }

  private static let shapes: [[Int]] = [
    [1, 1], [2, 3], [3, 1], [1, 7], [5, 8], [3, 9], [2, 31], [7, 33], [1, 64], [5, 65], [3, 127],
    [2, 255], [4, 256], [1, 1025], [2, 3, 4], [3, 2, 2, 5], [0, 3], [2, 0, 3], [2, 1, 3, 1, 2, 1],
    [4099, 1],
  ]

  private static func record(
    _ name: String, tolerance: Tolerance, leastRank: Int = 0,
    _ call: @escaping @Sendable (Tensor, Double, RandomSource) throws -> Tensor,
    place: @escaping @Sendable ([Int], [Int], Int) -> Int,
    kept: @escaping @Sendable (Double, Double) -> Double,
    dropped: @escaping @Sendable (Double) -> Double
  ) -> OperationRecord {
    let seed: UInt64 = 0xFEED_0123_4567_89AB
    func sample(
      _ shape: [Int], _ rate: Double, _ type: ScalarType, _ view: Input.View, _ number: Int
    ) -> Sample {
      let isHalf = type == .float16 || type == .bfloat16
      return Sample(
        name, "rate \(rate)", [Input(shape, type, view: view, seed: seeded(name, number))],
        differentiable: isHalf ? [] : [0], tolerance: isHalf ? .absolute(4) : tolerance,
        call: { [try call($0[0], rate, RandomSource(seed: seed))] },
        reference: { operands in
          let x = operands[0]
          var position = -1
          return [
            Reference(x.shape) { index in
              position += 1
              let word = RandomCases.word(seed, place(x.shape, index, position))
              let stays = Double(word >> 8) * 0x1p-24 >= Double(Float(rate))
              return stays ? kept(x[index], rate) : dropped(rate)
            }
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    let rates = [0.5, 0.1, 0.9, 0.3, 0, 1]
    var samples = shapes.enumerated().map { number, shape in
      sample(shape, rates[number % 6], .float32, .plain, number)
        .with { $0.runsEverywhere = number % 2 == 0 }
    }
    for (number, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([4, 3, 6], 0.4, .float32, view, 100 + number)
          .with { $0.runsEverywhere = view == .permuted })
    }
    for (number, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample([5, 7], 0.5, type, .plain, 200 + number))
    }
    let source = RandomSource(seed: 1)
    var calls = BadCall.types([.int32, .bool, .uint8], shapes: [[2, 3], [1, 4]]) {
      _ = try call($0[0], 0.5, source)
    }
    for rate in [-0.1, 1.1, Double.nan, .infinity, -.infinity] {
      calls.append(
        BadCall("rate \(rate)", [.argument], [Input([2, 3])]) { _ = try call($0[0], rate, source) })
    }
    for shape in [[], [3]] where shape.count < leastRank {
      calls.append(
        BadCall("rank", [.shape], [Input(shape)]) { _ = try call($0[0], 0.5, source) })
    }
    return OperationRecord(
      name, family: "Dropout", samples: samples, badCalls: calls,
      benchmarks: [sample([64, 1 << 16], 0.5, .float32, .plain, 800)])
  }
}
