internal import Geometry
internal import Tensors

/// Operations that cut tensors up and put them together.
enum AssemblyCases {
  static let records: [OperationRecord] = [
    sliced, slice, replacingSlice, split, padded, concatenate, stack,
  ]

  private typealias Form = Moved.Form

  /// What a step may take: begins, ends and strides, one an axis.
  private struct Cut {
    let shape: [Int], begin: [Int], end: [Int], strides: [Int]?

    var attributes: String {
      "begin \(begin) end \(end)" + (strides.map { " strides \($0)" } ?? "")
    }

    /// The indices that the cut takes along an axis.
    func indices(_ axis: Int) -> [Int] {
      let extent = shape[axis]
      let step = strides?[axis] ?? 1
      func clamped(_ index: Int) -> Int {
        let counted = index < 0 ? index + extent : index
        return step > 0
          ? Swift.min(Swift.max(counted, 0), extent) : Swift.min(Swift.max(counted, -1), extent - 1)
      }
      return Array(stride(from: clamped(begin[axis]), to: clamped(end[axis]), by: step))
    }

    var taken: [[Int]] { shape.indices.map(indices) }
    var result: [Int] { taken.map(\.count) }
  }

  private static let cuts: [Cut] = [
    Cut(shape: [], begin: [], end: [], strides: nil),
    Cut(shape: [0], begin: [0], end: [0], strides: nil),
    Cut(shape: [1], begin: [0], end: [1], strides: nil),
    Cut(shape: [7], begin: [0], end: [7], strides: nil),
    Cut(shape: [7], begin: [2], end: [5], strides: nil),
    Cut(shape: [7], begin: [3], end: [3], strides: nil),
    Cut(shape: [7], begin: [0], end: [7], strides: [2]),
    Cut(shape: [7], begin: [1], end: [7], strides: [3]),
    Cut(shape: [7], begin: [-3], end: [-1], strides: nil),
    Cut(shape: [65], begin: [1], end: [64], strides: nil),
    Cut(shape: [257], begin: [0], end: [257], strides: [256]),
    Cut(shape: [2, 3], begin: [0, 1], end: [2, 3], strides: nil),
    Cut(shape: [3, 5], begin: [1, 0], end: [2, 5], strides: nil),
    Cut(shape: [3, 5], begin: [0, 0], end: [3, 5], strides: [2, 2]),
    Cut(shape: [3, 0], begin: [1, 0], end: [3, 0], strides: nil),
    Cut(shape: [4, 5, 6], begin: [1, 1, 1], end: [3, 4, 5], strides: nil),
    Cut(shape: [4, 5, 6], begin: [0, 1, 0], end: [4, 5, 6], strides: [1, 2, 3]),
    Cut(shape: [7], begin: [-1], end: [-8], strides: [-1]),
    Cut(shape: [7], begin: [5], end: [1], strides: [-2]),
    Cut(shape: [4, 5], begin: [3, 4], end: [0, -6], strides: [-1, -2]),
    Cut(shape: [17, 33], begin: [0, 32], end: [17, 33], strides: nil),
    Cut(shape: [17, 33], begin: [16, 0], end: [17, 33], strides: nil),
    Cut(
      shape: [2, 1, 3, 1, 2, 1, 2, 2], begin: [1, 0, 0, 0, 0, 0, 0, 0],
      end: [2, 1, 3, 1, 2, 1, 2, 2], strides: nil),
  ]

  private static let badCuts: [([Int], [Int], [Int], [Int]?)] = [
    ([3, 5], [0], [3, 5], nil), ([3, 5], [0, 0], [3], nil), ([3, 5], [0, 0], [3, 5], [1]),
    ([3, 5], [0, 0], [3, 5], [0, 1]), ([3, 5], [0, 0], [3, 5], [1, 0]), ([], [0], [1], nil),
    ([3, 5], [], [], nil), ([3, 5], [0, 0, 0], [1, 1, 1], nil), ([3], [0], [3], [0]),
    ([3], [0], [3], [.min]), ([0], [0], [0], [0]), ([3, 5], [0, 0], [3, 5], [1, .min]),
  ]

