internal import Geometry
internal import Tensors

/// Order: sorting, the first of it, places in it, and what occurs.
enum SortingCases {
  static let records: [OperationRecord] = [argsort, sorted, topK, searchSorted, unique, masked]

  /// Where elements are in order: equal ones as they stand, NaN last.
  private static func order(_ values: [Double], _ descending: Bool) -> [Int] {
    values.indices.sorted { left, right in
      let (a, b) = (values[left], values[right])
      if a.isNaN || b.isNaN { return !a.isNaN || b.isNaN && left < right }
      return a == b ? left < right : descending ? a > b : a < b
    }
  }

  /// `element` of the line along `axis` and the place in it, at each index of a result.
  private static func lines(
    _ x: Reference, _ axis: Int, _ count: Int, _ descending: Bool,
    _ element: ([Double], Int) -> Double
  ) -> Reference {
    var shape = x.shape
    shape[axis] = count
    return Reference(shape) { index in
      let line = (0..<x.shape[axis]).map { place in
        var at = index
        at[axis] = place
        return x[at]
      }
      return element(line, order(line, descending)[index[axis]])
    }
  }

  /// Integers as the type that gradients are taken of, so that they can stand beside it.
  private static func comparable(_ integers: Tensor, with values: Tensor) throws -> Tensor {
    values.scalarType.isFloatingPoint ? try integers.cast(to: values.scalarType) : integers
  }

  private static let forms: [([Int], Int)] = [
    ([1], 0), ([2], 0), ([7], 0), ([24], 0), ([25], 0), ([64], 0), ([65], -1), ([257], 0),
    ([1025], 0), ([3, 5], 0), ([3, 5], 1), ([3, 5], -1), ([2, 3, 4], 0), ([2, 3, 4], 1),
    ([2, 3, 4], 2), ([0], 0), ([0, 3], 1), ([3, 0], 0), ([40, 33], 1), ([33, 40], 0), ([1, 9], 0),
    ([2, 700], 1),
  ]

  private static let special: Values = .list([
    0, -0.0, .nan, 1, -.infinity, .infinity, -1, 2, -.nan, 0, 1, -2,
  ])

