internal import Geometry
internal import Tensors

/// Matrix products and what is made of them.
enum MatmulCases {
  static let records: [OperationRecord] = [matmulRecord, dotRecord, outerRecord, einsumRecord]

  private static func sample(
    _ left: [Int], _ right: [Int], _ transposeLeft: Bool, _ transposeRight: Bool,
    _ type: ScalarType, _ index: Int, views: (Input.View, Input.View) = (.plain, .plain)
  ) -> Sample {
    let inner =
      left.isEmpty ? 1 : transposeLeft && left.count > 1 ? left[left.count - 2] : left.last!
    let words =
      (transposeLeft ? ["transposeLeft"] : []) + (transposeRight ? ["transposeRight"] : [])
    let result = product(
      Reference(left, repeating: 0), Reference(right, repeating: 0), transposeLeft, transposeRight,
      shapeOnly: true)
    let values: Values = type.isFloatingPoint ? .normal(1) : .integers(-9, 9)
    return Sample(
      "matmul", words.joined(separator: " "),
      [
        Input(left, type, values, view: views.0, seed: seeded("matmul", 2 * index)),
        Input(right, type, values, view: views.1, seed: seeded("matmul", 2 * index + 1)),
      ], differentiable: [0, 1],
      tolerance: type.isFloatingPoint ? .product(inner) : .exact,
      operations: 2 * Double(result.count) * Double(inner),
      call: {
        [
          try matmul(
            $0[0], $0[1], transposeLeft: transposeLeft, transposeRight: transposeRight)
        ]
      },
      reference: { [product($0[0], $0[1], transposeLeft, transposeRight)] }
    ).with {
      $0.gradientTolerance = .scaled(64)
      $0.mayBeZero = inner == 0
      if type == .float16 || type == .bfloat16 {
        $0.tolerance = .accumulated(2)
        $0.differentiable = []
      }
    }
  }