  private static let sliced: OperationRecord = {
    let forms = cuts.map { cut in
      Form(
        cut.shape, cut.attributes,
        { try $0.sliced(begin: cut.begin, end: cut.end, strides: cut.strides) }
      ) { x in
        let taken = cut.taken
        return Reference(cut.result) { x[zip(taken, $0).map { $0[$1] }] }
      }
    }
    return Moved(name: "sliced").record(
      forms,
      badCuts.map { shape, begin, end, strides in
        .one("begin \(begin) end \(end) strides \(strides ?? [])", shape) {
          _ = try $0.sliced(begin: begin, end: end, strides: strides)
        }
      },
      benchmarks: [
        Form(
          [2048, 2048], "begin [1, 1] end [2047, 2047]",
          { try $0.sliced(begin: [1, 1], end: [2047, 2047]) + 0 }
        ) { x in
          Reference([2046, 2046]) { x[$0.map { $0 + 1 }] }
        }
      ]
    ).with { sample in sample.mayBeZero = true }
  }()

  private static let slice: OperationRecord = {
    let cases: [([Int], Int, Range<Int>)] = [
      ([0], 0, 0..<0), ([1], 0, 0..<1), ([7], 0, 0..<7), ([7], 0, 2..<5), ([7], 0, 3..<3),
      ([7], -1, 1..<7), ([65], 0, 64..<65), ([257], 0, 1..<257), ([2, 3], 0, 1..<2),
      ([2, 3], 1, 0..<2),
      ([3, 5], -2, 0..<2), ([3, 0], 0, 1..<3), ([4, 5, 6], 0, 1..<3), ([4, 5, 6], 1, 1..<4),
      ([4, 5, 6], 2, 2..<6), ([17, 33], 1, 32..<33), ([17, 33], 0, 16..<17), ([5, 1, 7], 1, 0..<1),
      ([33, 3], 0, 0..<32), ([2, 1, 3, 1, 2, 1, 2, 2], 2, 1..<3),
    ]
    let forms = cases.map { shape, axis, range in
      Form(shape, "axis \(axis) \(range)", { try $0.slice(axis: axis, range) }) { x in
        let axis = axis < 0 ? axis + x.rank : axis
        var shape = x.shape
        shape[axis] = range.count
        return Reference(shape) { index in
          var other = index
          other[axis] += range.lowerBound
          return x[other]
        }
      }
    }
    let bad: [([Int], Int, Range<Int>)] = [
      ([3, 5], 2, 0..<1), ([3, 5], -3, 0..<1), ([], 0, 0..<1), ([3, 5], 0, 0..<4),
      ([3, 5], 1, 5..<6),
      ([3, 5], 0, -1..<2), ([0], 0, 0..<1), ([3], .max, 0..<1), ([3], .min, 0..<1),
      ([3], 0, 0..<Int.max), ([3], 0, Int.min..<0),
    ]
    return Moved(name: "slice").record(
      forms,
      bad.map { shape, axis, range in
        .one("axis \(axis) \(range)", shape) { _ = try $0.slice(axis: axis, range) }
      }
    ).with { sample in sample.mayBeZero = true }
  }()

  private static let replacingSlice: OperationRecord = {
    func sample(_ cut: Cut, _ type: ScalarType, _ index: Int) -> Sample {
      let values: Values = type.isFloatingPoint ? .awayFromZero(0.1, 2) : .integers(1, 9)
      return Sample(
        "replacingSlice", cut.attributes,
        [
          Input(cut.shape, type, values, seed: seeded("replacingSlice", 2 * index)),
          Input(cut.result, type, values, seed: seeded("replacingSlice", 2 * index + 1)),
        ], differentiable: type == .float32 ? [0, 1] : [], tolerance: .exact,
        call: {
          [
            try $0[0].replacingSlice(
              begin: cut.begin, end: cut.end, strides: cut.strides, with: $0[1])
          ]
        },
        reference: { x in
          var result = x[0]
          let taken = cut.taken
          forEachIndex(of: cut.result) { result[zip(taken, $0).map { $0[$1] }] = x[1][$0] }
          return [result]
        }
      ).with { $0.mayBeZero = true }
    }
    var samples = cuts.enumerated().map { sample($1, .float32, $0) }
    samples += ScalarType.allCases.filter { $0 != .float32 && $0 != .bool }.enumerated().map {
      sample(cuts[16], $1, 100 + $0)
    }
    var badCalls = badCuts.map { shape, begin, end, strides in
      BadCall(
        "begin \(begin) end \(end)", [.shape, .argument, .index], [Input(shape), Input([1])]
      ) {
        _ = try $0[0].replacingSlice(begin: begin, end: end, strides: strides, with: $0[1])
      }
    }
    badCalls += [[2, 4], [3], [0, 5], [1, 2, 5]].map { shape in
      BadCall("replacement", [.shape], [Input([3, 5]), Input(shape)]) {
        _ = try $0[0].replacingSlice(begin: [0, 0], end: [2, 5], strides: nil, with: $0[1])
      }
    }
    badCalls.append(
      BadCall("types", [.dtype], [Input([3]), Input([2], .float64)]) {
        _ = try $0[0].replacingSlice(begin: [0], end: [2], strides: nil, with: $0[1])
      })
    badCalls.append(
      BadCall("devices", [.device], [Input([3]), Input([2])], stranger: 1) {
        _ = try $0[0].replacingSlice(begin: [0], end: [2], strides: nil, with: $0[1])
      })
    return OperationRecord(
      "replacingSlice", family: "Assembly", samples: samples, badCalls: badCalls)
  }()

