internal import Geometry
internal import Tensors

/// Operations that give the elements another shape or order.
enum MovementCases {
  static let records: [OperationRecord] = [
    reshaped, flattened, transposed, permuted, broadcast, squeezed, expanded, flipped, rolled,
    tiled, repeated, lowerTriangle, upperTriangle,
  ]

  private typealias Form = Moved.Form

  private static let reshaped: OperationRecord = {
    let pairs: [([Int], [Int], [Int])] = [
      ([], [1], [1]), ([1], [], []), ([6], [2, 3], [2, 3]), ([2, 3], [6], [6]),
      ([2, 3], [3, 2], [3, 2]), ([2, 3, 4], [-1], [24]), ([2, 3, 4], [4, -1], [4, 6]),
      ([24], [2, -1, 3], [2, 4, 3]), ([0], [0, 3], [0, 3]), ([0, 3], [0], [0]),
      ([3, 0], [2, 0, 5], [2, 0, 5]), ([7], [7, 1], [7, 1]), ([7, 1], [1, 7], [1, 7]),
      ([8, 8], [64], [64]), ([65], [5, 13], [5, 13]), ([257], [1, 257], [1, 257]),
      ([31, 3], [93], [93]), ([2, 2, 2, 2, 2, 2, 2, 2], [16, 16], [16, 16]),
      ([256], [2, 2, 2, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 2, 2, 2]),
      ([4, 6], [2, 2, 6], [2, 2, 6]),
      ([1025], [41, 25], [41, 25]),
    ]
    let forms = pairs.map { from, to, result in
      Form(from, "to \(to)", { try $0.reshaped(to: Shape(to)) }, { Reference(result, $0.values) })
    }
    let bad: [([Int], [Int])] = [
      ([6], [4]), ([6], [-1, 4]), ([6], [-1, -1]), ([6], [-2, -3]), ([0], [-1, 0]), ([2, 3], []),
      ([], [2]), ([6], [.max, 2]), ([6], [.min]), ([6], [1, 1, 1, 1, 1, 1, 1, 1, 6]), ([0], [1]),
      ([6], [0]), ([6], [Int(Int32.max), Int(Int32.max), Int(Int32.max)]),
    ]
    return Moved(name: "reshaped").record(
      forms, bad.map { from, to in .one("to \(to)", from) { _ = try $0.reshaped(to: Shape(to)) } })
  }()

  private static let flattened: OperationRecord = {
    let cases: [([Int], Int)] = [
      ([], 0), ([0], 0), ([1], 0), ([7], 0), ([2, 3], 0), ([2, 3], 1), ([2, 3, 4], 0),
      ([2, 3, 4], 1), ([2, 3, 4], 2), ([2, 3, 4], -2), ([2, 0, 4], 1), ([0, 3, 4], 0),
      ([5, 1, 7], 1),
      ([33, 3], 0), ([1, 65], 0), ([3, 5, 7, 2], 2), ([2, 2, 2, 2, 2, 2, 2, 2], 3), ([257, 1], 0),
      ([1, 1, 1], 1), ([4, 16, 4], 1),
    ]
    let forms = cases.map { shape, axis in
      Form(shape, "from \(axis)", { try $0.flattened(from: axis) }) { x in
        let first = axis < 0 ? axis + x.rank : axis
        return Reference(Array(x.shape[..<first]) + [x.shape[first...].reduce(1, *)], x.values)
      }
    }
    let bad = BadCall.axis(shapes: [[2, 3], [4], [2, 0, 3]]) { _ = try $0.flattened(from: $1) }
    return Moved(name: "flattened").record(forms, bad)
  }()

  private static let transposed: OperationRecord = {
    let shapes: [[Int]] = [
      [], [0], [1], [7], [2, 3], [3, 2], [1, 5], [5, 1], [0, 3], [3, 0], [8, 8], [16, 17],
      [33, 31],
      [31, 33], [64, 65], [2, 3, 4], [4, 1, 3], [2, 3, 4, 5], [1, 2, 1, 2],
      [2, 1, 2, 1, 2, 1, 2, 3],
      [129, 7],
    ]
    let forms = shapes.map { shape in
      Form(shape, "", { try $0.transposed() }) { $0.permuted(Array((0..<$0.rank).reversed())) }
    }
    return Moved(name: "transposed").record(
      forms, [],
      benchmarks: [Form([2048, 2048], "", { try $0.transposed() + 0 }) { $0.permuted([1, 0]) }],
      cannotFail: "it has no arguments and takes every tensor")
  }()