  /// `numpy.matmul` of two arrays, of which either may be a vector.
  private static func product(
    _ left: Reference, _ right: Reference, _ transposeLeft: Bool, _ transposeRight: Bool,
    shapeOnly: Bool = false
  ) -> Reference {
    func swapped(_ x: Reference) -> Reference {
      x.permuted(Array(0..<x.rank - 2) + [x.rank - 1, x.rank - 2])
    }
    var a = left.rank == 1 ? Reference([1] + left.shape, left.values) : left
    var b = right.rank == 1 ? Reference(right.shape + [1], right.values) : right
    if transposeLeft && left.rank > 1 { a = swapped(a) }
    if transposeRight && right.rank > 1 { b = swapped(b) }
    let rows = a.shape[a.rank - 2]
    let columns = b.shape[b.rank - 1]
    let inner = a.shape[a.rank - 1]
    let batch = Reference.broadcastShape([Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))])
    var shape = batch
    if left.rank > 1 { shape.append(rows) }
    if right.rank > 1 { shape.append(columns) }
    if shapeOnly { return Reference(shape, repeating: 0) }
    let full = Reference(batch + [rows, columns]) { index in
      let lead = Array(index.dropLast(2))
      let i = index[index.count - 2]
      let j = index[index.count - 1]
      var sum = 0.0
      for k in 0..<inner {
        sum += a.broadcastMatrix(at: lead, i, k) * b.broadcastMatrix(at: lead, k, j)
      }
      return sum
    }
    return Reference(shape, full.values)
  }

  /// Operands: matrices of edge sizes, batches that broadcast, vectors.
  private static let forms: [([Int], [Int])] = [
    ([1, 1], [1, 1]), ([2, 3], [3, 4]), ([3, 5], [5, 2]), ([1, 7], [7, 1]), ([7, 1], [1, 7]),
    ([0, 3], [3, 4]), ([2, 0], [0, 4]), ([2, 3], [3, 0]), ([16, 16], [16, 16]),
    ([15, 17], [17, 31]), ([33, 31], [31, 33]), ([64, 65], [65, 63]), ([1, 129], [129, 5]),
    ([37, 257], [257, 3]), ([4], [4]), ([4], [4, 3]), ([3, 4], [4]), ([2, 3, 4], [2, 4, 5]),
    ([2, 3, 4], [4, 5]), ([3, 4], [2, 4, 5]), ([2, 1, 3, 4], [5, 4, 2]), ([1, 3, 4], [3, 4, 2]),
    ([2, 3, 4], [4]), ([4], [2, 4, 3]), ([0, 3, 4], [4, 5]), ([65, 8], [8, 65]),
    ([8, 3, 3], [8, 3, 3]),
  ]

  private static let matmulRecord: OperationRecord = {
    var samples = forms.enumerated().map { sample($1.0, $1.1, false, false, .float32, $0) }
    let transposed: [([Int], [Int], Bool, Bool)] = [
      ([5, 3], [5, 4], true, false), ([3, 5], [4, 5], false, true), ([5, 3], [4, 5], true, true),
      ([65, 17], [65, 33], true, false), ([17, 65], [33, 65], false, true),
      ([2, 5, 3], [2, 5, 4], true, false), ([2, 3, 5], [4, 5], false, true),
      ([0, 3], [0, 2], true, false), ([4], [3, 4], false, true), ([4, 3], [4], true, false),
    ]
    samples += transposed.enumerated().map { sample($1.0, $1.1, $1.2, $1.3, .float32, 100 + $0) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([5, 7], [7, 3], false, false, .float32, 120 + index, views: (view, .plain)))
      samples.append(
        sample([5, 7], [7, 3], false, false, .float32, 130 + index, views: (.plain, view)))
    }
    samples.append(
      sample([2, 5, 7], [2, 7, 3], false, false, .float32, 140, views: (.permuted, .sliced)))
    for (index, type) in Shapes.everyFloat.enumerated() {
      samples.append(sample([9, 17], [17, 5], false, false, type, 150 + index))
      samples.append(sample([2, 9, 17], [2, 5, 17], false, true, type, 160 + index))
    }
    for (index, type) in [ScalarType.int32, .int64].enumerated() {
      samples.append(sample([9, 17], [17, 5], false, false, type, 170 + index))
    }
    let call: @Sendable ([Tensor]) throws -> Void = { _ = try matmul($0[0], $0[1]) }
    func bad(_ what: String, _ kinds: Set<TensorError.Kind>, _ left: Input, _ right: Input)
      -> BadCall
    {
      BadCall(what, kinds, [left, right], call: call)
    }
    let shapes: [([Int], [Int])] = [
      ([2, 3], [2, 3]), ([2, 3], [4]), ([4], [3, 2]), ([2, 3], [4, 3]), ([2, 3, 4], [3, 4, 5]),
      ([2, 3, 4], [2, 3, 5]), ([], [2, 3]), ([2, 3], []), ([], []), ([3], [4]), ([0, 3], [2, 3]),
    ]
    var badCalls = shapes.map { bad("shapes", [.shape], Input($0.0), Input($0.1)) }
    badCalls += [ScalarType.float64, .float16, .int32].map {
      bad("types", [.dtype], Input([2, 3]), Input([3, 2], $0, .integers(0, 1)))
    }
    badCalls += [[2, 2], [3, 3], [1, 1]].map { (shape: [Int]) in
      let input = Input(shape, .bool, .bools)
      return bad("type", [.dtype], input, input)
    }
    badCalls += (0..<2).map {
      BadCall("devices", [.device], [Input([2, 3]), Input([3, 2])], stranger: $0, call: call)
    }
    badCalls += [
      BadCall("transposed", [.shape], [Input([2, 3]), Input([3, 4])]) {
        _ = try matmul($0[0], $0[1], transposeLeft: true)
      },
      BadCall("transposed", [.shape], [Input([2, 3]), Input([3, 4])]) {
        _ = try matmul($0[0], $0[1], transposeRight: true)
      },
    ]
    let timed = [256, 512, 1024, 2048].enumerated().map {
      sample([$1, $1], [$1, $1], false, false, .float32, 800 + $0)
    }
    return OperationRecord(
      "matmul", family: "Matmul", samples: samples, badCalls: badCalls,
      benchmarks: timed + [
        sample([128, 784], [784, 512], false, false, .float32, 810),
        sample([128, 512], [784, 512], false, true, .float32, 811),
        sample([128, 784], [128, 512], true, false, .float32, 812),
        sample([64, 128, 64], [64, 64, 128], false, false, .float32, 813),
        sample([1024, 1024], [1024], false, false, .float32, 814),
      ])
  }()

  private static let dotRecord: OperationRecord = {
    func dotted(_ count: Int, _ type: ScalarType, _ index: Int, view: Input.View = .plain) -> Sample
    {
      Sample(
        "dot", "",
        [
          Input([count], type, .normal(1), view: view, seed: seeded("dot", 2 * index)),
          Input([count], type, .normal(1), seed: seeded("dot", 2 * index + 1)),
        ], differentiable: type == .float32 ? [0, 1] : [],
        tolerance: type == .float16 || type == .bfloat16 ? .accumulated(2) : .product(count),
        operations: 2 * Double(count), call: { [try dot($0[0], $0[1])] },
        reference: { x in
          [Reference([], [zip(x[0].values, x[1].values).reduce(0) { $0 + $1.0 * $1.1 }])]
        }
      ).with { $0.mayBeZero = count == 0 }
    }
    let counts = [
      0, 1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 255, 256, 257, 1021, 1025,
    ]
    var samples = counts.enumerated().map { dotted($1, .float32, $0) }
    samples += [Input.View.sliced, .flipped].enumerated().map {
      dotted(9, .float32, 100 + $0, view: $1)
    }
    samples += Shapes.everyFloat.enumerated().map { dotted(33, $1, 110 + $0) }
    return OperationRecord(
      "dot", family: "Matmul", samples: samples,
      badCalls: vectors(equal: true) { _ = try dot($0[0], $0[1]) },
      benchmarks: [dotted(1 << 22, .float32, 800)])
  }()

  private static let outerRecord: OperationRecord = {
    func outered(
      _ rows: Int, _ columns: Int, _ type: ScalarType, _ index: Int, view: Input.View = .plain
    ) -> Sample {
      Sample(
        "outer", "",
        [
          Input([rows], type, .normal(1), view: view, seed: seeded("outer", 2 * index)),
          Input([columns], type, .normal(1), seed: seeded("outer", 2 * index + 1)),
        ], differentiable: type == .float32 ? [0, 1] : [], tolerance: .exact,
        operations: Double(rows * columns), call: { [try outer($0[0], $0[1])] },
        reference: { x in
          [Reference([rows, columns]) { x[0].values[$0[0]] * x[1].values[$0[1]] }]
        }
      ).with { $0.gradientTolerance = .scaled(64) }
    }
    let sizes = [
      (0, 0), (0, 3), (3, 0), (1, 1), (1, 7), (7, 1), (2, 3), (3, 2), (8, 8), (9, 7), (15, 17),
      (16, 16), (31, 33), (33, 31), (64, 3), (3, 64), (65, 5), (5, 65), (127, 2), (2, 257),
      (63, 65),
    ]
    var samples = sizes.enumerated().map { outered($1.0, $1.1, .float32, $0) }
    samples.append(outered(9, 5, .float32, 100, view: .sliced))
    samples += Shapes.everyFloat.enumerated().map { outered(9, 5, $1, 110 + $0) }
    return OperationRecord(
      "outer", family: "Matmul", samples: samples,
      badCalls: vectors(equal: false) { _ = try outer($0[0], $0[1]) },
      benchmarks: [outered(2048, 2048, .float32, 800)])
  }()

  /// Bad calls of an operation on two vectors, perhaps of equal length.
  private static func vectors(
    equal: Bool, call: @escaping @Sendable ([Tensor]) throws -> Void
  ) -> [BadCall] {
    var shapes: [([Int], [Int])] = [
      ([2, 3], [3]), ([3], [2, 3]), ([], [3]), ([3], []), ([1, 1], [1]), ([0, 3], [3]), ([], []),
    ]
    if equal { shapes += [([3], [4]), ([0], [1])] }
    var calls = shapes.map { BadCall("shapes", [.shape], [Input($0.0), Input($0.1)], call: call) }
    calls += [ScalarType.float64, .int32, .bool].map {
      BadCall("types", [.dtype], [Input([3]), Input([3], $0, .integers(0, 1))], call: call)
    }
    calls.append(
      BadCall("type", [.dtype], [Input([3], .bool, .bools), Input([3], .bool, .bools)], call: call))
    calls += (0..<2).map {
      BadCall("devices", [.device], [Input([3]), Input([3])], stranger: $0, call: call)
    }
    return calls
  }

  private static let einsumRecord: OperationRecord = {
    let equations: [(String, [[Int]])] = [
      ("ij,jk->ik", [[2, 3], [3, 4]]), ("ij,jk->ki", [[2, 3], [3, 4]]),
      ("ij,kj->ik", [[2, 3], [4, 3]]), ("ji,jk->ik", [[3, 2], [3, 4]]), ("i,i->", [[5], [5]]),
      ("i,j->ij", [[3], [4]]), ("ij->ji", [[3, 4]]), ("ij->", [[3, 4]]), ("ij->i", [[3, 4]]),
      ("ij->j", [[3, 4]]), ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]),
      ("bij,jk->bik", [[2, 3, 4], [4, 5]]), ("bhtd,bhsd->bhts", [[2, 3, 4, 5], [2, 3, 6, 5]]),
      ("bthd,bshd->bhts", [[2, 4, 3, 5], [2, 6, 3, 5]]), ("ij,ij->ij", [[3, 4], [3, 4]]),
      ("ij,ij->", [[3, 4], [3, 4]]), ("ij,j->i", [[3, 4], [4]]), ("ijk,k->ij", [[2, 3, 4], [4]]),
      ("ij,jk,kl->il", [[2, 3], [3, 4], [4, 5]]), ("ij,jk", [[2, 3], [3, 4]]), ("ij", [[3, 4]]),
      ("ba", [[3, 4]]), ("ij,jk->ik", [[0, 3], [3, 4]]), ("ij,jk->ik", [[2, 0], [0, 4]]),
      ("ii->i", [[4, 4]]), ("ii->", [[4, 4]]), ("i->i", [[7]]),
      ("ab,cd->abcd", [[2, 3], [4, 5]]),
      ("ij,jk->ik", [[33, 17], [17, 31]]),
    ]
    func sample(_ equation: String, _ shapes: [[Int]], _ type: ScalarType, _ index: Int) -> Sample {
      Sample(
        "einsum", equation,
        shapes.enumerated().map {
          Input($1, type, .normal(1), seed: seeded("einsum", 4 * index + $0))
        }, differentiable: Array(shapes.indices), tolerance: .product(64),
        call: { operands in
          switch operands.count {
          case 1: [try einsum(equation, operands[0])]
          case 2: [try einsum(equation, operands[0], operands[1])]
          default: [try einsum(equation, operands[0], operands[1], operands[2])]
          }
        }, reference: { [contraction(equation, $0)] }
      ).with {
        $0.gradientTolerance = .scaled(64)
        $0.mayBeZero = shapes.contains { $0.contains(0) } || equation.hasPrefix("ii")
      }
    }
    var samples = equations.enumerated().map { sample($1.0, $1.1, .float32, $0) }
    samples.append(
      sample("ij,jk->ik", [[5, 7], [7, 3]], .float64, 100).with { $0.differentiable = [] })
    func bad(_ equation: String, _ shapes: [[Int]], _ kinds: Set<TensorError.Kind>) -> BadCall {
      BadCall("equation \(equation)", kinds, shapes.map { Input($0) }) { operands in
        if operands.count == 1 {
          _ = try einsum(equation, operands[0])
        } else {
          _ = try einsum(equation, operands[0], operands[1])
        }
      }
    }
    let either: Set<TensorError.Kind> = [.shape, .argument]
    let badCalls = [
      bad("ij,jk->ik", [[2, 3], [4, 5]], either), bad("ij,jk->ik", [[2, 3, 4], [3, 5]], either),
      bad("ij,jk->ik", [[2, 3]], either), bad("ij->ij", [[2, 3], [2, 3]], either),
      bad("ij->ijk", [[2, 3]], either), bad("ij->ii", [[2, 3]], either), bad("", [[2, 3]], either),
      bad("i1->i", [[2, 3]], either), bad("ij->->i", [[2, 3]], either),
      bad("ii->i", [[2, 3]], either),
      bad("i,i->", [[3], [4]], either), bad("ij;jk->ik", [[2, 3], [3, 4]], either),
      bad("->", [[2]], either), bad("abcdefghi->", [[2, 2]], either),
      BadCall("types", [.dtype], [Input([2, 3]), Input([3, 2], .float64)]) {
        _ = try einsum("ij,jk->ik", $0[0], $0[1])
      },
      BadCall("devices", [.device], [Input([2, 3]), Input([3, 2])], stranger: 1) {
        _ = try einsum("ij,jk->ik", $0[0], $0[1])
      },
    ]
    return OperationRecord(
      "einsum", family: "Matmul", samples: samples, badCalls: badCalls,
      benchmarks: [sample("bthd,bshd->bhts", [[8, 128, 8, 64], [8, 128, 8, 64]], .float32, 800)])
  }()

  /// The sum over every index that the result does not have.
  private static func contraction(_ equation: String, _ operands: [Reference]) -> Reference {
    let sides = equation.split(separator: "-", omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map { Array($0) }
    let letters = Set(terms.flatMap { $0 }).sorted()
    let occurrences = terms.flatMap { $0 }
    let result: [Character] =
      sides.count > 1
      ? Array(sides[1].dropFirst())
      : letters.filter { letter in occurrences.filter { $0 == letter }.count == 1 }
    var extents: [Character: Int] = [:]
    for (term, operand) in zip(terms, operands) {
      for (letter, extent) in zip(term, operand.shape) { extents[letter] = extent }
    }
    let summed = letters.filter { !result.contains($0) }
    return Reference(result.map { extents[$0] ?? 1 }) { index in
      var total = 0.0
      forEachIndex(of: summed.map { extents[$0] ?? 1 }) { inner in
        var position: [Character: Int] = [:]
        for (letter, at) in zip(result + summed, index + inner) { position[letter] = at }
        var product = 1.0
        for (term, operand) in zip(terms, operands) {
          product *= operand[term.map { position[$0] ?? 0 }]
        }
        total += product
      }
      return total
    }
  }
}

extension Reference {
  /// The element at a row and a column of the matrix that stands at `batch` once broadcast.
  fileprivate func broadcastMatrix(at batch: [Int], _ row: Int, _ column: Int) -> Double {
    var own = Array(batch.suffix(rank - 2))
    for axis in 0..<rank - 2 where shape[axis] == 1 { own[axis] = 0 }
    return self[own + [row, column]]
  }
}
