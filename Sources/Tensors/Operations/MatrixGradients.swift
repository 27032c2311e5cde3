internal import Geometry

/// The gradients of factorisations, in terms of the factors and their gradients.
enum MatrixGradients {
  /// With `A = L·Lᵀ`, `∂A` is the symmetric part of `L⁻ᵀ·Φ(Lᵀ·∂L)·L⁻¹`, where `Φ` is the lower
  /// triangle with half of the diagonal.
  static func cholesky(_ l: Tensor, _ g: Tensor) throws(TensorError) -> Tensor {
    let product = try matmul(l, g, transposeLeft: true)
    let half = try (product.lowerTriangle() + product.lowerTriangle(diagonal: -1)) * 0.5
    let left = try triangularSolve(l, half, transposed: true)
    let both = try triangularSolve(l, left.swappingLastAxes(), transposed: true)
    return try symmetric(both)
  }

  /// With `A = Q·R` and `M = R·∂Rᵀ - ∂Qᵀ·Q`, `∂A = (∂Q + Q·S)·R⁻ᵀ`, where `S` is the symmetric
  /// matrix with the lower triangle of `M`.
  static func qr(_ factors: [Tensor], _ g: [Tensor]) throws(TensorError) -> Tensor {
    let (q, r) = (factors[0], factors[1])
    let m = try matmul(r, g[1], transposeRight: true) - matmul(g[0], q, transposeLeft: true)
    let below = try m.lowerTriangle(diagonal: -1)
    let s = try m.lowerTriangle() + below.swappingLastAxes()
    let left = try g[0] + matmul(q, s)
    return try triangularSolve(r, left.swappingLastAxes(), upper: true).swappingLastAxes()
  }

  /// With `A = V·diag(w)·Vᵀ`, `∂A = V·(diag(∂w) + F∘(Vᵀ·∂V))·Vᵀ`, `F` of the differences of `w`.
  static func eigen(_ factors: [Tensor], _ g: [Tensor]) throws(TensorError) -> Tensor {
    let (w, v) = (factors[0], factors[1])
    let inner = try diagonal(g[0]) + inverseDifferences(w) * matmul(v, g[1], transposeLeft: true)
    return try symmetric(matmul(matmul(v, inner), v, transposeRight: true))
  }

  /// With `A = U·S·Vᵀ` and `F` of the differences of `s²`:
  /// `∂A = U·((F∘(Uᵀ∂U - ∂UᵀU))·S + S·(F∘(Vᵀ∂V - ∂VᵀV)) + diag(∂s))·Vᵀ`, and what `∂U` and `∂V`
  /// have outside of the spaces that `U` and `V` span.
  static func svd(_ factors: [Tensor], _ g: [Tensor]) throws(TensorError) -> Tensor {
    let (u, s, vt) = (factors[0], factors[1], factors[2])
    let (columns, rows) = (try s.expanded(at: -2), try s.expanded(at: -1))
    let f = try inverseDifferences(s * s)
    let ofU = try matmul(u, g[0], transposeLeft: true)
    let ofV = try matmul(vt, g[2], transposeRight: true)
    let first = try f * (ofU - ofU.swappingLastAxes()) * columns
    let second = try f * (ofV - ofV.swappingLastAxes()) * rows
    let inner = try first + second + diagonal(g[1])
    var result = try matmul(matmul(u, inner), vt)
    let (m, n, k) = (u.shape[u.rank - 2], vt.shape.last, s.shape.last)
    if m > k {
      let outside = try g[0] - matmul(u, ofU)
      result = try result + matmul(outside / columns, vt)
    }
    if n > k {
      let outside = try g[2] - matmul(ofV.swappingLastAxes(), vt)
      result = try result + matmul(u, outside / rows)
    }
    return result
  }

  /// `1 / (x[j] - x[i])`, 0 on the diagonal.
  private static func inverseDifferences(_ x: Tensor) throws(TensorError) -> Tensor {
    let eye = try identity(x)
    let differences = try x.expanded(at: -2) - x.expanded(at: -1)
    return try (eye * -1 + 1) / (differences + eye)
  }

  private static func identity(_ x: Tensor) throws(TensorError) -> Tensor {
    try Tensor.eye(x.shape.last, as: x.scalarType, on: x.device)
  }

  private static func diagonal(_ x: Tensor) throws(TensorError) -> Tensor {
    try identity(x) * x.expanded(at: -1)
  }

  private static func symmetric(_ x: Tensor) throws(TensorError) -> Tensor {
    try (x + x.swappingLastAxes()) * 0.5
  }
}