  private static let permuted: OperationRecord = {
    let cases: [([Int], [Int])] = [
      ([], []), ([0], [0]), ([7], [0]), ([2, 3], [0, 1]), ([2, 3], [1, 0]), ([2, 3], [-1, -2]),
      ([2, 3, 4], [0, 2, 1]), ([2, 3, 4], [1, 0, 2]), ([2, 3, 4], [2, 0, 1]),
      ([2, 3, 4], [1, 2, 0]),
      ([2, 0, 4], [2, 1, 0]), ([1, 3, 1], [2, 1, 0]), ([5, 1, 7], [1, 2, 0]),
      ([2, 3, 4, 5], [0, 2, 1, 3]), ([2, 3, 4, 5], [0, 3, 1, 2]), ([2, 3, 4, 5], [3, 2, 1, 0]),
      ([17, 2, 9], [2, 0, 1]), ([33, 65], [1, 0]),
      ([2, 1, 2, 1, 2, 1, 2, 3], [7, 0, 6, 1, 5, 2, 4, 3]),
      ([3, 3, 3], [2, 0, 1]), ([257, 2], [1, 0]),
    ]
    let forms = cases.map { shape, axes in
      Form(shape, "axes \(axes)", { try $0.permuted(axes) }) { x in
        x.permuted(axes.map { $0 < 0 ? $0 + x.rank : $0 })
      }
    }
    let bad: [([Int], [Int])] = [
      ([2, 3], [0]), ([2, 3], []), ([2, 3], [0, 0]), ([2, 3], [0, 2]), ([2, 3], [0, 1, 2]),
      ([2, 3], [1, -1]), ([2, 3], [-3, 0]), ([], [0]), ([4], [1]), ([4], [.max]), ([4], [.min]),
      ([2, 0], [1, 1]),
    ]
    return Moved(name: "permuted").record(
      forms, bad.map { shape, axes in .one("axes \(axes)", shape) { _ = try $0.permuted(axes) } },
      benchmarks: [
        Form([64, 128, 512], "axes [1, 0, 2]", { try $0.permuted([1, 0, 2]) + 0 }) {
          $0.permuted([1, 0, 2])
        }
      ])
  }()

  private static let broadcast: OperationRecord = {
    let cases: [([Int], [Int])] = [
      ([], []), ([], [3]), ([], [2, 3]), ([1], [0]), ([1], [7]), ([3], [3]), ([3], [2, 3]),
      ([3, 1], [3, 4]), ([1, 4], [3, 4]), ([1, 1], [3, 4]), ([2, 1, 3], [2, 5, 3]),
      ([1, 3, 1], [2, 3, 4]), ([0], [3, 0]), ([1, 0], [5, 0]), ([33], [17, 33]),
      ([17, 1], [17, 33]),
      ([65], [3, 65]), ([1, 257], [2, 257]), ([2, 1, 2, 1], [2, 1, 2, 1, 2, 2, 2, 3]),
      ([5, 1, 7], [5, 9, 7]), ([3, 5], [3, 5]),
    ]
    let forms = cases.map { from, to in
      Form(from, "to \(to)", { try $0.broadcast(to: Shape(to)) }) { x in
        Reference(to) { x.broadcast(at: $0) }
      }
    }
    let bad: [([Int], [Int])] = [
      ([3], [4]), ([3], []), ([2, 3], [3]), ([2, 3], [3, 2]), ([3], [3, 1]), ([2], [0]), ([0], [1]),
      ([1], [-1]), ([1], [1 << 40]), ([1], [1, 1, 1, 1, 1, 1, 1, 1, 1]), ([0], [2]),
      ([1], [Int(Int32.max), Int(Int32.max), Int(Int32.max)]), ([1], [.min]),
    ]
    return Moved(name: "broadcast", gradientTolerance: .scaled(64)).record(
      forms, bad.map { from, to in .one("to \(to)", from) { _ = try $0.broadcast(to: Shape(to)) } })
  }()