  private static let split: OperationRecord = {
    func sample(
      _ shape: [Int], _ sizes: [Int], _ parts: Int?, _ axis: Int, _ type: ScalarType, _ index: Int
    ) -> Sample {
      let values: Values = type.isFloatingPoint ? .awayFromZero(0.1, 2) : .integers(1, 9)
      return Sample(
        "split", (parts.map { "parts \($0)" } ?? "sizes \(sizes)") + " axis \(axis)",
        [Input(shape, type, values, seed: seeded("split", index))], differentiable: [0],
        tolerance: .exact,
        call: {
          if let parts { return try $0[0].split(parts: parts, axis: axis) }
          return try $0[0].split(sizes: sizes, axis: axis)
        },
        reference: { x in
          let axis = axis < 0 ? axis + shape.count : axis
          var start = 0
          return sizes.map { size in
            var part = shape
            part[axis] = size
            defer { start += size }
            return Reference(part) { index in
              var other = index
              other[axis] += start
              return x[0][other]
            }
          }
        })
    }
    let cases: [([Int], [Int], Int)] = [
      ([0], [0, 0], 0), ([1], [1], 0), ([1], [0, 1], 0), ([7], [3, 4], 0), ([7], [2, 0, 5], 0),
      ([65], [64, 1], 0), ([257], [1, 256], -1), ([2, 3], [1, 1], 0), ([2, 3], [1, 2], 1),
      ([3, 5], [2, 3], -1), ([3, 0], [1, 2], 0), ([4, 5, 6], [1, 3], 0), ([4, 5, 6], [2, 3], 1),
      ([4, 5, 6], [1, 2, 3], 2), ([17, 33], [16, 17], 1), ([5, 1, 7], [1], 1),
      ([9, 2], [4, 5], 0),
    ]
    var samples = cases.enumerated().map { sample($1.0, $1.1, nil, $1.2, .float32, $0) }
    let equal: [([Int], Int, Int)] = [
      ([6], 2, 0), ([6], 3, -1), ([4, 6], 2, 1), ([4, 6], 4, 0), ([0, 4], 2, 1), ([8, 3], 1, 0),
    ]
    samples += equal.enumerated().map { index, item in
      let size = item.0[item.2 < 0 ? item.2 + item.0.count : item.2] / item.1
      return sample(
        item.0, [Int](repeating: size, count: item.1), item.1, item.2, .float32, 100 + index)
    }
    samples += [ScalarType.float64, .int32, .uint8].enumerated().map {
      sample([3, 5], [2, 3], nil, 1, $1, 200 + $0).with { $0.differentiable = [] }
    }
    let bad: [([Int], [Int], Int)] = [
      ([7], [3, 3], 0), ([7], [3, 5], 0), ([7], [-1, 8], 0), ([7], [], 0), ([7], [7], 1),
      ([7], [7], -2), ([], [1], 0), ([2, 3], [1, 1, 1], 0), ([7], [.max, 8], 0), ([7], [.min], 0),
      ([7], [.max, .max, 9], 0),
    ]
    var badCalls = bad.map { shape, sizes, axis in
      BadCall.one("sizes \(sizes) axis \(axis)", shape) {
        _ = try $0.split(sizes: sizes, axis: axis)
      }
    }
    badCalls += [0, -1, 2, .min, .max].map { parts in
      BadCall.one("parts \(parts)", [7]) { _ = try $0.split(parts: parts, axis: 0) }
    }
    return OperationRecord("split", family: "Assembly", samples: samples, badCalls: badCalls)
  }()