  private static func record(
    _ name: String, differentiable: [Int],
    _ call: @escaping @Sendable (Tensor, Int, Bool) throws -> Tensor,
    _ element: @escaping @Sendable ([Double], Int) -> Double
  ) -> OperationRecord {
    func sample(
      _ shape: [Int], _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ values: Values? = nil, view: Input.View = .plain
    ) -> Sample {
      let at = axis < 0 ? axis + shape.count : axis
      let descending = number % 2 == 1
      let standard: Values = type.isFloatingPoint ? .distinct(-3, 3) : .integers(0, 9)
      return Sample(
        name, "axis \(axis)" + (descending ? " descending" : ""),
        [Input(shape, type, values ?? standard, view: view, seed: seeded(name, number))],
        differentiable: differentiable, tolerance: .exact,
        call: { [try call($0[0], axis, descending)] },
        reference: { [lines($0[0], at, shape[at], descending, element)] }
      ).with { $0.mayBeZero = true }
    }
    var samples = forms.enumerated().map { sample($1.0, $1.1, $0) }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([5, 37], 1, 100 + number, type))
    }
    for number in 200..<202 {
      for type in [ScalarType.float32, .float64, .float16, .bfloat16] {
        samples.append(
          sample([39], 0, number, type, special).with {
            $0.mayBeNaN = true
            $0.differentiable = []
          })
      }
      samples.append(
        sample([7, 40], 1, 10 + number, .float32, .integers(-2, 2)).with { $0.isSmooth = false })
      samples.append(
        sample([40], 0, 20 + number, .int64, .list([0x1p52, -0x1p52, 3, 0x1p52 + 1, -1])))
    }
    samples.append(sample([5, 3, 4], 1, 300, view: .permuted))
    return OperationRecord(
      name, family: "Lookup", samples: samples,
      badCalls: BadCall.axis { _ = try call($0, $1, false) },
      benchmarks: [
        sample([4096, 1000], 1, 400), sample([1_000_000], 0, 402), sample([1000, 512], 0, 404),
      ])
  }

  private static let argsort = record(
    "argsort", differentiable: [], { try $0.argsort(axis: $1, descending: $2) },
    { Double($1) })

  private static let sorted = record(
    "sorted", differentiable: [0], { try $0.sorted(axis: $1, descending: $2) },
    { $0[$1] })

  private static let topK: OperationRecord = {
    func sample(
      _ shape: [Int], _ k: Int, _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ values: Values? = nil
    ) -> Sample {
      let at = axis < 0 ? axis + shape.count : axis
      let largest = number % 3 != 2
      let standard: Values = type.isFloatingPoint ? .distinct(-3, 3) : .integers(0, 9)
      return Sample(
        "topK", "\(k) axis \(axis)" + (largest ? "" : " smallest"),
        [Input(shape, type, values ?? standard, seed: seeded("topK", number))],
        differentiable: [0], tolerance: .exact,
        call: { operands in
          let (values, indices) = try operands[0].topK(k, axis: axis, largest: largest)
          return [values, try comparable(indices, with: values)]
        },
        reference: { operands in
          [
            lines(operands[0], at, k, largest) { $0[$1] },
            lines(operands[0], at, k, largest) { Double($1) },
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    let forms: [([Int], Int, Int)] = [
      ([1], 1, 0), ([5], 1, 0), ([5], 5, 0), ([5], 0, 0), ([64], 8, 0), ([65], 9, -1),
      ([257], 32, 0), ([257], 33, 0), ([1025], 5, 0), ([3, 5], 2, 0), ([3, 5], 2, 1),
      ([3, 40], 5, 1), ([40, 3], 5, 0), ([2, 3, 4], 1, 0), ([2, 3, 4], 2, 1), ([2, 3, 4], 4, 2),
      ([0, 5], 2, 1), ([3, 0], 0, 1), ([10, 100], 5, 1), ([2, 300], 40, 1), ([1, 9], 3, 1),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([5, 37], 3, 1, 100 + number, type))
    }
    for number in 200..<203 {
      samples.append(
        sample([39], 30, 0, number, .float32, special).with {
          $0.mayBeNaN = true
          $0.differentiable = []
        })
      samples.append(
        sample([7, 40], 4, 1, 10 + number, .float32, .integers(-2, 2)).with {
          $0.isSmooth = false
        })
    }
    let x = Input([4, 3])
    return OperationRecord(
      "topK", family: "Lookup", samples: samples,
      badCalls: BadCall.axis { _ = try $0.topK(0, axis: $1) }
        + [-1, 4, .max, .min].map { k in
          BadCall("k \(k)", [.argument], [x]) { _ = try $0[0].topK(k, axis: 1) }
        },
      benchmarks: [sample([1024, 1000], 5, 1, 400), sample([100_000], 10, 0, 402)])
  }()

  private static let searchSorted: OperationRecord = {
    func sample(
      _ bounds: [Int], _ values: [Int], _ number: Int, _ type: ScalarType = .float32,
      _ drawn: Values? = nil
    ) -> Sample {
      let right = number % 2 == 1
      let low = type == .uint8 ? 0 : -5
      let rows = bounds.dropLast().reduce(1, *)
      let count = bounds.last ?? 1
      let ascending = (0..<rows * count).map { place -> Double in
        let step = Double(11 * (place % Swift.max(count, 1))) / Double(Swift.max(count, 1))
        return (step + Double(low)).rounded(.down)
      }
      return Sample(
        "searchSorted", right ? "right" : "left",
        [
          Input(bounds, type, .list(ascending.isEmpty ? [0] : ascending)),
          Input(values, type, drawn ?? .integers(low, 6), seed: seeded("search", number)),
        ], tolerance: .exact, call: { [try Tensors.searchSorted($0[0], $0[1], right: right)] },
        reference: { operands in
          [
            Reference(values) { index in
              let lead = bounds.count > 1 ? Array(index.dropLast()) : []
              let value = operands[1][index]
              var place = 0.0
              for k in 0..<count {
                let bound = operands[0][lead + [k]]
                let isBelow =
                  value.isNaN || bound < value
                  || right && bound == value
                if isBelow { place += 1 }
              }
              return place
            }
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    var samples: [Sample] = []
    for count in [0, 1, 2, 7, 64, 65] {
      for shape in [[], [1], [9], [3, 5], [0], [257]] {
        samples.append(sample([count], shape, samples.count))
      }
    }
    for (bounds, values) in [([3, 5], [3, 4]), ([2, 3, 7], [2, 3, 1]), ([4, 2], [4, 0])] {
      for number in 0..<2 { samples.append(sample(bounds, values, 100 + number)) }
    }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() where type != .bool {
      samples.append(sample([9], [20], 200 + number, type))
    }
    samples.append(sample([9], [20], 300, .float32, .list([.nan, 0, .infinity, -.infinity, -0.0])))
    return OperationRecord(
      "searchSorted", family: "Lookup", samples: samples,
      badCalls: [
        ([], [3]), ([2, 3], [3]), ([2, 3], [3, 3]), ([2, 2, 3], [2, 3]), ([2, 3], []),
        ([1, 3], [2, 3]),
      ].map { (bounds: [Int], values: [Int]) in
        BadCall("shapes", [.shape], [Input(bounds), Input(values)]) {
          _ = try Tensors.searchSorted($0[0], $0[1])
        }
      }
        + [ScalarType.float64, .int32, .float16].map { type in
          BadCall("types", [.dtype], [Input([3]), Input([4], type, .constant(1))]) {
            _ = try Tensors.searchSorted($0[0], $0[1])
          }
        }
        + (0..<2).map { stranger in
          BadCall("devices", [.device], [Input([3]), Input([4])], stranger: stranger) {
            _ = try Tensors.searchSorted($0[0], $0[1])
          }
        })
  }()

  private static let unique: OperationRecord = {
    func sample(
      _ shape: [Int], _ number: Int, _ type: ScalarType = .float32, _ values: Values? = nil
    ) -> Sample {
      Sample(
        "unique", "",
        [
          Input(
            shape, type, values ?? .integers(0, number % 3 == 0 ? 3 : 200),
            seed: seeded("unique", number))
        ],
        differentiable: [0], tolerance: .exact,
        call: { operands in
          let (values, inverse, counts) = try operands[0].unique()
          return [
            values, try comparable(inverse, with: values), try comparable(counts, with: values),
          ]
        },
        reference: { operands in
          let all = operands[0].values
          var kinds = Array(Set(all.filter { !$0.isNaN })).sorted()
          if all.contains(where: \.isNaN) { kinds.append(.nan) }
          func isLike(_ a: Double, _ b: Double) -> Bool { a == b || a.isNaN && b.isNaN }
          return [
            Reference([kinds.count], kinds),
            operands[0].map { value in
              Double(kinds.firstIndex { isLike($0, value) } ?? -1)
            },
            Reference(
              [kinds.count],
              kinds.map { kind in Double(all.filter { isLike($0, kind) }.count) }),
          ]
        }
      ).with {
        $0.mayBeZero = true
        $0.isSmooth = false
      }
    }
    var samples = Shapes.sweep.filter { $0.reduce(1, *) <= 1025 }.enumerated()
      .map { sample($1, $0) }
    samples.append(sample([9], 40, .float32, .distinct(-2, 2)).with { $0.isSmooth = true })
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([40], 100 + number, type, .integers(0, 7)))
    }
    samples.append(
      sample([30], 200, .float32, .list([.nan, 1, .nan, .infinity, 2, 1])).with {
        $0.mayBeNaN = true
        $0.differentiable = []
      })
    return OperationRecord(
      "unique", family: "Lookup", samples: samples, badCalls: [],
      cannotFail: "takes any tensor")
  }()

  private static let masked: OperationRecord = {
    func sample(
      _ x: [Int], _ mask: [Int], _ axis: Int, _ number: Int, _ type: ScalarType = .float32,
      _ values: Values = .bools
    ) -> Sample {
      let at = axis < 0 ? axis + x.count : axis
      return Sample(
        "booleanMask", "axis \(axis)",
        [
          Input(
            x, type, type.isFloatingPoint ? .normal(1) : .integers(0, 1),
            seed: seeded("mask", number)),
          Input(mask, .bool, values, seed: seeded("mask of", number)),
        ], differentiable: [0], tolerance: .exact,
        call: { [try $0[0].booleanMask($0[1], axis: axis)] },
        reference: { operands in
          var chosen: [[Int]] = []
          forEachIndex(of: mask) { if operands[1][$0] != 0 { chosen.append($0) } }
          let shape = Array(x[..<at]) + [chosen.count] + Array(x[(at + mask.count)...])
          return [
            Reference(shape) { index in
              operands[0][
                Array(index[..<at]) + chosen[index[at]] + Array(index[(at + 1)...])]
            }
          ]
        }
      ).with { $0.mayBeZero = true }
    }
    let forms: [([Int], [Int], Int)] = [
      ([1], [1], 0), ([7], [7], 0), ([64], [64], 0), ([257], [257], 0), ([5, 3], [5], 0),
      ([5, 3], [3], 1), ([5, 3], [3], -1), ([5, 3], [5, 3], 0), ([2, 3, 4], [2, 3], 0),
      ([2, 3, 4], [3, 4], 1), ([2, 3, 4], [3], 1), ([0], [0], 0), ([0, 3], [0], 0),
      ([3, 0], [3], 0), ([40, 9], [40], 0), ([9, 40], [40], 1), ([1, 5], [1], 0),
    ]
    var samples = forms.enumerated().map { sample($1.0, $1.1, $1.2, $0) }
    for (number, value) in [0.0, 1].enumerated() {
      samples.append(sample([6, 2], [6], 0, 50 + number, .float32, .constant(value)))
      samples.append(sample([8], [8], 0, 60 + number, .float32, .constant(value)))
    }
    for (number, type) in ScalarType.allCases.dropFirst().enumerated() {
      samples.append(sample([5, 7], [5], 0, 100 + number, type))
    }
    let x = Input([4, 3])
    return OperationRecord(
      "booleanMask", family: "Lookup", samples: samples,
      badCalls: [[3], [4, 2], [4, 3, 1], [], [12]].map { (mask: [Int]) in
        BadCall("shapes", [.shape], [x, Input(mask, .bool, .bools)]) {
          _ = try $0[0].booleanMask($0[1])
        }
      }
        + [ScalarType.float32, .uint8, .int32].map { type in
          BadCall("type", [.dtype], [x, Input([4], type, .constant(1))]) {
            _ = try $0[0].booleanMask($0[1])
          }
        }
        + (0..<2).map { stranger in
          BadCall("devices", [.device], [x, Input([4], .bool, .bools)], stranger: stranger) {
            _ = try $0[0].booleanMask($0[1])
          }
        })
  }()
}
