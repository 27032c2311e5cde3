internal import Geometry
internal import Glibc
internal import Tensors

/// Factorisations of matrices, and what is solved by them.
///
/// Factors are judged by what defines them: their product, and that they are orthonormal or
/// triangular. Those that are only defined but for a sign are squared where they are compared one
/// by one.
enum LinearAlgebraCases {
  static let records: [OperationRecord] = [
    cholesky, qr, svd, eigen, solved, triangular, inverse, determinant, logDeterminant,
  ]

  /// Batch axes and sizes.
  private static let squares: [[Int]] = [
    [1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [7, 7], [8, 8], [9, 9], [16, 16], [17, 17], [31, 31],
    [33, 33], [2, 3, 3], [1, 4, 4], [3, 1, 1], [2, 2, 3, 3], [5, 2, 2], [0, 3, 3], [2, 0, 0],
    [0, 0], [64, 64], [65, 2, 2],
  ]

  private static let oblongs: [[Int]] = [
    [1, 1], [1, 2], [2, 1], [2, 2], [2, 3], [3, 2], [3, 3], [4, 4], [5, 3], [3, 5], [7, 2], [2, 7],
    [9, 8], [8, 9], [17, 5], [5, 17], [33, 33], [2, 3, 2], [2, 2, 3], [2, 1, 3, 3], [0, 3, 2],
    [1, 40], [40, 1],
  ]

  /// `x` with numbers on the diagonal that keep its columns apart: what is factorised.
  private static func apart(_ x: Tensor) throws -> Tensor {
    let (m, n) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let steps = try Tensor.arange(0, Double(n), as: x.scalarType, on: x.device) * 3 + 3
    return try x + Tensor.eye(m, n, as: x.scalarType, on: x.device) * steps
  }

  /// `x·xᵀ / n` with numbers on the diagonal: symmetric and positive definite.
  private static func definite(_ x: Tensor) throws -> Tensor {
    let n = Double(Swift.max(x.shape.last, 1))
    return try apart(matmul(x, x, transposeRight: true) / n)
  }

  private static func transposed(_ x: Tensor) throws -> Tensor {
    var axes = Array(0..<x.rank)
    axes.swapAt(x.rank - 1, x.rank - 2)
    return try x.permuted(axes)
  }

  /// The products of the columns of `x` with each other: the identity if they are orthonormal.
  private static func products(_ x: Tensor) throws -> Tensor {
    try matmul(x, x, transposeLeft: true)
  }

  private typealias Call = @Sendable (Tensor) throws -> [Tensor]

  /// - Parameter reference: of one matrix.
  private static func sample(
    _ name: String, _ what: String, _ shape: [Int], type: ScalarType = .float32,
    scale: Double = 64, gradient: Bool = true, view: Input.View = .plain, _ call: @escaping Call,
    _ reference: @escaping @Sendable (Matrix) -> [Matrix.Part]
  ) -> Sample {
    let n = Double(shape.suffix(2).max() ?? 1)
    return Sample(
      name, what, [Input(shape, type, .normal(0.7), view: view, seed: seeded(name, shape.count))],
      differentiable: gradient ? [0] : [], tolerance: .scaled(scale * (4 + n)),
      call: { try call($0[0]) }, reference: { Matrix.batched($0[0], reference) }
    ).with {
      $0.gradientTolerance = .scaled(64 * scale * (4 + n))
      $0.mayBeZero = true
      $0.runsEverywhere = n < 33
    }
  }

  private static func badMatrices(
    _ functions: [@Sendable (Tensor) throws -> Void], isSquare: Bool
  ) -> [BadCall] {
    functions.flatMap { call in
      let unfit = BadCall.types(
        [.int32, .float16, .bool], shapes: [[2, 2], [3, 3], [2, 3, 3]]
      ) { try call($0[0]) }
      let shapes: [[Int]] = [[], [4]] + (isSquare ? [[2, 3], [3, 2], [2, 3, 2]] : [])
      let broken: [(String, Double)] = [("NaN", .nan), ("infinity", .infinity)]
      return unfit
        + shapes.map { shape in
          BadCall("shape", [.shape], [Input(shape)]) { try call($0[0]) }
        }
        + broken.map { what, value in
          BadCall(what, [.numeric], [Input([2, 2], .float32, .list([1, 0, value, 1]))]) {
            try call($0[0])
          }
        }
    }
  }

  private static let cholesky: OperationRecord = {
    let reference: @Sendable (Matrix) -> [Matrix.Part] = { [.matrix($0.definite.cholesky)] }
    let call: Call = { [try definite($0).cholesky()] }
    var samples = squares.map { sample("cholesky", "", $0, call, reference) }
    samples.append(sample("cholesky", "", [2, 5, 5], type: .float64, call, reference))
    samples.append(sample("cholesky", "", [5, 5], view: .permuted, call, reference))
    return OperationRecord(
      "cholesky", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.cholesky().scalars() }], isSquare: true)
        + [[0.0, 0, 0, 0], [1, 2, 2, 1], [-1, 0, 0, 1]].map { values in
          BadCall("not definite", [.numeric], [Input([2, 2], .float32, .list(values))]) {
            _ = try $0[0].cholesky().scalars()
          }
        }, benchmarks: [sample("cholesky", "", [512, 512], call, reference)])
  }()

  private static let qr: OperationRecord = {
    let defined: Call = { x in
      let a = try apart(x)
      let (q, r) = try a.qr()
      return [try matmul(q, r), try products(q), try r.lowerTriangle(diagonal: -1)]
    }
    let parts: Call = { x in
      let (q, r) = try apart(x).qr()
      return [try q * q, try r * r]
    }
    let samples =
      oblongs.map { shape in
        sample("qr", "defined", shape, defined) { x in
          let a = x.apart
          let k = Swift.min(a.rows, a.columns)
          return [.matrix(a), .matrix(.identity(k)), .matrix(.zeros(k, a.columns))]
        }
      }
      + [[3, 3], [5, 3], [3, 5], [2, 4, 2], [1, 1]].flatMap { shape in
        [ScalarType.float32, .float64].map { type in
          sample("qr", "parts", shape, type: type, parts) { x in
            let (q, r) = x.apart.qr
            return [.matrix(q.squared), .matrix(r.squared)]
          }
        }
      }
    return OperationRecord(
      "qr", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.qr().q.scalars() }], isSquare: false))
  }()

  private static let svd: OperationRecord = {
    let defined: Call = { x in
      let (u, s, vt) = try apart(x).svd()
      let k = s.shape.last
      let steps =
        k > 1 ? try s.slice(axis: -1, 1..<k) - s.slice(axis: -1, 0..<k - 1) : try -s
      return [
        try matmul(u * s.expanded(at: -2), vt), try products(u), try products(transposed(vt)),
        try relu(steps),
      ]
    }
    let parts: Call = { x in
      let (u, s, vt) = try apart(x).svd()
      return [try u * u, s, try vt * vt]
    }
    let samples =
      oblongs.map { shape in
        sample("svd", "defined", shape, gradient: false, defined) { x in
          let a = x.apart
          let k = Swift.min(a.rows, a.columns)
          return [
            .matrix(a), .matrix(.identity(k)), .matrix(.identity(k)),
            .row([Double](repeating: 0, count: k > 1 ? k - 1 : k)),
          ]
        }
      }
      + [[3, 3], [4, 3], [3, 4], [2, 3, 2], [1, 1]].flatMap { shape in
        [ScalarType.float32, .float64].map { type in
          sample("svd", "parts", shape, type: type, scale: 1024, parts) { x in
            let (u, s, v) = x.apart.svd
            return [.matrix(u.squared), .row(s), .matrix(v.transposed.squared)]
          }
        }
      }
    return OperationRecord(
      "svd", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.svd().s.scalars() }], isSquare: false))
  }()

  private static let eigen: OperationRecord = {
    let defined: Call = { x in
      let a = try definite(x)
      let (w, v) = try a.symmetricEigen()
      return [try matmul(v * w.expanded(at: -2), v, transposeRight: true), try products(v)]
    }
    let parts: Call = { x in
      let (w, v) = try definite(x).symmetricEigen()
      return [w, try v * v]
    }
    let samples =
      squares.map { shape in
        sample("symmetricEigen", "defined", shape, gradient: false, defined) { x in
          [.matrix(x.definite), .matrix(.identity(x.rows))]
        }
      }
      + [[3, 3], [4, 4], [2, 3, 3], [1, 1]].flatMap { shape in
        [ScalarType.float32, .float64].map { type in
          sample("symmetricEigen", "parts", shape, type: type, scale: 1024, parts) { x in
            let (u, s, _) = x.definite.svd
            return [.row(s.reversed()), .matrix(u.squared.withColumnsReversed)]
          }
        }
      }
    return OperationRecord(
      "symmetricEigen", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.symmetricEigen().values.scalars() }], isSquare: true))
  }()

  private static let inverse: OperationRecord = {
    let call: Call = { [try apart($0).inverse()] }
    let reference: @Sendable (Matrix) -> [Matrix.Part] = { [.matrix($0.apart.inverse)] }
    var samples = squares.map { sample("inverse", "", $0, call, reference) }
    samples.append(sample("inverse", "", [2, 5, 5], type: .float64, call, reference))
    return OperationRecord(
      "inverse", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.inverse().scalars() }], isSquare: true)
        + [[0.0, 0, 0, 0], [1, 2, 2, 4], [1, 1, 1, 1]].map { values in
          BadCall("singular", [.numeric], [Input([2, 2], .float32, .list(values))]) {
            _ = try $0[0].inverse().scalars()
          }
        })
  }()

  private static let determinant: OperationRecord = {
    // Divided by what the diagonal makes of it, so that large ones stay numbers.
    let call: Call = { x in
      let n = x.shape.last
      let scale = (0..<n).reduce(1.0) { $0 * Double(3 * $1 + 3) }
      return [try apart(x).determinant() / scale]
    }
    let reference: @Sendable (Matrix) -> [Matrix.Part] = { x in
      let scale = (0..<x.rows).reduce(1.0) { $0 * Double(3 * $1 + 3) }
      return [.number(x.apart.determinant / scale)]
    }
    let small = squares.filter { $0.suffix(2).max() ?? 0 <= 9 } + [[3, 4, 4], [6, 6], [4, 5, 5]]
    var samples = small.map { sample("determinant", "", $0, call, reference) }
    samples += [[2, 5, 5], [3, 3], [2, 1, 2, 2]].map {
      sample("determinant", "", $0, type: .float64, call, reference)
    }
    for values in [[0.0, 0, 0, 0], [1, 2, 2, 4]] {
      samples.append(
        Sample(
          "determinant", "singular", [Input([2, 2], .float32, .list(values))],
          tolerance: .exact, call: { [try $0[0].determinant()] },
          reference: { _ in [Reference([], [0])] }
        ).with { $0.mayBeZero = true })
    }
    return OperationRecord(
      "determinant", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices([{ _ = try $0.determinant().scalars() }], isSquare: true))
  }()

  private static let logDeterminant: OperationRecord = {
    let call: Call = { x in
      let (sign, logarithm) = try apart(x).logDeterminant()
      return [sign, logarithm]
    }
    let reference: @Sendable (Matrix) -> [Matrix.Part] = { x in
      let value = x.apart.determinant
      return [.number(value > 0 ? 1 : value < 0 ? -1 : 0), .number(log(abs(value)))]
    }
    var samples = squares.map { sample("logDeterminant", "", $0, call, reference) }
    samples.append(sample("logDeterminant", "", [2, 5, 5], type: .float64, call, reference))
    return OperationRecord(
      "logDeterminant", family: "LinearAlgebra", samples: samples,
      badCalls: badMatrices(
        [{ _ = try $0.logDeterminant().logarithm.scalars() }], isSquare: true))
  }()

  /// A matrix and right sides.
  private static func system(
    _ name: String, _ what: String, _ a: [Int], _ b: [Int], _ type: ScalarType = .float32,
    call: @escaping @Sendable (Tensor, Tensor) throws -> Tensor,
    matrix: @escaping @Sendable (Matrix) -> Matrix
  ) -> Sample {
    let n = a[a.count - 1]
    return Sample(
      name, what,
      [
        Input(a, type, .normal(0.7), seed: seeded(name, a.count)),
        Input(b, type, .normal(1), seed: seeded(name + " b", b.count)),
      ], differentiable: [0, 1], tolerance: .scaled(64 * Double(4 + n)),
      call: { [try call($0[0], $0[1])] },
      reference: { operands in
        let right = b.count == a.count ? b[b.count - 1] : 1
        let inverses = Matrix.each(operands[0]).map { matrix($0).inverse }
        var values: [Double] = []
        for (number, inverse) in inverses.enumerated() {
          let side = operands[1].values[(number * n * right)..<((number + 1) * n * right)]
          values += inverse.times(Matrix(n, right, Array(side))).values
        }
        return [Reference(b, values)]
      }
    ).with {
      $0.gradientTolerance = .scaled(1024 * Double(4 + n))
      $0.mayBeZero = true
      $0.runsEverywhere = n < 33
    }
  }

  private static let systems: [([Int], [Int])] = [
    ([1, 1], [1, 1]), ([2, 2], [2, 1]), ([2, 2], [2, 3]), ([3, 3], [3, 3]), ([4, 4], [4, 2]),
    ([5, 5], [5, 7]), ([7, 7], [7, 1]), ([8, 8], [8, 9]), ([9, 9], [9, 8]), ([17, 17], [17, 4]),
    ([33, 33], [33, 5]), ([2, 3, 3], [2, 3, 2]), ([3, 1, 1], [3, 1, 4]),
    ([2, 2, 3, 3], [2, 2, 3, 1]),
    ([0, 3, 3], [0, 3, 2]), ([3, 3], [3, 0]), ([6, 6], [6, 6]), ([5, 2, 2], [5, 2, 2]),
    ([16, 16], [16, 1]), ([1, 4, 4], [1, 4, 4]), ([10, 10], [10, 3]),
  ]

  private static func badSystems(
    _ call: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) -> [BadCall] {
    let shapes: [([Int], [Int])] = [
      ([2, 3], [2, 1]), ([3, 3], [2, 1]), ([2, 3, 3], [3, 3]), ([2, 3, 3], [3, 3, 1]),
      ([3], [3, 1]),
      ([], [1, 1]), ([3, 3], []),
    ]
    let types: [(ScalarType, ScalarType)] = [
      (.float32, .float64), (.float64, .float32), (.int32, .int32), (.float16, .float16),
    ]
    return shapes.map { a, b in
      BadCall("shapes", [.shape], [Input(a), Input(b)]) { _ = try call($0[0], $0[1]) }
    }
      + types.map { a, b in
        BadCall(
          "types", [.dtype], [Input([2, 2], a, .constant(1)), Input([2, 1], b, .constant(1))]
        ) { _ = try call($0[0], $0[1]) }
      }
      + (0..<2).map { stranger in
        BadCall("devices", [.device], [Input([2, 2]), Input([2, 1])], stranger: stranger) {
          _ = try call($0[0], $0[1])
        }
      }
      + [[0.0, 0, 0, 0], [0, 1, 0, 0], [1, .nan, .nan, 1]].map { values in
        BadCall(
          "values \(values)", [.numeric], [Input([2, 2], .float32, .list(values)), Input([2, 1])]
        ) { _ = try call($0[0], $0[1]).scalars() }
      }
  }

  private static let solved: OperationRecord = {
    let call: @Sendable (Tensor, Tensor) throws -> Tensor = { try solve(apart($0), $1) }
    var samples = (systems + [([4, 4], [4])]).map { a, b in
      system("solve", "", a, b, call: call, matrix: \.apart)
    }
    samples.append(
      system("solve", "", [2, 3, 3], [2, 3, 2], .float64, call: call, matrix: \.apart))
    return OperationRecord(
      "solve", family: "LinearAlgebra", samples: samples, badCalls: badSystems { try solve($0, $1) }
    )
  }()

  private static let triangular: OperationRecord = {
    var samples: [Sample] = []
    for (number, (a, b)) in systems.enumerated() {
      for form in 0..<8 where form == number % 8 || a == [4, 4] || a == [2, 3, 3] {
        let (upper, transposed, unit) = (form & 1 != 0, form & 2 != 0, form & 4 != 0)
        let what =
          (upper ? "upper" : "lower") + (transposed ? " transposed" : "") + (unit ? " unit" : "")
        samples.append(
          system(
            "triangularSolve", what, a, b, a == [4, 4] && form == 3 ? .float64 : .float32,
            call: {
              try triangularSolve(
                unit ? $0 * 0.3 : apart($0), $1, upper: upper, transposed: transposed,
                unitDiagonal: unit)
            },
            matrix: { x in
              let whole = unit ? x.scaled(0.3) : x.apart
              let triangle = whole.triangle(upper: upper, unit: unit)
              return transposed ? triangle.transposed : triangle
            }))
      }
    }
    return OperationRecord(
      "triangularSolve", family: "LinearAlgebra", samples: samples,
      badCalls: badSystems { try triangularSolve($0, $1) })
  }()
}