  private static let padded: OperationRecord = {
    func constant(_ shape: [Int], _ paddings: [(Int, Int)], _ value: Double) -> Form {
      Form(
        shape, "\(paddings) constant \(value)",
        { try $0.padded(paddings, mode: .constant(value)) }
      ) { x in
        Reference(zip(shape, paddings).map { $0 + $1.0 + $1.1 }) { index in
          let inner = zip(index, paddings).map { $0 - $1.0 }
          let isInside = zip(inner, shape).allSatisfy { $0 >= 0 && $0 < $1 }
          return isInside ? x[inner] : value
        }
      }
    }
    func reflected(_ shape: [Int], _ paddings: [(Int, Int)]) -> Form {
      Form(shape, "\(paddings) reflect", { try $0.padded(paddings, mode: .reflect) }) { x in
        Reference(zip(shape, paddings).map { $0 + $1.0 + $1.1 }) { index in
          x[
            zip(zip(index, paddings), shape).map { pair, extent in
              let inner = pair.0 - pair.1.0
              return inner < 0 ? -inner : inner >= extent ? 2 * (extent - 1) - inner : inner
            }]
        }
      }
    }
    let forms = [
      constant([3, 5], [(1, 0), (2, 3)], 1), constant([2, 3, 4], [(0, 1), (1, 0), (2, 2)], 1),
      reflected([3, 5], [(2, 1), (0, 4)]), constant([], [], 0), constant([0], [(2, 1)], 3),
      constant([1], [(0, 0)], 1), constant([1], [(1, 1)], 2), constant([7], [(0, 3)], -1),
      constant([7], [(3, 0)], -1), constant([64], [(1, 0)], 1), constant([65], [(0, 63)], 1),
      constant([257], [(1, 1)], 1), constant([3, 0], [(1, 1), (1, 2)], 2),
      constant([5, 1, 7], [(1, 1), (0, 0), (1, 1)], 1), constant([17, 33], [(1, 1), (1, 1)], 1),
      reflected([2], [(1, 1)]), reflected([7], [(6, 6)]), reflected([7], [(0, 0)]),
      reflected([65], [(3, 0)]), reflected([3, 5], [(0, 0), (2, 2)]),
      reflected([3, 5], [(2, 2), (0, 0)]),
      reflected([4, 5, 6], [(1, 2), (3, 1), (0, 5)]), constant([7], [(1, 1)], 0),
    ]
    let bad: [([Int], [(Int, Int)], PaddingMode)] = [
      ([3, 5], [(1, 1)], .constant(0)), ([3, 5], [], .constant(0)), ([], [(1, 1)], .constant(0)),
      ([3, 5], [(1, 1), (1, 1), (1, 1)], .constant(0)), ([3], [(-1, 0)], .constant(0)),
      ([3], [(0, -1)], .constant(0)), ([3], [(.max, 1)], .constant(0)),
      ([3], [(.max, .max)], .constant(0)),
      ([3], [(.min, 0)], .constant(0)), ([3], [(3, 0)], .reflect), ([3], [(0, 3)], .reflect),
      ([0], [(1, 0)], .reflect), ([1], [(1, 0)], .reflect), ([3], [(-1, 0)], .reflect),
      ([3, 5], [(1, 1)], .reflect),
    ]
    return Moved(name: "padded").record(
      forms,
      bad.map { shape, paddings, mode in
        .one("\(paddings) \(mode)", shape) { _ = try $0.padded(paddings, mode: mode) }
      },
      benchmarks: [constant([2046, 2046], [(1, 1), (1, 1)], 0)])
  }()

