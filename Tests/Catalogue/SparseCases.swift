internal import Geometry
internal import Tensors

/// Matrices of which only some elements are stored.
enum SparseCases {
  static let records: [OperationRecord] = [product, transposition, filling]

  /// Offsets and places of a matrix with about `share` of its elements stored.
  private static func pattern(_ rows: Int, _ columns: Int, _ share: Double, seed: UInt64)
    -> (offsets: [Double], places: [Double])
  {
    var generator = Generator(seed: seed)
    var offsets = [0.0]
    var places: [Double] = []
    for _ in 0..<rows {
      for column in 0..<columns where generator.uniform() < share { places.append(Double(column)) }
      offsets.append(Double(places.count))
    }
    return (offsets, places)
  }

  private static func dense(_ operands: [Reference], _ rows: Int, _ columns: Int) -> Reference {
    var result = Reference([rows, columns], repeating: 0)
    for row in 0..<rows {
      for k in Int(operands[0].values[row])..<Int(operands[0].values[row + 1]) {
        result[[row, Int(operands[1].values[k])]] += operands[2].values[k]
      }
    }
    return result
  }

  private static func sample(
    _ name: String, _ rows: Int, _ columns: Int, _ share: Double, with width: [Int]?,
    _ type: ScalarType = .float32,
    _ call: @escaping @Sendable (SparseMatrix, Tensor) throws -> Tensor,
    _ reference: @escaping @Sendable (Reference, Reference?) -> Reference
  ) -> Sample {
    let seed = seeded(name, 1000 * rows + columns)
    let (offsets, places) = pattern(rows, columns, share, seed: seed)
    var inputs = [
      Input([rows + 1], .int32, .list(offsets)),
      Input([places.count], .int32, .list(places.isEmpty ? [0] : places)),
      Input([places.count], type, .normal(1), seed: seed),
    ]
    if let width { inputs.append(Input([columns] + width, type, .normal(1), seed: seed + 1)) }
    return Sample(
      name, "[\(rows), \(columns)]", inputs, differentiable: width == nil ? [2] : [2, 3],
      tolerance: .product(2 * columns),
      call: { operands in
        let matrix = try SparseMatrix(
          rows: rows, columns: columns, offsets: operands[0], places: operands[1],
          values: operands[2])
        return [try call(matrix, operands[operands.count - 1])]
      },
      reference: { operands in
        [reference(dense(operands, rows, columns), operands.count > 3 ? operands[3] : nil)]
      }
    ).with {
      $0.mayBeZero = true
      if type == .float16 || type == .bfloat16 { $0.tolerance = .scaled(8) }
      $0.gradientTolerance = .scaled(64)
    }
  }

  private static let sizes: [(Int, Int, Double)] = [
    (1, 1, 1), (1, 1, 0), (3, 5, 0.5), (5, 3, 0.5), (7, 7, 0), (7, 7, 1), (9, 4, 0.3),
    (64, 65, 0.1),
    (33, 17, 0.2), (1, 40, 0.5), (40, 1, 0.5), (0, 4, 0.5), (4, 0, 0.5), (100, 8, 0.05),
    (8, 100, 0.3),
  ]