  private static let squeezed: OperationRecord = {
    let cases: [([Int], [Int]?, [Int])] = [
      ([], nil, []), ([1], nil, []), ([1], [0], []), ([1], [-1], []), ([0], nil, [0]),
      ([7], nil, [7]),
      ([7], [], [7]), ([1, 3], nil, [3]), ([1, 3], [0], [3]), ([3, 1], [-1], [3]),
      ([1, 3, 1], nil, [3]), ([1, 3, 1], [0], [3, 1]), ([1, 3, 1], [2], [1, 3]),
      ([1, 3, 1], [0, 2], [3]), ([1, 3, 1], [0, -1], [3]), ([1, 0, 1], nil, [0]),
      ([1, 1, 1], nil, []),
      ([1, 1, 1], [1], [1, 1]), ([2, 1, 2, 1, 2, 1, 2, 1], nil, [2, 2, 2, 2]),
      ([257, 1], [1], [257]),
    ]
    let forms = cases.map { shape, axes, result in
      Form(
        shape, "axes \(axes.map { "\($0)" } ?? "all")", { try $0.squeezed(axes: axes) },
        { Reference(result, $0.values) })
    }
    let bad =
      BadCall.axes(shapes: [[1, 1], [], [1]]) { _ = try $0.squeezed(axes: $1) }
      + [.one("longer axis", [2, 1]) { _ = try $0.squeezed(axes: [0]) }]
      + [.one("empty axis", [0, 1]) { _ = try $0.squeezed(axes: [0, 1]) }]
    return Moved(name: "squeezed").record(forms, bad)
  }()

  private static let expanded: OperationRecord = {
    let cases: [([Int], Int, [Int])] = [
      ([], 0, [1]), ([], -1, [1]), ([0], 0, [1, 0]), ([0], 1, [0, 1]), ([1], 0, [1, 1]),
      ([7], 0, [1, 7]), ([7], 1, [7, 1]), ([7], -1, [7, 1]), ([7], -2, [1, 7]),
      ([2, 3], 0, [1, 2, 3]),
      ([2, 3], 1, [2, 1, 3]), ([2, 3], 2, [2, 3, 1]), ([2, 3], -1, [2, 3, 1]),
      ([2, 3], -3, [1, 2, 3]),
      ([2, 0], 1, [2, 1, 0]), ([33], 0, [1, 33]), ([64], 1, [64, 1]), ([257], 1, [257, 1]),
      ([2, 2, 2, 2, 2, 2, 2], 3, [2, 2, 2, 1, 2, 2, 2, 2]), ([5, 1, 7], 2, [5, 1, 1, 7]),
    ]
    let forms = cases.map { shape, axis, result in
      Form(
        shape, "at \(axis)", { try $0.expanded(at: axis) }, { Reference(result, $0.values) })
    }
    let bad: [([Int], Int)] = [
      ([2, 3], 3), ([2, 3], -4), ([], 1), ([], -2), ([4], 2), ([4], -3), ([4], .max), ([4], .min),
      ([2, 2, 2, 2, 2, 2, 2, 2], 0), ([2, 2, 2, 2, 2, 2, 2, 2], 8), ([0], 5),
    ]
    return Moved(name: "expanded").record(
      forms, bad.map { shape, axis in .one("at \(axis)", shape) { _ = try $0.expanded(at: axis) } })
  }()

