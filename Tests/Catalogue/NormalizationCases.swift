internal import Geometry
internal import Tensors

/// Normalisations against their formulas, written out with loops over groups of elements.
enum NormalizationCases {
  static let records: [OperationRecord] = [
    batchNorm, batchNormInference, groupNorm, instanceNorm,
  ]

  /// Which of scale and shift a sample has.
  struct Extras {
    let scale: Bool, shift: Bool

    static let all = [
      Extras(scale: true, shift: true), Extras(scale: false, shift: false),
      Extras(scale: true, shift: false), Extras(scale: false, shift: true),
    ]

    var text: String { (scale ? " scale" : "") + (shift ? " shift" : "") }

    /// Scale and shift among the operands of a sample, whose first is normalised.
    func of<Operand>(_ operands: [Operand]) -> (scale: Operand?, shift: Operand?) {
      (scale ? operands[1] : nil, shift ? operands[scale ? 2 : 1] : nil)
    }
  }

  /// What elements come to that have one mean.
  struct Statistics {
    var mean = 0.0, variance = 0.0
  }

  /// The statistics of each group of elements, which `key` tells apart. Without a mean, the
  /// variance is the mean square.
  static func statistics(
    _ x: Reference, usesMean: Bool, _ key: ([Int]) -> [Int]
  ) -> [[Int]: Statistics] {
    var groups: [[Int]: [Double]] = [:]
    forEachIndex(of: x.shape) { groups[key($0), default: []].append(x[$0]) }
    return groups.mapValues { values in
      let count = Double(values.count)
      let mean = usesMean ? values.reduce(0, +) / count : 0
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return Statistics(mean: mean, variance: squares / count)
    }
  }

  static func normalized(
    _ operands: [Reference], _ extras: Extras, epsilon: Double, usesMean: Bool = true,
    extraAxes: Int, _ key: ([Int]) -> [Int]
  ) -> (Reference, [[Int]: Statistics]) {
    let x = operands[0]
    let found = statistics(x, usesMean: usesMean, key)
    let (scale, shift) = extras.of(operands)
    let y = Reference(x.shape) { index in
      let group = found[key(index)] ?? Statistics()
      let place = Array(index.suffix(extraAxes))
      let value = (x[index] - group.mean) / (group.variance + epsilon).squareRoot()
      return value * (scale?[place] ?? 1) + (shift?[place] ?? 0)
    }
    return (y, found)
  }

  static func inputs(
    _ name: String, _ shape: [Int], _ extras: Extras, _ extraShape: [Int], _ type: ScalarType,
    _ view: Input.View, _ number: Int
  ) -> [Input] {
    let seed = seeded(name, 3 * number)
    var inputs = [Input(shape, type, .uniform(-1, 3), view: view, seed: seed)]
    if extras.scale { inputs.append(Input(extraShape, type, .uniform(0.5, 2), seed: seed &+ 1)) }
    if extras.shift { inputs.append(Input(extraShape, type, .normal(1), seed: seed &+ 2)) }
    return inputs
  }

  /// A sample of which `least` elements share a mean at least.
  static func sample(
    _ name: String, _ attributes: String, _ shape: [Int], _ extraShape: [Int], least: Int,
    _ type: ScalarType, _ view: Input.View, _ number: Int, usesMean: Bool = true,
    call: @escaping @Sendable ([Tensor], Extras) throws -> [Tensor],
    reference: @escaping @Sendable ([Reference], Extras) -> [Reference]
  ) -> Sample {
    let extras = Extras.all[number % (usesMean ? 4 : 1)]
    let chosen = usesMean ? extras : Extras(scale: number % 2 == 0, shift: false)
    let inputs = inputs(name, shape, chosen, extraShape, type, view, number)
    let isHalf = type == .float16 || type == .bfloat16
    return Sample(
      name, attributes + chosen.text, inputs,
      differentiable: isHalf ? [] : Array(inputs.indices),
      // A few numbers may lie closely together.
      tolerance: .scaled(least < 8 ? 64 : 16),
      call: { try call($0, chosen) }, reference: { reference($0, chosen) }
    ).with {
      $0.gradientTolerance = .scaled(256)
      // Two numbers are normalised to -1 and 1 whatever they are: a slope of nearly nothing.
      $0.comparesGradients = least > 2 || !usesMean
      $0.mayBeZero = least < 2
      $0.operations = 8 * Double(shape.reduce(1, *))
    }
  }