  private static let product: OperationRecord = {
    let call: @Sendable (SparseMatrix, Tensor) throws -> Tensor = { try matmul($0, $1) }
    let reference: @Sendable (Reference, Reference?) -> Reference = { matrix, right in
      let right = right ?? Reference([], [])
      let width = Array(right.shape.dropFirst())
      return Reference([matrix.shape[0]] + width) { index in
        (0..<matrix.shape[1]).reduce(0) {
          $0 + matrix[[index[0], $1]] * right[[$1] + Array(index.dropFirst())]
        }
      }
    }
    func product(_ size: (Int, Int, Double), _ width: [Int], _ type: ScalarType = .float32)
      -> Sample
    {
      sample("sparseMatmul", size.0, size.1, size.2, with: width, type, call, reference)
    }
    var samples: [Sample] = []
    for (number, size) in sizes.enumerated() {
      samples.append(product(size, [[3], [1], [], [65], [0]][number % 5]))
      samples.append(product(size, [7]))
    }
    for type in Shapes.everyFloat { samples.append(product((9, 7, 0.4), [5], type)) }
    func bad(
      _ what: String, _ kind: TensorError.Kind, offsets: [Double] = [0, 1, 3],
      places: [Double] = [0, 2, 1], right: Input = Input([3, 2])
    ) -> BadCall {
      BadCall(
        what, [kind],
        [
          Input([3], .int32, .list(offsets)), Input([3], .int32, .list(places)), Input([3]), right,
        ]
      ) {
        let matrix = try SparseMatrix(
          rows: 2, columns: 3, offsets: $0[0], places: $0[1], values: $0[2])
        _ = try matmul(matrix, $0[3]).scalars()
      }
    }
    let badCalls = [
      bad("place 3", .index, places: [0, 3, 1]), bad("place -1", .index, places: [0, -1, 1]),
      bad("place 10^9", .index, places: [0, 1e9, 1]),
      bad("offsets from 1", .index, offsets: [1, 1, 3]),
      bad("offsets to 4", .index, offsets: [0, 1, 4]),
      bad("offsets to 2", .index, offsets: [0, 1, 2]),
      bad("offsets back", .index, offsets: [0, 9, 3]),
      bad("offsets below 0", .index, offsets: [0, -5, 3]),
      bad("shape", .shape, right: Input([4, 2])), bad("shape", .shape, right: Input([3, 2, 1])),
      bad("shape", .shape, right: Input([])), bad("type", .dtype, right: Input([3, 2], .float64)),
      bad("type", .dtype, right: Input([3, 2], .int32, .constant(1))),
    ]
    return OperationRecord(
      "sparseMatmul", family: "Lookup", functions: ["matmul"], samples: samples,
      badCalls: badCalls, benchmarks: [product((10_000, 10_000, 0.001), [64])],
      errorName: "matmul")
  }()

  private static func fewBadParts() -> [BadCall] {
    let shapes: [([Int], [Int], [Int])] = [
      ([2], [3], [3]), ([4], [3], [3]), ([3, 1], [3], [3]), ([3], [2], [3]),
      ([3], [3, 1], [3, 1]),
      ([3], [], []), ([], [3], [3]),
    ]
    let types: [(ScalarType, ScalarType, ScalarType)] = [
      (.int64, .int32, .float32), (.int32, .int64, .float32), (.int32, .int32, .int32),
      (.float32, .int32, .float32), (.int32, .uint8, .float64),
    ]
    @Sendable func make(_ parts: [Tensor]) throws {
      _ = try SparseMatrix(
        rows: 2, columns: 3, offsets: parts[0], places: parts[1], values: parts[2])
    }
    return shapes.map { shapes in
      BadCall(
        "shapes", [.shape],
        [
          Input(shapes.0, .int32, .constant(0)), Input(shapes.1, .int32, .constant(0)),
          Input(shapes.2),
        ], call: make)
    }
      + types.map { types in
        BadCall(
          "types", [.dtype],
          [
            Input([3], types.0, .constant(0)), Input([3], types.1, .constant(0)),
            Input([3], types.2, .constant(0)),
          ], call: make)
      }
  }

  private static func record(
    _ name: String, functions: [String],
    _ call: @escaping @Sendable (SparseMatrix) throws -> Tensor,
    _ reference: @escaping @Sendable (Reference) -> Reference
  ) -> OperationRecord {
    var samples: [Sample] = []
    let more = [(2, 2, 0.5), (6, 5, 0.6), (17, 3, 0.4), (3, 17, 0.4), (12, 12, 0.2), (65, 2, 0.5)]
    for size in sizes + more {
      samples.append(
        sample(name, size.0, size.1, size.2, with: nil, .float32, { matrix, _ in try call(matrix) })
        { x, _ in
          reference(x)
        })
    }
    return OperationRecord(
      name, family: "Lookup", functions: functions, samples: samples, badCalls: fewBadParts(),
      errorName: "SparseMatrix")
  }

  private static let transposition = record(
    "sparseTransposed", functions: ["transposed"], { try $0.transposed().dense() },
    { $0.permuted([1, 0]) })

  private static let filling = record(
    "sparseDense", functions: ["dense"], { try $0.dense() }, { $0 })
}
