internal import Geometry
internal import Tensors

/// Writing by index, and bringing rows together.
enum ScatterCases {
  static let records: [OperationRecord] =
    [
      rows("scatter", { try $0.scatter($1, at: $2, axis: $3) }, { $1 }),
      rows("scatterAdd", { try $0.scatterAdd($1, at: $2, axis: $3) }, +),
      elements("scatterAlongAxis", { try $0.scatterAlongAxis($1, at: $2, axis: $3) }, { $1 }),
      elements("scatterAddAlongAxis", { try $0.scatterAddAlongAxis($1, at: $2, axis: $3) }, +),
      segments("segmentSum", { try $0.segmentSum($1, count: $2) }, { $0.reduce(0, +) }),
      segments(
        "segmentMean", { try $0.segmentMean($1, count: $2) },
        { $0.isEmpty ? 0 : $0.reduce(0, +) / Double($0.count) }),
      segments(
        "segmentMax", { try $0.segmentMax($1, count: $2) },
        { values in values.contains(where: \.isNaN) ? .nan : values.max() ?? 0 }),
    ]

  private typealias Run = @Sendable (Tensor, Tensor, Tensor, Int) throws -> Tensor
  private typealias Combine = @Sendable (Double, Double) -> Double

  private static func tolerance(_ type: ScalarType, _ n: Int) -> Tolerance {
    type.isFloatingPoint ? .product(4 * n) : .exact
  }

