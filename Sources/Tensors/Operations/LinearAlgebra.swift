internal import Backends
public import Geometry

// The last two axes are matrices, all before are a batch. float32 and float64. LAPACK does the work
// on the host: a tensor of another device is copied there and back, which `Device.memory` counts
// and `explain` shows.

extension Tensor {
  /// The lower triangular `L` of `L·Lᵀ`, which is this positive definite matrix.
  ///
  /// Only the lower triangle is read; the gradient is that of a symmetric matrix.
  ///
  /// - Throws: `TensorError` of kind `numeric`, where it is computed, if the matrix is not positive
  ///   definite.
  public func cholesky() throws(TensorError) -> Tensor {
    let problem = try problem(.cholesky, isSquare: true)
    return try solved(problem).reshaped(to: shape)
  }

  /// `Q·R`, which is this matrix `[m, n]`: `Q` `[m, k]` with orthonormal columns, `R` `[k, n]`
  /// upper triangular, `k` the smaller of `m` and `n`.
  ///
  /// The gradient needs the first `k` columns to be independent.
  public func qr() throws(TensorError) -> (q: Tensor, r: Tensor) {
    let all = try problem(.qr)
    if all.columns > all.rows {
      // The first columns make Q; the others are expressed in it.
      let (q, first) = try slice(axis: -1, 0..<all.rows).qr()
      let rest = try matmul(q, slice(axis: -1, all.rows..<all.columns), transposeLeft: true)
      return (q, try concatenate([first, rest], axis: -1))
    }
    let lead = Array(shape.dropLast(2))
    let parts = try solved(all).parts([shape, Shape(lead + [all.columns, all.columns])])
    return (parts[0], parts[1])
  }

  /// `U·diag(S)·Vᵀ`, which is this matrix `[m, n]`: `U` `[m, k]` and `Vᵀ` `[k, n]` orthonormal, `S`
  /// `[k]` descending, `k` the smaller of `m` and `n`.
  ///
  /// The gradient needs singular values that are different from each other and from 0.
  public func svd() throws(TensorError) -> (u: Tensor, s: Tensor, vt: Tensor) {
    let problem = try problem(.svd)
    let parts = try solved(problem).parts(LinearAlgebraOperation.svdShapes(shape))
    return (parts[0], parts[1], parts[2])
  }

  /// The eigenvalues of this symmetric matrix, ascending, and its eigenvectors as columns.
  ///
  /// Only the lower triangle is read. The gradient needs eigenvalues that are different.
  public func symmetricEigen() throws(TensorError) -> (values: Tensor, vectors: Tensor) {
    let problem = try problem(.symmetricEigen, isSquare: true)
    let parts = try solved(problem).parts([Shape(shape.dropLast()), shape])
    return (parts[0], parts[1])
  }

  /// The matrix whose product with this one is the identity.
  ///
  /// - Throws: `TensorError` of kind `numeric`, where it is computed, if this matrix is singular.
  public func inverse() throws(TensorError) -> Tensor {
    try solved(problem(.inverse, isSquare: true)).reshaped(to: shape)
  }

  /// The determinant, 0 of a singular matrix, which has no gradient.
  public func determinant() throws(TensorError) -> Tensor {
    try solved(problem(.determinant, isSquare: true)).reshaped(to: Shape(shape.dropLast(2)))
  }

  /// The sign of the determinant and the logarithm of its size: 0 and -∞ of a singular matrix,
  /// which has no gradient.
  public func logDeterminant() throws(TensorError) -> (sign: Tensor, logarithm: Tensor) {
    let lead = Shape(shape.dropLast(2))
    let parts = try solved(problem(.logDeterminant, isSquare: true)).parts([lead, lead])
    return (parts[0], parts[1])
  }