  /// Operations on lists of tensors.
  private static func joined(
    _ name: String, _ cases: [([[Int]], Int)],
    _ call: @escaping @Sendable ([Tensor], Int) throws -> Tensor,
    _ naive: @escaping @Sendable ([Reference], Int) -> Reference, timed: [[Int]]
  ) -> OperationRecord {
    func sample(
      _ shapes: [[Int]], _ axis: Int, _ type: ScalarType, _ index: Int, views: [Input.View] = []
    ) -> Sample {
      let values: Values =
        type.isFloatingPoint ? .awayFromZero(0.1, 2) : type == .bool ? .bools : .integers(1, 9)
      return Sample(
        name, "axis \(axis)",
        shapes.enumerated().map { k, shape in
          Input(
            shape, type, values, view: k < views.count ? views[k] : .plain,
            seed: seeded(name, 8 * index + k))
        }, differentiable: type == .float32 ? Array(shapes.indices) : [], tolerance: .exact,
        call: { [try call($0, axis)] }, reference: { [naive($0, axis)] }
      ).with { $0.mayBeZero = type == .bool }
    }
    var samples = cases.enumerated().map { sample($1.0, $1.1, .float32, $0) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([[4, 5], [4, 5]], 1, .float32, 100 + index, views: [view])
          .with { $0.runsEverywhere = view == .permuted })
    }
    samples += ScalarType.allCases.dropFirst().enumerated().map {
      sample([[3, 5], [3, 5]], 0, $1, 120 + $0)
    }
    func bad(_ what: String, _ kinds: Set<TensorError.Kind>, _ inputs: [Input], _ axis: Int = 0)
      -> BadCall
    {
      BadCall(what, kinds, inputs) { _ = try call($0, axis) }
    }
    let x = Input([2, 3])
    let either: Set<TensorError.Kind> = [.shape, .argument]
    let badCalls = [
      bad("nothing", [.argument], []), bad("axis", [.argument], [x, x], 3),
      bad("axis", [.argument], [x, x], -4), bad("axis", [.argument], [x, x], .max),
      bad("axis", [.argument], [x, x], .min), bad("ranks", [.shape], [x, Input([3])]),
      bad("ranks", [.shape], [x, Input([1, 2, 3])]), bad("shapes", [.shape], [x, Input([2, 4])]),
      bad("shapes", [.shape], [x, x, Input([2, 5])]), bad("shapes", [.shape], [x, Input([2, 0])]),
      bad("shapes", either, [Input([]), x]), bad("types", [.dtype], [x, Input([2, 3], .float64)]),
      bad("types", [.dtype], [x, Input([2, 3], .int32, .integers(0, 1))]),
      BadCall("devices", [.device], [x, x], stranger: 1) { _ = try call($0, 0) },
      BadCall("devices", [.device], [x, x, x], stranger: 0) { _ = try call($0, 0) },
    ]
    return OperationRecord(
      name, family: "Assembly", samples: samples, badCalls: badCalls,
      benchmarks: [sample(timed, 0, .float32, 800), sample(timed, 1, .float32, 801)])
  }

  private static let concatenate: OperationRecord = joined(
    "concatenate",
    [
      ([[3]], 0), ([[3], [4]], 0), ([[0], [4]], 0), ([[0], [0]], 0), ([[1], [1], [1]], 0),
      ([[64], [1]], 0), ([[65], [63]], -1), ([[257], [0], [3]], 0), ([[2, 3], [2, 3]], 0),
      ([[2, 3], [4, 3]], 0), ([[2, 3], [2, 5]], 1), ([[2, 3], [2, 5]], -1),
      ([[2, 0], [2, 3]], 1),
      ([[0, 3], [2, 3]], 0), ([[2, 3, 4], [2, 5, 4]], 1), ([[2, 3, 4], [2, 3, 1]], 2),
      ([[1, 3, 4], [2, 3, 4]], 0), ([[17, 33], [17, 31]], 1), ([[33, 3], [31, 3]], 0),
      ([[5, 1], [5, 2], [5, 3], [5, 4]], 1),
      ([[1, 1, 2, 1, 2, 1, 2, 2], [1, 3, 2, 1, 2, 1, 2, 2]], 1),
    ], { try Tensors.concatenate($0, axis: $1) },
    { parts, axis in
      let axis = axis < 0 ? axis + parts[0].rank : axis
      var shape = parts[0].shape
      shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
      return Reference(shape) { index in
        var other = index
        for part in parts {
          if other[axis] < part.shape[axis] { return part[other] }
          other[axis] -= part.shape[axis]
        }
        return .nan
      }
    }, timed: [[1024, 1024], [1024, 1024]])

  private static let stack: OperationRecord = joined(
    "stack",
    [
      ([[]], 0), ([[], []], 0), ([[], []], -1), ([[3]], 0), ([[3]], 1), ([[3], [3]], 0),
      ([[3], [3]], 1), ([[3], [3]], -1), ([[0], [0]], 0), ([[1], [1], [1]], 1), ([[64], [64]], 0),
      ([[65], [65], [65]], 1), ([[257], [257]], 0), ([[2, 3], [2, 3]], 0), ([[2, 3], [2, 3]], 1),
      ([[2, 3], [2, 3], [2, 3]], 2), ([[2, 3], [2, 3]], -3), ([[2, 0], [2, 0]], 1),
      ([[17, 33], [17, 33]], 2), ([[2, 3, 4], [2, 3, 4]], 1),
      ([[1, 2, 1, 2, 1, 2, 3], [1, 2, 1, 2, 1, 2, 3]], 3),
    ], { try Tensors.stack($0, axis: $1) },
    { parts, axis in
      let axis = axis < 0 ? axis + parts[0].rank + 1 : axis
      var shape = parts[0].shape
      shape.insert(parts.count, at: axis)
      return Reference(shape) { index in
        var other = index
        let part = other.remove(at: axis)
        return parts[part][other]
      }
    }, timed: [[1024, 1024], [1024, 1024]])
}
