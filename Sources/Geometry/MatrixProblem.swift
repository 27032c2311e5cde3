/// What is done with each of a batch of matrices by a library on the host.
package struct MatrixProblem: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case cholesky, qr, svd, symmetricEigen, solve, triangularSolve, inverse, determinant
    case logDeterminant
  }

  /// How a triangular matrix is read.
  package struct Triangle: Hashable, Sendable {
    package let isUpper: Bool, isTransposed: Bool, isUnit: Bool

    package init(isUpper: Bool = false, isTransposed: Bool = false, isUnit: Bool = false) {
      self.isUpper = isUpper
      self.isTransposed = isTransposed
      self.isUnit = isUnit
    }
  }

  package let kind: Kind
  /// float32 or float64.
  package let type: ScalarType
  package let batch: Int, rows: Int, columns: Int
  /// The columns of the right side of a system.
  package let right: Int
  package let triangle: Triangle
  package let operands: [TensorInfo]

  /// - Parameter shape: of the matrices, with the batch axes before.
  package init(
    _ kind: Kind, _ type: ScalarType, of shape: Shape, right: Int = 0,
    triangle: Triangle = Triangle(), operands: [TensorInfo]
  ) {
    self.kind = kind
    self.type = type
    rows = shape[shape.rank - 2]
    columns = shape[shape.rank - 1]
    batch = shape[..<(shape.rank - 2)].reduce(1, *)
    self.right = right
    self.triangle = triangle
    self.operands = operands
  }

  /// The elements of each operand.
  package var inputCounts: [Int] {
    let matrix = batch * rows * columns
    return kind == .solve || kind == .triangularSolve ? [matrix, batch * rows * right] : [matrix]
  }

  /// The elements of each result; they follow each other in memory.
  package var resultCounts: [Int] {
    let least = Swift.min(rows, columns)
    return switch kind {
    case .cholesky, .inverse: [batch * rows * columns]
    case .qr: [batch * rows * columns, batch * columns * columns]
    case .svd: [batch * rows * least, batch * least, batch * least * columns]
    case .symmetricEigen: [batch * rows, batch * rows * columns]
    case .solve, .triangularSolve: [batch * rows * right]
    case .determinant: [batch]
    case .logDeterminant: [batch, batch]
    }
  }

  package var resultCount: Int { resultCounts.reduce(0, +) }

  package var label: String {
    "\(kind.rawValue) of \(batch) [\(rows), \(columns)]"
      + (inputCounts.count > 1 ? " for \(right)" : "")
  }

  /// Why a matrix has no result.
  package enum Failure {
    /// NaN or an infinity in an operand.
    case notFinite
    /// At this row of the matrix.
    case at(Int)
  }

  package func error(_ failure: Failure, matrix: Int) -> TensorError {
    let which = batch > 1 ? "matrix \(matrix)" : "the matrix"
    let what: String =
      switch (failure, kind) {
      case (.notFinite, _): "\(which), or its right side, holds NaN or an infinity"
      case (.at(let row), .cholesky):
        "\(which) is not positive definite: the leading \(row) rows and columns are not"
      case (.at, .svd), (.at, .symmetricEigen), (.at, .qr): "\(which) did not converge"
      case (.at(let row), _): "\(which) is singular: a pivot of row \(row) is 0"
      }
    return TensorError(.numeric, kind.rawValue, what, operands: operands)
  }
}
