internal import Geometry
internal import Tensors

/// Maxima put back where they were.
enum UnpoolCases {
  static let records: [OperationRecord] = [unpool2D]

  private static func sample(
    _ shape: [Int], _ size: [Int], _ number: Int, _ type: ScalarType = .float32,
    _ indexType: ScalarType = .int32, view: Input.View = .plain
  ) -> Sample {
    let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, type == .bool ? 1 : 99)
    let indices = Input(
      shape, indexType, .integers(0, size[0] * size[1] - 1), view: view,
      seed: seeded("unpool2D at", number))
    return Sample(
      "unpool2D", "outputSize \(size)",
      [Input(shape, type, values, view: view, seed: seeded("unpool2D", number)), indices],
      differentiable: [0], tolerance: .exact,
      call: { [try Tensors.unpool2D($0[0], indices: $0[1], outputSize: size)] },
      reference: { inputs in
        var result = Reference([shape[0], size[0], size[1], shape[3]], repeating: 0)
        forEachIndex(of: shape) { at in
          let place = Int(inputs[1][at])
          result[[at[0], place / size[1], place % size[1], at[3]]] = inputs[0][at]
        }
        return [result]
      }
    ).with { $0.mayBeZero = true }
  }

  private static let forms: [([Int], [Int])] = [
    ([1, 1, 1, 1], [1, 1]), ([1, 1, 1, 1], [2, 3]), ([1, 2, 2, 1], [4, 4]),
    ([2, 3, 2, 3], [6, 4]),
    ([1, 3, 3, 2], [2, 2]), ([1, 2, 3, 4], [5, 7]), ([1, 4, 1, 5], [8, 1]),
    ([1, 1, 4, 7], [1, 9]),
    ([2, 2, 2, 8], [4, 5]), ([1, 2, 2, 9], [5, 4]), ([1, 2, 2, 16], [4, 4]),
    ([1, 2, 2, 17], [4, 4]),
    ([1, 2, 1, 63], [3, 3]), ([1, 2, 1, 64], [3, 3]), ([1, 2, 1, 65], [3, 3]),
    ([0, 2, 2, 3], [4, 4]), ([2, 2, 2, 0], [4, 4]), ([1, 0, 2, 3], [4, 4]),
    ([3, 5, 5, 1], [3, 3]),
    ([1, 7, 9, 2], [14, 18]), ([1, 3, 5, 1], [11, 13]),
  ]

  private static let unpool2D: OperationRecord = {
    var samples = forms.enumerated().map { sample($0.element.0, $0.element.1, $0.offset) }
    samples.append(sample([3, 2, 3, 4], [4, 5], 100, view: .permuted))
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([1, 3, 2, 3], [5, 4], 200 + number, type))
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([1, 3, 2, 3], [5, 4], 300 + number, .float32, type))
    }
    // Four images, so that an index of four is the first that is wrong in a plane of two by two.
    var badCalls = LookupCases.badIndices([4, 2, 2, 1], [4, 2, 2, 1], lowest: 0) {
      [try Tensors.unpool2D($0[0], indices: $0[1], outputSize: [2, 2])]
    }
    let shapes: [([Int], [Int])] = [
      ([2, 2, 3], [2, 2, 3]), ([], []), ([1, 2, 2, 1], [1, 2, 2, 2]), ([1, 2, 2, 1], [1, 2, 2]),
    ]
    for (values, indices) in shapes {
      badCalls.append(
        BadCall("shapes", [.shape], [Input(values), Input(indices, .int32, .constant(0))]) {
          _ = try Tensors.unpool2D($0[0], indices: $0[1], outputSize: [4, 4])
        })
    }
    let sizes: [[Int]] = [[], [4], [4, 4, 4], [0, 4], [4, -1], [.max, 1], [1 << 20, 1 << 20]]
    for size in sizes {
      let inputs = [Input([1, 2, 2, 1]), Input([1, 2, 2, 1], .int32, .constant(0))]
      badCalls.append(
        BadCall("size \(size)", [.argument], inputs) {
          _ = try Tensors.unpool2D($0[0], indices: $0[1], outputSize: size)
        })
    }
    return OperationRecord("unpool2D", family: "Pooling", samples: samples, badCalls: badCalls)
  }()
}