  /// The problem of this matrix, if it is one.
  fileprivate func problem(
    _ kind: MatrixProblem.Kind, isSquare: Bool = false, with other: Tensor? = nil,
    shownAs shown: TensorInfo? = nil, triangle: MatrixProblem.Triangle = MatrixProblem.Triangle()
  ) throws(TensorError) -> MatrixProblem {
    let operands = [info] + (other.map { [shown ?? $0.info] } ?? [])
    func fail(_ error: TensorError.Kind, _ text: String, hint: String? = nil) -> TensorError {
      TensorError(error, kind.rawValue, text, operands: operands, hint: hint)
    }
    guard scalarType == .float32 || scalarType == .float64 else {
      throw fail(
        .dtype, "not defined for \(scalarType)", hint: "cast first: x.cast(to: .float32)")
    }
    guard rank >= 2 else { throw fail(.shape, "needs two axes or more") }
    guard !isSquare || shape[rank - 1] == shape[rank - 2] else {
      throw fail(.shape, "needs a square matrix")
    }
    if let other {
      guard other.scalarType == scalarType else { throw fail(.dtype, "scalar types differ") }
      guard other.node.place === node.place else {
        throw fail(.device, "operands are on different devices")
      }
      let expected = other.rank == rank ? shape.replacing(rank - 1, with: other.shape.last) : []
      guard other.rank == rank, other.shape == expected else {
        throw fail(.shape, "the right side has the matrix's rows and batch")
      }
    }
    return MatrixProblem(
      kind, scalarType, of: shape, right: other?.shape.last ?? 0, triangle: triangle,
      operands: operands)
  }

  /// The results of a problem one behind the other.
  fileprivate func solved(_ problem: MatrixProblem, _ other: Tensor? = nil) throws(TensorError)
    -> Tensor
  {
    let operation = LinearAlgebraOperation(problem)
    return try Tensor(
      recording: Node(
        operation, [problem.resultCount], scalarType, node.place, node, other?.node))
  }

  /// This row of elements cut into tensors of these shapes.
  func parts(_ shapes: [Shape]) throws(TensorError) -> [Tensor] {
    var start = 0
    var parts: [Tensor] = []
    for shape in shapes {
      parts.append(try slice(axis: 0, start..<start + shape.count).reshaped(to: shape))
      start += shape.count
    }
    return parts
  }
}

/// The `x` of `a·x = b`: `a` `[…, n, n]`, `b` `[…, n, k]` with the same batch, or a vector beside
/// one matrix.
///
/// - Throws: `TensorError` of kind `numeric`, where it is computed, if `a` is singular.
public func solve(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  let side = a.rank == 2 && b.rank == 1 ? try b.expanded(at: 1) : b
  let problem = try a.problem(.solve, isSquare: true, with: side, shownAs: b.info)
  return try a.solved(problem, side).reshaped(to: b.shape)
}

/// The `x` of `a·x = b` for a triangular `a`, of which the other triangle is not read; the operands
/// as in `solve`.
///
/// - Parameters:
///   - a: `[…, n, n]`.
///   - b: `[…, n, k]` with the same batch, or a vector beside one matrix.
///   - upper: which triangle is meant.
///   - transposed: solves `aᵀ·x = b`.
///   - unitDiagonal: the diagonal counts as ones and is not read.
public func triangularSolve(
  _ a: Tensor, _ b: Tensor, upper: Bool = false, transposed: Bool = false,
  unitDiagonal: Bool = false
) throws(TensorError) -> Tensor {
  let triangle = MatrixProblem.Triangle(
    isUpper: upper, isTransposed: transposed, isUnit: unitDiagonal)
  let problem = try a.problem(.triangularSolve, isSquare: true, with: b, triangle: triangle)
  return try a.solved(problem, b).reshaped(to: b.shape)
}

/// A problem that LAPACK solves. Its result is all results one behind the other.
final class LinearAlgebraOperation: KernelOperation, @unchecked Sendable {
  let problem: MatrixProblem
  private static let code = Operation.newCode()

  init(_ problem: MatrixProblem) {
    self.problem = problem
    super.init(problem.kind.rawValue, code: Self.code)
  }