  private static func rows(
    _ name: String, _ call: @escaping Run, _ combine: @escaping Combine
  ) -> OperationRecord {
    func sample(
      _ x: [Int], _ indices: [Int], _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ indexType: ScalarType = .int32, view: Input.View = .plain
    ) -> Sample {
      let at = axis < 0 ? axis + x.count : axis
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, type == .bool ? 1 : 9)
      let updates = Array(x[..<at]) + indices + Array(x[(at + 1)...])
      return Sample(
        name, "axis \(axis) \(indexType)",
        [
          Input(x, type, values, view: view, seed: seeded(name, number)),
          Input(updates, type, values, seed: seeded(name + " with", number)),
          LookupCases.indices(
            indices, x[at], indexType, negative: number % 2 == 1,
            seed: seeded(name + " at", number)),
        ], differentiable: [0, 1],
        tolerance: name == "scatter" ? .exact : tolerance(type, indices.reduce(1, *)),
        call: { [try call($0[0], $0[1], $0[2], axis)] },
        reference: { operands in
          var result = operands[0]
          let (updates, indices) = (operands[1], operands[2])
          forEachIndex(of: updates.shape) { index in
            let named = indices[Array(index[at..<at + indices.rank])]
            let target =
              Array(index[..<at]) + [LookupCases.row(named, x[at])]
              + Array(index[(at + indices.rank)...])
            result[target] = combine(result[target], updates[index])
          }
          return [result]
        }
      ).with { sample in
        sample.mayBeZero = true
        let reference = sample.reference
        sample.magnitude = { reference([$0[0].map(abs), $0[1].map(abs), $0[2]]) }
      }
    }
    let forms: [([Int], [Int], Int)] = [
      ([1], [1], 0), ([5], [], 0), ([5], [3], 0), ([5], [17], 0), ([5, 3], [4], 0),
      ([5, 3], [4], 1), ([5, 3], [2, 2], 0), ([5, 3], [2, 2], 1), ([3, 4, 5], [6], 1),
      ([3, 4, 5], [], 1), ([3, 4, 5], [3], -1), ([64, 17], [65], 0), ([257, 3], [33], 0),
      ([7, 128], [40], 0), ([4, 0], [3], 0), ([4, 3], [0], 0), ([0, 3], [0], 0), ([1, 9], [9], 0),
      ([9, 1], [20], 0), ([6, 65], [5, 5], 0), ([3, 1100], [7], 0), ([40], [1500], 0),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    samples.append(
      sample([5, 3, 4], [6], 1, 100, view: .permuted))
    for (number, type) in ScalarType.allCases.dropFirst().enumerated()
    where type != .bool || name == "scatter" {
      samples.append(
        sample([5, 7], [6], 0, 200 + number, type).with {
          if type == .float16 || type == .bfloat16, name != "scatter" { $0.tolerance = .scaled(4) }
        })
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([5, 7], [6], 0, 300 + number, .float32, type))
    }
    return OperationRecord(
      name, family: "Lookup", samples: samples,
      badCalls: LookupCases.badIndices([4, 3], [2], lowest: -4) {
        [try call($0[0], Tensor.zeros([2, 3]), $0[1], 0)]
      }
        + badUpdates(
          [[[4, 3], [2, 2], [2]], [[4, 3], [2, 3, 1], [2]], [[4], [], [2]]], call),
      benchmarks: [sample([20_000, 128], [16_384], 0, 400)])
  }

  private static func elements(
    _ name: String, _ call: @escaping Run, _ combine: @escaping Combine
  ) -> OperationRecord {
    func sample(
      _ x: [Int], _ n: Int, _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ indexType: ScalarType = .int32
    ) -> Sample {
      let at = axis < 0 ? axis + x.count : axis
      var shape = x
      shape[at] = n
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 9)
      return Sample(
        name, "axis \(axis) of \(n) \(indexType)",
        [
          Input(x, type, values, seed: seeded(name, number)),
          Input(shape, type, values, seed: seeded(name + " with", number)),
          LookupCases.indices(
            shape, x[at], indexType, negative: number % 2 == 1,
            seed: seeded(name + " at", number)),
        ], differentiable: [0, 1],
        tolerance: name == "scatterAlongAxis" ? .exact : tolerance(type, n),
        call: { [try call($0[0], $0[1], $0[2], axis)] },
        reference: { operands in
          var result = operands[0]
          forEachIndex(of: operands[1].shape) { index in
            var target = index
            target[at] = LookupCases.row(operands[2][index], x[at])
            result[target] = combine(result[target], operands[1][index])
          }
          return [result]
        }
      ).with { sample in
        sample.mayBeZero = true
        let reference = sample.reference
        sample.magnitude = { reference([$0[0].map(abs), $0[1].map(abs), $0[2]]) }
      }
    }
    let forms: [([Int], Int, Int)] = [
      ([1], 1, 0), ([5], 3, 0), ([5], 19, 0), ([5, 3], 2, 0), ([5, 3], 7, 0), ([5, 3], 2, 1),
      ([5, 3], 4, -1), ([3, 4, 5], 2, 0), ([3, 4, 5], 6, 1), ([3, 4, 5], 3, 2), ([64, 65], 5, 0),
      ([64, 65], 5, 1), ([257, 2], 9, 0), ([2, 257], 9, 1), ([4, 3], 0, 0), ([0, 3], 0, 0),
      ([4, 0], 2, 0), ([1, 7], 3, 0), ([7, 1], 3, 1), ([2, 3, 1, 4], 3, 2),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() where type != .bool {
      samples.append(
        sample([5, 7], 6, 1, 200 + number, type).with {
          if type == .float16 || type == .bfloat16, name != "scatterAlongAxis" {
            $0.tolerance = .scaled(16)
          }
        })
    }
    for (number, type) in [ScalarType.int64, .uint8].enumerated() {
      samples.append(sample([5, 7], 6, 0, 300 + number, .float32, type))
    }
    return OperationRecord(
      name, family: "Lookup", samples: samples,
      badCalls: LookupCases.badIndices([4, 3], [2, 3], lowest: -4) {
        [try call($0[0], Tensor.zeros([2, 3]), $0[1], 0)]
      }
        + badUpdates(
          [[[4, 3], [2, 2], [2, 2]], [[4, 3], [2, 3], [3]], [[4], [2], [3]]], call))
  }

  /// Updates that do not fit: a tensor, updates and indices each; and types that do not go
  /// together.
  private static func badUpdates(_ shapes: [[[Int]]], _ call: @escaping Run) -> [BadCall] {
    let types: [(ScalarType, ScalarType)] = [(.float32, .float64), (.int32, .float32)]
    let unfit = shapes.map { shapes in
      BadCall(
        "shapes", [.shape],
        [Input(shapes[0]), Input(shapes[1]), Input(shapes[2], .int32, .constant(0))]
      ) { _ = try call($0[0], $0[1], $0[2], 0) }
    }
    let mixed = types.map { x, updates in
      BadCall(
        "types", [.dtype],
        [
          Input([4, 3], x, .constant(1)), Input([4, 3], updates, .constant(1)),
          Input([4, 3], .int32, .constant(0)),
        ]
      ) { _ = try call($0[0], $0[1], $0[2], 0) }
    }
    return unfit + mixed
  }

  private static func segments(
    _ name: String, _ call: @escaping @Sendable (Tensor, Tensor, Int) throws -> Tensor,
    _ combine: @escaping @Sendable ([Double]) -> Double
  ) -> OperationRecord {
    func sample(
      _ x: [Int], _ ids: [Int], _ count: Int, _ number: Int, _ type: ScalarType = .float32,
      values: Values? = nil
    ) -> Sample {
      let tail = Array(x[ids.count...])
      let standard: Values = type.isFloatingPoint ? .distinct(-2, 2) : .integers(0, 9)
      return Sample(
        name, "count \(count)",
        [
          Input(x, type, values ?? standard, seed: seeded(name, number)),
          LookupCases.indices(ids, count, seed: seeded(name + " ids", number)),
        ], differentiable: [0],
        tolerance: name == "segmentMax" ? .exact : tolerance(type, ids.reduce(1, *) + 4),
        call: { [try call($0[0], $0[1], count)] },
        reference: { operands in
          [
            Reference([count] + tail) { index in
              var group: [Double] = []
              forEachIndex(of: ids) { at in
                guard Int(operands[1][at]) == index[0] else { return }
                group.append(operands[0][at + Array(index[1...])])
              }
              return combine(group)
            }
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    let forms: [([Int], [Int], Int)] = [
      ([1], [1], 1), ([5], [5], 2), ([5], [5], 9), ([5, 3], [5], 2), ([5, 3], [5, 3], 4),
      ([5, 3], [5], 7), ([64, 5], [64], 3), ([65, 2], [65], 64), ([33, 33], [33], 5),
      ([2, 3, 4], [2, 3], 3), ([2, 3, 4], [2], 3), ([0, 3], [0], 2), ([4, 0], [4], 2),
      ([0], [0], 0),
      ([257], [257], 1), ([40, 128], [40], 6), ([7, 1], [7], 3), ([1, 9], [1], 5),
      ([9, 2, 1, 3], [9, 2], 4), ([100], [100], 10),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated()
    where type != .bool && (name != "segmentMean" || type.isFloatingPoint) {
      samples.append(
        sample([9, 7], [9], 3, 200 + number, type).with {
          if type == .float16 || type == .bfloat16, name != "segmentMax" {
            $0.tolerance = .scaled(4)
          }
        })
    }
    // Equal ones share the gradient, which differences do not show.
    samples.append(
      sample([12, 3], [12], 3, 300, values: .integers(-1, 1)).with { $0.isSmooth = false })
    let x = Input([4, 3])
    return OperationRecord(
      name, family: "Lookup", samples: samples,
      badCalls: LookupCases.badIndices([4, 3], [4], lowest: 0) {
        [try call($0[0], $0[1], 4)]
      }
        + [[3], [4, 2], [4, 3, 1], [], [3, 4]].map { (ids: [Int]) in
          BadCall("shapes", [.shape], [x, Input(ids, .int32, .constant(0))]) {
            _ = try call($0[0], $0[1], 4)
          }
        }
        + [
          BadCall("count", [.argument], [x, Input([4], .int32, .constant(0))]) {
            _ = try call($0[0], $0[1], -1)
          },
          BadCall(
            "type", [.dtype], [Input([4, 3], .bool, .bools), Input([4], .int32, .constant(0))]
          ) { _ = try call($0[0], $0[1], 4) },
        ])
  }
}
