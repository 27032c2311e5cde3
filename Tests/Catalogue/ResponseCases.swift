internal import Foundation
internal import Geometry
internal import Tensors

/// What goes with normalisation: running statistics, and the response of neighbouring channels.
enum ResponseCases {
  static let records: [OperationRecord] = [movingAverage, localResponseNorm]

  private static let movingAverage = OperationRecord(
    "movingAverage", family: "Normalization",
    samples: Shapes.sweep.enumerated().map { number, shape in
      let momentum = [0.99, 0.9, 0, 1, 0.5][number % 5]
      return averageSample(shape, momentum, .float32, number)
        .with { $0.runsEverywhere = number % 3 == 0 }
    } + Shapes.everyFloat.enumerated().map { averageSample([17], 0.9, $1, 100 + $0) },
    badCalls: BadCall.types([.int32, .bool, .uint8], arity: 2, shapes: [[2, 3], [4]]) {
      _ = try Tensors.movingAverage($0[0], $0[1])
    }
      + [([3], [4]), ([3], [1]), ([3], []), ([2, 3], [3]), ([0], [1])].map { left, right in
        BadCall("shapes", [.shape], [Input(left), Input(right)]) {
          _ = try Tensors.movingAverage($0[0], $0[1])
        }
      }
      + [-0.1, 1.1, Double.nan, .infinity].map { momentum in
        BadCall("momentum \(momentum)", [.argument], [Input([3]), Input([3])]) {
          _ = try Tensors.movingAverage($0[0], $0[1], momentum: momentum)
        }
      }
      + [ScalarType.float64, .int32].map { type in
        BadCall("types", [.dtype], [Input([3]), Input([3], type, .integers(0, 1))]) {
          _ = try Tensors.movingAverage($0[0], $0[1])
        }
      }
      + [
        BadCall("devices", [.device], [Input([3]), Input([3])], stranger: 1) {
          _ = try Tensors.movingAverage($0[0], $0[1])
        }
      ])

  private static func averageSample(
    _ shape: [Int], _ momentum: Double, _ type: ScalarType, _ number: Int
  ) -> Sample {
    let isHalf = type == .float16 || type == .bfloat16
    return Sample(
      "movingAverage", "momentum \(momentum)",
      [
        Input(shape, type, seed: seeded("average", number)),
        Input(shape, type, seed: seeded("value", number)),
      ],
      differentiable: isHalf ? [] : [0, 1], tolerance: .absolute(8),
      call: { [try Tensors.movingAverage($0[0], $0[1], momentum: momentum)] },
      reference: { operands in
        [
          Reference.elementwise(operands) { pair in
            pair[0] * momentum + pair[1] * (1 - momentum)
          }
        ]
      }
    ).with { $0.mayBeZero = true }
  }

  private static let localResponseNorm = OperationRecord(
    "localResponseNorm", family: "Normalization",
    samples: [
      [1], [3], [7], [5, 1], [5, 3], [2, 2, 4], [2, 3, 5], [3, 8], [2, 9], [2, 3, 63], [3, 64],
      [2, 65], [1, 1, 1, 3], [33, 5], [2, 127], [0, 3], [3, 0], [2, 2, 2, 2, 2, 2, 2, 3], [17, 33],
      [4, 11],
    ].enumerated().map { number, shape in
      responseSample(shape, number % 4 == 3 ? 0 : 1 + number % 4, .float32, .plain, number)
        .with { $0.runsEverywhere = number % 3 == 1 }
    }
      + Input.View.allCases.dropFirst().enumerated().map { number, view in
        responseSample([4, 3, 6], 2, .float32, view, 100 + number)
          .with { $0.runsEverywhere = view == .permuted }
      }
      + Shapes.everyFloat.enumerated().map {
        responseSample([5, 7], 2, $1, .plain, 200 + $0)
      },
    badCalls: BadCall.types([.int32, .bool, .uint8], shapes: [[2, 3], [1, 4]]) {
      _ = try Tensors.localResponseNorm($0[0])
    }
      + [-1, .min].map { radius in
        BadCall("radius \(radius)", [.argument], [Input([2, 3])]) {
          _ = try Tensors.localResponseNorm($0[0], radius: radius)
        }
      }
      + [0, -1, Double.nan, .infinity].map { bias in
        BadCall("bias \(bias)", [.argument], [Input([2, 3])]) {
          _ = try Tensors.localResponseNorm($0[0], bias: bias)
        }
      }
      + [-1, Double.nan, .infinity].map { number in
        BadCall("alpha \(number)", [.argument], [Input([2, 3])]) {
          _ = try Tensors.localResponseNorm($0[0], alpha: number)
        }
      }
      + [Double.nan, .infinity].map { number in
        BadCall("beta \(number)", [.argument], [Input([2, 3])]) {
          _ = try Tensors.localResponseNorm($0[0], beta: number)
        }
      }
      + [BadCall("rank", [.shape], [Input([])]) { _ = try Tensors.localResponseNorm($0[0]) }])

  private static func responseSample(
    _ shape: [Int], _ radius: Int, _ type: ScalarType, _ view: Input.View, _ number: Int
  ) -> Sample {
    let isHalf = type == .float16 || type == .bfloat16
    return Sample(
      "localResponseNorm", "radius \(radius) bias 2 alpha 0.1 beta 0.75",
      [Input(shape, type, view: view, seed: seeded("localResponseNorm", number))],
      differentiable: isHalf ? [] : [0], tolerance: .scaled(32),
      call: {
        [
          try Tensors.localResponseNorm($0[0], radius: radius, bias: 2, alpha: 0.1, beta: 0.75)
        ]
      },
      reference: { operands in
        let x = operands[0]
        return [
          Reference(shape) { index in
            let channel = index[index.count - 1]
            let last = min(channel + radius, shape[shape.count - 1] - 1)
            var sum = 0.0
            for other in max(channel - radius, 0)...last {
              let value = x[index.dropLast() + [other]]
              sum += value * value
            }
            return x[index] / Foundation.pow(2 + 0.1 * sum, 0.75)
          }
        ]
      }
    ).with { $0.gradientTolerance = .scaled(128) }
  }
}