  private static let flipped: OperationRecord = {
    let cases: [([Int], [Int])] = [
      ([], []), ([0], [0]), ([1], [0]), ([2], [0]), ([7], [0]), ([64], [0]), ([65], [-1]),
      ([257], [0]),
      ([2, 3], [0]), ([2, 3], [1]), ([2, 3], [0, 1]), ([2, 3], []), ([3, 0], [0]),
      ([2, 3, 4], [1]),
      ([2, 3, 4], [0, 2]), ([2, 3, 4], [-1, -2]), ([5, 1, 7], [0, 1, 2]), ([17, 33], [1]),
      ([17, 33], [0]), ([2, 1, 2, 1, 2, 1, 2, 3], [0, 7]), ([1021], [0]),
    ]
    let forms = cases.map { shape, axes in
      Form(shape, "axes \(axes)", { try $0.flipped(axes: axes) }) { x in
        let axes = axes.map { $0 < 0 ? $0 + x.rank : $0 }
        return Reference(x.shape) { index in
          var other = index
          for axis in axes { other[axis] = x.shape[axis] - 1 - index[axis] }
          return x[other]
        }
      }
    }
    return Moved(name: "flipped").record(
      forms, BadCall.axes { _ = try $0.flipped(axes: $1) },
      benchmarks: [
        Form([2048, 2048], "axes [0, 1]", { try $0.flipped(axes: [0, 1]) + 0 }) {
          Reference($0.shape, $0.values.reversed())
        }
      ])
  }()

  private static let rolled: OperationRecord = {
    let cases: [([Int], [Int], [Int])] = [
      ([0], [1], [0]), ([1], [5], [0]), ([7], [0], [0]), ([7], [1], [0]), ([7], [-1], [0]),
      ([7], [7], [0]), ([7], [17], [0]), ([7], [-23], [-1]), ([2, 3], [1], [0]),
      ([2, 3], [1], [1]),
      ([2, 3], [1, 2], [0, 1]), ([2, 3], [-1, 4], [1, 0]), ([3, 0], [1], [0]),
      ([2, 3, 4], [2], [1]),
      ([2, 3, 4], [1, 1, 1], [0, 1, 2]), ([64], [63], [0]), ([65], [64], [0]), ([257], [100], [0]),
      ([17, 33], [5, -7], [0, 1]), ([2, 1, 2, 1, 2, 1, 2, 3], [1, 2], [0, 7]), ([2, 3], [], []),
    ]
    let forms = cases.map { shape, shifts, axes in
      Form(
        shape, "shifts \(shifts) axes \(axes)", { try $0.rolled(shifts, axes: axes) }
      ) { x in
        Reference(x.shape) { index in
          var other = index
          for (shift, axis) in zip(shifts, axes) {
            let axis = axis < 0 ? axis + x.rank : axis
            let extent = x.shape[axis]
            other[axis] = ((index[axis] - shift) % extent + extent) % extent
          }
          return x[other]
        }
      }
    }
    let bad: [([Int], [Int], [Int])] = [
      ([2, 3], [1], []), ([2, 3], [], [0]), ([2, 3], [1, 2], [0]), ([2, 3], [1], [0, 1]),
      ([2, 3], [1], [2]), ([2, 3], [1], [-3]), ([2, 3], [1, 1], [0, 0]),
      ([2, 3], [1, 1], [1, -1]),
      ([], [1], [0]), ([4], [1], [.max]), ([4], [1], [.min]), ([2, 3], [1, 1, 1], [0, 1, 2]),
    ]
    return Moved(name: "rolled").record(
      forms,
      bad.map { shape, shifts, axes in
        .one("shifts \(shifts) axes \(axes)", shape) { _ = try $0.rolled(shifts, axes: axes) }
      })
  }()

  private static let tiled: OperationRecord = {
    let cases: [([Int], [Int])] = [
      ([], []), ([0], [3]), ([1], [1]), ([1], [7]), ([3], [2]), ([7], [3]), ([7], [0]),
      ([2, 3], [1, 1]),
      ([2, 3], [2, 1]), ([2, 3], [1, 2]), ([2, 3], [2, 3]), ([3, 0], [2, 2]), ([2, 3], [0, 2]),
      ([2, 3, 4], [1, 2, 1]), ([2, 3, 4], [2, 1, 3]), ([5, 1, 7], [1, 4, 1]), ([33], [2]),
      ([64], [3]),
      ([17, 3], [2, 5]), ([1, 257], [2, 1]), ([2, 1, 3, 1], [2, 2, 1, 3]),
    ]
    let forms = cases.map { shape, repeats in
      Form(shape, "repeats \(repeats)", { try $0.tiled(repeats) }) { x in
        Reference(zip(x.shape, repeats).map { $0 * $1 }) { index in
          x[zip(index, x.shape).map { $0 % $1 }]
        }
      }
    }
    let bad: [([Int], [Int])] = [
      ([2, 3], [2]), ([2, 3], []), ([2, 3], [2, 2, 2]), ([2, 3], [-1, 2]), ([2, 3], [2, -1]),
      ([], [2]), ([4], []), ([4], [.max]), ([4], [.min]), ([4], [1 << 31]),
      ([1 << 10, 1, 1], [1, 1 << 30, 1 << 30]),
    ]
    return Moved(name: "tiled", gradientTolerance: .scaled(64)).record(
      forms,
      bad.map { shape, repeats in .one("repeats \(repeats)", shape) { _ = try $0.tiled(repeats) } })
  }()

