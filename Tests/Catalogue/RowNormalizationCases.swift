internal import Geometry
internal import Tensors

/// Normalisations of rows against their formulas.
enum RowNormalizationCases {
  static let records: [OperationRecord] = [layerNorm, rmsNorm]

  private static let rowShapes: [[Int]] = [
    [1, 3], [3, 1], [2, 2], [5, 3], [3, 7], [2, 3, 4], [2, 3, 8], [3, 9], [2, 63], [5, 64],
    [2, 2, 65], [7, 127], [3, 128], [2, 129], [4, 255], [2, 1025], [1, 4099], [0, 5], [5],
    [17, 33], [130, 5], [64, 16],
  ]

  private static let layerNorm = OperationRecord(
    "layerNorm", family: "Normalization",
    samples: NormalizationCases.samples(rowShapes, everywhere: 2) {
      layerNormSample($0, $1, $2, $3, axes: 1)
    }
      + [[2, 3, 4], [3, 2, 2, 5], [4, 7], [1, 2, 3]].enumerated().map {
        layerNormSample($1, .float32, .plain, 300 + $0, axes: 2)
      },
    badCalls: NormalizationCases.channelCalls(rank: 1) { x, scale, shift, epsilon in
      _ = try Tensors.layerNorm(
        x, scale: scale, shift: shift, axisCount: x.rank == 0 ? nil : 1, epsilon: epsilon)
    } + rowCalls { _ = try Tensors.layerNorm($0, axisCount: $1) },
    benchmarks: [layerNormSample([4096, 768], .float32, .plain, 800, axes: 1)])

  private static func layerNormSample(
    _ shape: [Int], _ type: ScalarType, _ view: Input.View, _ number: Int, axes: Int
  ) -> Sample {
    let row = Array(shape.suffix(axes))
    return NormalizationCases.sample(
      "layerNorm", "axisCount \(axes)", shape, row, least: row.reduce(1, *), type, view, number,
      call: { operands, extras in
        let (scale, shift) = extras.of(operands)
        return [
          try Tensors.layerNorm(operands[0], scale: scale, shift: shift, axisCount: axes)
        ]
      },
      reference: { operands, extras in
        [
          NormalizationCases.normalized(operands, extras, epsilon: 1e-3, extraAxes: axes) {
            Array($0.dropLast(axes))
          }.0
        ]
      })
  }

  /// Calls that normalise a number of axes there is none of, or axes without elements.
  private static func rowCalls(
    _ call: @escaping @Sendable (Tensor, Int) throws -> Void
  ) -> [BadCall] {
    [0, -1, 4, .max, .min].map { count in
      BadCall("axisCount \(count)", [.argument], [Input([2, 3, 4])]) { try call($0[0], count) }
    }
      + [[2, 0], [0, 0]].map { shape in
        BadCall("empty rows", [.shape], [Input(shape)]) { try call($0[0], 1) }
      }
  }

  private static let rmsNorm = OperationRecord(
    "rmsNorm", family: "Normalization",
    samples: NormalizationCases.samples(rowShapes, everywhere: 4) { shape, type, view, number in
      rmsNormSample(shape, type, view, number)
    },
    badCalls: NormalizationCases.channelCalls(rank: 1) { x, scale, shift, epsilon in
      _ = try Tensors.rmsNorm(
        x, scale: scale ?? shift, axisCount: x.rank == 0 ? nil : 1, epsilon: epsilon)
    } + rowCalls { _ = try Tensors.rmsNorm($0, axisCount: $1) },
    benchmarks: [rmsNormSample([4096, 768], .float32, .plain, 800)])

  private static func rmsNormSample(
    _ shape: [Int], _ type: ScalarType, _ view: Input.View, _ number: Int
  ) -> Sample {
    NormalizationCases.sample(
      "rmsNorm", "", shape, [shape[shape.count - 1]], least: shape[shape.count - 1], type, view,
      number, usesMean: false,
      call: { operands, extras in
        [try Tensors.rmsNorm(operands[0], scale: extras.of(operands).scale, axisCount: 1)]
      },
      reference: { operands, extras in
        [
          NormalizationCases.normalized(
            operands, extras, epsilon: 1e-6, usesMean: false, extraAxes: 1
          ) {
            Array($0.dropLast())
          }.0
        ]
      }
    ).with { $0.comparesGradients = shape[shape.count - 1] > 1 }
  }
}
