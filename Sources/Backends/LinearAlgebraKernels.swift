internal import CPUKernels
package import Geometry

/// Factorisations, and what is solved by them.
package protocol LinearAlgebraKernels {
  /// Bindings: the operands, contiguous, then the results, one behind the other.
  ///
  /// The host does the work. A device with memory of its own copies there and back, waits for both,
  /// counts it in its statistics, and says so in the kernel's label.
  func linearAlgebra(_ problem: MatrixProblem) throws(TensorError) -> any Kernel
}

/// A matrix problem in memory of the host.
package final class HostMatrixProblem {
  private let problem: MatrixProblem
  private var code: matrix_problem

  package init(_ problem: MatrixProblem) {
    self.problem = problem
    let triangle = problem.triangle
    code = matrix_problem(
      kind: problem.kind.code, is_double: problem.type == .float64, is_upper: triangle.isUpper,
      is_transposed: triangle.isTransposed, is_unit: triangle.isUnit, batch: Int64(problem.batch),
      rows: Int64(problem.rows), columns: Int64(problem.columns), right: Int64(problem.right))
  }

  /// Throws if one of the matrices has no result; the others have theirs.
  package func run(_ inputs: [UnsafeRawPointer], _ result: UnsafeMutableRawPointer)
    throws(TensorError)
  {
    var start = result
    var results: [UnsafeMutableRawPointer?] = []
    for count in problem.resultCounts {
      results.append(start)
      start += count * problem.type.byteCount
    }
    while results.count < 3 { results.append(nil) }
    let operands = inputs.map { Optional($0) }
    let failure = matrix_run(&code, operands, results)
    guard failure.matrix >= 0 else { return }
    let isFinite = Int(failure.info) != matrix_not_finite
    throw problem.error(
      isFinite ? .at(Int(failure.info)) : .notFinite, matrix: Int(failure.matrix))
  }
}

extension MatrixProblem.Kind {
  fileprivate var code: matrix_kind {
    switch self {
    case .cholesky: matrix_cholesky
    case .qr: matrix_qr
    case .svd: matrix_svd
    case .symmetricEigen: matrix_eigen
    case .solve: matrix_solve
    case .triangularSolve: matrix_triangular
    case .inverse: matrix_inverse
    case .determinant: matrix_determinant
    case .logDeterminant: matrix_log_determinant
    }
  }
}