  /// Samples of a float32 sweep, of views and of other types.
  static func samples(
    _ shapes: [[Int]], everywhere: Int,
    _ make: ([Int], ScalarType, Input.View, Int) -> Sample
  ) -> [Sample] {
    var samples = shapes.enumerated().map { number, shape in
      make(shape, .float32, .plain, number).with { $0.runsEverywhere = number % everywhere == 0 }
    }
    for (number, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        make([4, 3, 6], .float32, view, 100 + number).with {
          $0.runsEverywhere = view == .permuted
        })
    }
    for (number, type) in Shapes.everyFloat.enumerated() {
      samples.append(make([5, 3, 4], type, .plain, 200 + number))
      samples.append(make([3, 2, 8], type, .plain, 203 + number))
    }
    return samples
  }

  private static let channelShapes: [[Int]] = [
    [4, 1], [5, 3], [3, 2, 2, 4], [2, 3, 3, 5], [7, 7], [3, 5, 8], [2, 2, 3, 9], [2, 2, 2, 63],
    [5, 64], [2, 3, 65], [1, 1, 1, 3], [257, 3], [1025, 2], [33, 17], [2, 127], [3, 128], [3, 129],
    [5, 256], [3, 257], [3000, 1], [1100, 64], [1, 7], [2, 5, 0], [2, 2, 2, 2, 2, 2, 2, 3],
  ]

  private static let batchNorm = OperationRecord(
    "batchNorm", family: "Normalization",
    samples: samples(channelShapes, everywhere: 1) { batchNormSample($0, $1, $2, $3) },
    badCalls: channelCalls { x, scale, shift, epsilon in
      _ = try Tensors.batchNorm(x, scale: scale, shift: shift, epsilon: epsilon)
    }
      + [[0, 3], [2, 0, 4]].map { shape in
        BadCall("no positions", [.shape], [Input(shape)]) { _ = try Tensors.batchNorm($0[0]) }
      },
    benchmarks: [batchNormSample([32, 56, 56, 64], .float32, .plain, 800)])

  private static func batchNormSample(
    _ shape: [Int], _ type: ScalarType, _ view: Input.View, _ number: Int
  ) -> Sample {
    sample(
      "batchNorm", "", shape, [shape[shape.count - 1]], least: shape.dropLast().reduce(1, *), type,
      view, number,
      call: { operands, extras in
        let (scale, shift) = extras.of(operands)
        let (y, mean, variance) = try Tensors.batchNorm(operands[0], scale: scale, shift: shift)
        return [y, mean, variance]
      },
      reference: { operands, extras in
        let (y, found) = normalized(operands, extras, epsilon: 1e-3, extraAxes: 1) {
          Array($0.suffix(1))
        }
        let channels = [shape[shape.count - 1]]
        return [
          y, Reference(channels) { found[$0]?.mean ?? 0 },
          Reference(channels) { found[$0]?.variance ?? 0 },
        ]
      })
  }

  private static let batchNormInference = OperationRecord(
    "batchNormInference", family: "Normalization", functions: ["batchNorm"],
    samples: samples(channelShapes + [[3], [1], [0, 3]], everywhere: 4) {
      shape, type, view, number in
      let extras = Extras.all[number % 4]
      let channels = [shape[shape.count - 1]]
      let inputs =
        inputs("batchNormInference", shape, extras, channels, type, view, number)
        + [
          Input(channels, type, .normal(1), seed: seeded("mean", number)),
          Input(channels, type, .uniform(0.5, 3), seed: seeded("variance", number)),
        ]
      let count = inputs.count
      return Sample(
        "batchNormInference", "epsilon 0.01" + extras.text, inputs,
        differentiable: type == .float16 || type == .bfloat16 ? [] : Array(0..<count),
        tolerance: .scaled(32),
        call: { operands in
          let (scale, shift) = extras.of(operands)
          return [
            try Tensors.batchNorm(
              operands[0], mean: operands[count - 2], variance: operands[count - 1], scale: scale,
              shift: shift, epsilon: 0.01)
          ]
        },
        reference: { operands in
          let (scale, shift) = extras.of(operands)
          return [
            Reference(shape) { index in
              let channel = Array(index.suffix(1))
              let deviation = (operands[count - 1][channel] + 0.01).squareRoot()
              let value = (operands[0][index] - operands[count - 2][channel]) / deviation
              return value * (scale?[channel] ?? 1) + (shift?[channel] ?? 0)
            }
          ]
        }
      ).with { $0.gradientTolerance = .scaled(128) }
    },
    badCalls: channelCalls(rank: 1) { x, scale, shift, epsilon in
      let channels: Shape = x.rank == 0 ? [] : [x.shape[x.rank - 1]]
      let one = try Tensor.ones(channels, as: x.scalarType)
      _ = try Tensors.batchNorm(
        x, mean: one, variance: one, scale: scale, shift: shift, epsilon: epsilon)
    }
      + [0, 1].map { number in
        BadCall("shape of a statistic", [.shape], [Input([2, 3]), Input([3]), Input([4])]) {
          _ = try Tensors.batchNorm($0[0], mean: $0[1 + number], variance: $0[2 - number])
        }
      }, errorName: "batchNorm")

  /// Calls whose scale, shift, type, rank, epsilon or device is not what goes with channels.
  static func channelCalls(
    rank: Int = 2,
    _ call: @escaping @Sendable (Tensor, Tensor?, Tensor?, Double) throws -> Void
  ) -> [BadCall] {
    let x = Input([2, 3, 4])
    var calls = BadCall.types([.int32, .bool, .uint8], shapes: [[2, 3], [1, 4]]) {
      try call($0[0], nil, nil, 1e-3)
    }
    for shape in [[3], [1, 4], [], [5], [4, 1], [0]] {
      calls.append(
        BadCall("scale", [.shape], [x, Input(shape)]) { try call($0[0], $0[1], nil, 1e-3) })
      calls.append(
        BadCall("shift", [.shape], [x, Input(shape)]) { try call($0[0], nil, $0[1], 1e-3) })
    }
    for type in [ScalarType.float64, .float16, .int32] {
      calls.append(
        BadCall("type of scale", [.dtype], [x, Input([4], type, .integers(1, 2))]) {
          try call($0[0], $0[1], nil, 1e-3)
        })
    }
    for epsilon in [-1e-3, Double.nan, .infinity, -.infinity] {
      calls.append(
        BadCall("epsilon \(epsilon)", [.argument], [x]) { try call($0[0], nil, nil, epsilon) })
    }
    for shape in [[], [3]] where shape.count < rank {
      calls.append(BadCall("rank", [.shape], [Input(shape)]) { try call($0[0], nil, nil, 1e-3) })
    }
    calls.append(
      BadCall("device", [.device], [x, Input([4])], stranger: 1) {
        try call($0[0], $0[1], nil, 1e-3)
      })
    calls.append(
      BadCall("device", [.device], [x, Input([4])], stranger: 1) {
        try call($0[0], nil, $0[1], 1e-3)
      })
    return calls
  }

  private static let groupNorm = OperationRecord(
    "groupNorm", family: "Normalization",
    samples: samples(
      [
        [1, 4], [3, 6], [2, 2, 2, 4], [2, 3, 3, 6], [2, 7, 8], [3, 5, 8], [2, 2, 3, 12],
        [2, 2, 64],
        [2, 3, 66], [1, 1, 1, 8], [5, 9, 10], [2, 33, 4], [0, 3, 4], [3, 130, 6], [2, 128],
        [1, 257, 2], [2, 2, 2, 2, 2, 2, 2, 4], [4, 14], [2, 1, 130], [2, 2, 0],
      ], everywhere: 2
    ) { groupNormSample($0, $1, $2, $3) },
    badCalls: channelCalls { x, scale, shift, epsilon in
      _ = try Tensors.groupNorm(x, groups: 2, scale: scale, shift: shift, epsilon: epsilon)
    }
      + [0, -1, 3, 5, 8, .max, .min].map { groups in
        BadCall("\(groups) groups", [.argument], [Input([2, 3, 4])]) {
          _ = try Tensors.groupNorm($0[0], groups: groups)
        }
      })

  private static func groupNormSample(
    _ shape: [Int], _ type: ScalarType, _ view: Input.View, _ number: Int
  ) -> Sample {
    let channels = shape[shape.count - 1]
    let size = max(channels / 2, 1)
    let positions = shape.dropFirst().dropLast().reduce(1, *)
    return sample(
      "groupNorm", "groups 2", shape, [channels], least: size * positions, type, view, number,
      call: { operands, extras in
        let (scale, shift) = extras.of(operands)
        return [try Tensors.groupNorm(operands[0], groups: 2, scale: scale, shift: shift)]
      },
      reference: { operands, extras in
        [
          normalized(operands, extras, epsilon: 1e-3, extraAxes: 1) {
            [$0[0], $0[$0.count - 1] / size]
          }.0
        ]
      })
  }

  private static let instanceNorm = OperationRecord(
    "instanceNorm", family: "Normalization",
    samples: samples(
      [
        [1, 3, 1], [3, 4, 2], [2, 2, 2, 4], [2, 3, 3, 5], [2, 7, 7], [3, 5, 8], [2, 2, 3, 9],
        [2, 5, 63], [2, 4, 64], [2, 3, 65], [1, 1, 1, 3], [5, 9, 3], [2, 33, 4], [0, 3, 4],
        [3, 130, 5], [2, 128], [1, 257, 1], [2, 2, 2, 2, 2, 2, 2, 3], [4, 3], [2, 3, 0],
      ], everywhere: 4
    ) { shape, type, view, number in
      sample(
        "instanceNorm", "", shape, [shape[shape.count - 1]],
        least: shape.dropFirst().dropLast().reduce(1, *), type, view, number,
        call: { operands, extras in
          let (scale, shift) = extras.of(operands)
          return [try Tensors.instanceNorm(operands[0], scale: scale, shift: shift)]
        },
        reference: { operands, extras in
          [
            normalized(operands, extras, epsilon: 1e-3, extraAxes: 1) {
              [$0[0], $0[$0.count - 1]]
            }.0
          ]
        })
    },
    badCalls: channelCalls { x, scale, shift, epsilon in
      _ = try Tensors.instanceNorm(x, scale: scale, shift: shift, epsilon: epsilon)
    })
}