  private static let repeated: OperationRecord = {
    let cases: [([Int], Int, Int)] = [
      ([0], 3, 0), ([1], 1, 0), ([1], 7, 0), ([3], 2, 0), ([7], 3, -1), ([7], 0, 0),
      ([2, 3], 1, 0),
      ([2, 3], 2, 0), ([2, 3], 2, 1), ([2, 3], 3, -1), ([3, 0], 2, 0), ([3, 0], 2, 1),
      ([2, 3, 4], 2, 0), ([2, 3, 4], 2, 1), ([2, 3, 4], 2, 2), ([5, 1, 7], 4, 1), ([33], 2, 0),
      ([64], 3, 0), ([17, 3], 5, 1), ([1, 257], 2, 0), ([2, 1, 3, 1], 2, 2),
    ]
    let forms = cases.map { shape, count, axis in
      Form(shape, "count \(count) axis \(axis)", { try $0.repeated(count, axis: axis) }) { x in
        let axis = axis < 0 ? axis + x.rank : axis
        var shape = x.shape
        shape[axis] *= count
        return Reference(shape) { index in
          var other = index
          other[axis] /= count
          return x[other]
        }
      }
    }
    let bad =
      BadCall.axis { _ = try $0.repeated(2, axis: $1) }
      + [-1, .min, .max, 1 << 31].map { count in
        .one("count \(count)", [2, 3]) { _ = try $0.repeated(count, axis: 0) }
      }
    return Moved(name: "repeated", gradientTolerance: .scaled(64)).record(forms, bad)
  }()

  private static let triangleCases: [([Int], Int)] = [
    ([0, 0], 0), ([1, 1], 0), ([2, 2], 0), ([3, 3], 0), ([3, 3], 1), ([3, 3], -1), ([3, 5], 0),
    ([5, 3], 0), ([3, 5], 2), ([5, 3], -2), ([0, 3], 0), ([3, 0], 0), ([2, 3, 4], 0),
    ([2, 4, 4], 1),
    ([1, 7], 0), ([7, 1], 0), ([17, 17], 0), ([33, 31], 3), ([64, 65], 0), ([2, 2, 3, 3], -1),
  ]

  private static func triangle(
    _ name: String, _ call: @escaping @Sendable (Tensor, Int) throws -> Tensor,
    _ isKept: @escaping @Sendable (Int, Int, Int) -> Bool
  ) -> OperationRecord {
    let forms = triangleCases.map { shape, diagonal in
      Form(
        shape, "diagonal \(diagonal), mostly zero", { try call($0, diagonal) }
      ) { x in
        Reference(x.shape) { index in
          isKept(index[index.count - 2], index[index.count - 1], diagonal) ? x[index] : 0
        }
      }
    }
    let bad = [[], [0], [1], [3], [7], [64], [2], [5], [9], [1025]].map { shape in
      BadCall.one("no matrix", shape) { _ = try call($0, 0) }
    }
    return Moved(name: name).record(forms, bad)
  }

  private static let lowerTriangle = triangle("lowerTriangle") {
    try $0.lowerTriangle(diagonal: $1)
  } _: {
    $1 <= $0 + $2
  }

  private static let upperTriangle = triangle("upperTriangle") {
    try $0.upperTriangle(diagonal: $1)
  } _: {
    $1 >= $0 + $2
  }
}