  override func describe(into key: inout Key) {
    key.append(MatrixProblem.Kind.allCases.firstIndex(of: problem.kind) ?? 0)
    let triangle = problem.triangle
    key.append(
      (triangle.isUpper ? 1 : 0) + (triangle.isTransposed ? 2 : 0) + (triangle.isUnit ? 4 : 0))
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    var reads: [(value: Int, byteOffset: Int)] = []
    for input in builder.inputs[value] { reads.append(try builder.contiguous(input)) }
    builder.add(
      try builder.backend.linearAlgebra(problem), reads: reads, writes: [value])
  }

  /// `U`, the values and `Vᵀ` of a matrix.
  static func svdShapes(_ shape: Shape) -> [Shape] {
    let lead = Array(shape.dropLast(2))
    let (m, n) = (shape[shape.rank - 2], shape[shape.rank - 1])
    return [
      Shape(lead + [m, min(m, n)]), Shape(lead + [min(m, n)]), Shape(lead + [min(m, n), n]),
    ]
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let a = context.input(0)
    let (y, g) = (context.output, context.upstream)
    let lead = Shape(a.shape.dropLast(2))
    switch problem.kind {
    case .cholesky:
      let gradient = try MatrixGradients.cholesky(
        y.reshaped(to: a.shape), g.reshaped(to: a.shape))
      try context.give(0, gradient)
    case .qr:
      let n = a.shape.last
      let shapes = [a.shape, Shape(Array(lead) + [n, n])]
      try context.give(0, MatrixGradients.qr(y.parts(shapes), g.parts(shapes)))
    case .svd:
      let shapes = Self.svdShapes(a.shape)
      try context.give(0, MatrixGradients.svd(y.parts(shapes), g.parts(shapes)))
    case .symmetricEigen:
      let shapes = [Shape(a.shape.dropLast()), a.shape]
      try context.give(0, MatrixGradients.eigen(y.parts(shapes), g.parts(shapes)))
    case .inverse:
      let x = try y.reshaped(to: a.shape).swappingLastAxes()
      try context.give(0, -matmul(matmul(x, g.reshaped(to: a.shape)), x))
    case .determinant:
      let scale = try (y * g).reshaped(to: Shape(Array(lead) + [1, 1]))
      try context.give(0, scale * a.inverse().swappingLastAxes())
    case .logDeterminant:
      let scale = try g.parts([lead, lead])[1].reshaped(to: Shape(Array(lead) + [1, 1]))
      try context.give(0, scale * a.inverse().swappingLastAxes())
    case .solve, .triangularSolve: try solveGradient(context)
    }
  }

  /// With `A·X = B`, `∂B = A⁻ᵀ·∂X` and `∂A = -∂B·Xᵀ`.
  private func solveGradient(_ context: GradientContext) throws(TensorError) {
    let (a, b) = (context.input(0), context.input(1))
    let g = try context.upstream.reshaped(to: b.shape)
    let x = try context.output.reshaped(to: b.shape)
    if problem.kind == .solve {
      let right = try solve(a.swappingLastAxes(), g)
      if context.isWanted(1) { try context.give(1, right) }
      guard context.isWanted(0) else { return }
      return try context.give(0, -matmul(right, x, transposeRight: true))
    }
    let triangle = problem.triangle
    let right = try triangularSolve(
      a, g, upper: triangle.isUpper, transposed: !triangle.isTransposed,
      unitDiagonal: triangle.isUnit)
    if context.isWanted(1) { try context.give(1, right) }
    guard context.isWanted(0) else { return }
    let whole =
      triangle.isTransposed
      ? try matmul(x, right, transposeRight: true) : try matmul(right, x, transposeRight: true)
    let skipped = triangle.isUnit ? 1 : 0
    try context.give(
      0,
      -(triangle.isUpper
        ? whole.upperTriangle(diagonal: skipped) : whole.lowerTriangle(diagonal: -skipped)))
  }
}
