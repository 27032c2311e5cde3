internal import Glibc

/// A matrix of doubles and what linear algebra makes of it, in plain loops.
struct Matrix {
  let rows: Int, columns: Int
  var values: [Double]

  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  init(_ rows: Int, _ columns: Int, _ element: (Int, Int) -> Double) {
    self.init(rows, columns, [])
    for i in 0..<rows { for j in 0..<columns { values.append(element(i, j)) } }
  }

  static func zeros(_ rows: Int, _ columns: Int) -> Matrix { Matrix(rows, columns) { _, _ in 0 } }
  static func identity(_ n: Int) -> Matrix { Matrix(n, n) { $0 == $1 ? 1 : 0 } }

  subscript(i: Int, j: Int) -> Double {
    get { values[i * columns + j] }
    set { values[i * columns + j] = newValue }
  }

  /// A result of one matrix.
  enum Part {
    case matrix(Matrix)
    case row([Double])
    case number(Double)

    var shape: [Int] {
      switch self {
      case .matrix(let matrix): [matrix.rows, matrix.columns]
      case .row(let row): [row.count]
      case .number: []
      }
    }

    var values: [Double] {
      switch self {
      case .matrix(let matrix): matrix.values
      case .row(let row): row
      case .number(let number): [number]
      }
    }
  }

  /// The matrices along the last two axes.
  static func each(_ x: Reference) -> [Matrix] {
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let batch = x.shape.dropLast(2).reduce(1, *)
    return (0..<batch).map { number in
      let size = rows * columns
      return Matrix(rows, columns, Array(x.values[(number * size)..<((number + 1) * size)]))
    }
  }

  /// What `function` makes of each matrix, batch axes before.
  static func batched(_ x: Reference, _ function: (Matrix) -> [Part]) -> [Reference] {
    let lead = Array(x.shape.dropLast(2))
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    let model = function(zeros(rows, columns).apart)
    let found = each(x).map(function)
    return model.indices.map { number in
      Reference(lead + model[number].shape, found.flatMap { $0[number].values })
    }
  }

  func times(_ other: Matrix) -> Matrix {
    Matrix(rows, other.columns) { i, j in
      (0..<columns).reduce(0) { $0 + self[i, $1] * other[$1, j] }
    }
  }

  func scaled(_ factor: Double) -> Matrix { Matrix(rows, columns, values.map { $0 * factor }) }
  var squared: Matrix { Matrix(rows, columns, values.map { $0 * $0 }) }
  var transposed: Matrix { Matrix(columns, rows) { self[$1, $0] } }
  var withColumnsReversed: Matrix { Matrix(rows, columns) { self[$0, columns - 1 - $1] } }

  /// What the samples factorise: 3, 6, 9, … added to the diagonal.
  var apart: Matrix {
    Matrix(rows, columns) { self[$0, $1] + ($0 == $1 ? Double(3 * $1 + 3) : 0) }
  }

  var definite: Matrix { times(transposed).scaled(1 / Double(max(columns, 1))).apart }

  func triangle(upper: Bool, unit: Bool) -> Matrix {
    Matrix(rows, columns) { i, j in
      i == j ? (unit ? 1 : self[i, j]) : (upper == (j > i)) ? self[i, j] : 0
    }
  }

  var cholesky: Matrix {
    var l = Matrix.zeros(rows, rows)
    for j in 0..<rows {
      for i in j..<rows {
        let rest = (0..<j).reduce(self[i, j]) { $0 - l[i, $1] * l[j, $1] }
        l[i, j] = i == j ? rest.squareRoot() : rest / l[j, j]
      }
    }
    return l
  }

  /// By Gram and Schmidt, twice, of the first columns; the others are expressed in them.
  var qr: (q: Matrix, r: Matrix) {
    let k = min(rows, columns)
    var q = Matrix(rows, k) { self[$0, $1] }
    for j in 0..<k {
      for _ in 0..<2 {
        for other in 0..<j {
          let share = (0..<rows).reduce(0) { $0 + q[$1, other] * q[$1, j] }
          for i in 0..<rows { q[i, j] -= share * q[i, other] }
        }
      }
      let size = (0..<rows).reduce(0) { $0 + q[$1, j] * q[$1, j] }.squareRoot()
      for i in 0..<rows { q[i, j] /= size }
    }
    return (q, q.transposed.times(self))
  }

  /// By rotations of pairs of columns until all are orthogonal; values descending.
  var svd: (u: Matrix, s: [Double], v: Matrix) {
    if columns > rows {
      let (u, s, v) = transposed.svd
      return (v, s, u)
    }
    var a = self
    var v = Matrix(columns, columns) { $0 == $1 ? 1 : 0 }
    for _ in 0..<60 {
      for p in 0..<columns {
        for q in 0..<p {
          func dot(_ x: Int, _ y: Int) -> Double {
            (0..<rows).reduce(0) { $0 + a[$1, x] * a[$1, y] }
          }
          let (aa, bb, ab) = (dot(p, p), dot(q, q), dot(p, q))
          if ab == 0 { continue }
          let zeta = (bb - aa) / (2 * ab)
          let t = (zeta >= 0 ? 1 : -1) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          let s = c * t
          for i in 0..<rows {
            (a[i, p], a[i, q]) = (c * a[i, p] - s * a[i, q], s * a[i, p] + c * a[i, q])
          }
          for i in 0..<columns {
            (v[i, p], v[i, q]) = (c * v[i, p] - s * v[i, q], s * v[i, p] + c * v[i, q])
          }
        }
      }
    }
    let sizes = (0..<columns).map { j in
      (0..<rows).reduce(0) { $0 + a[$1, j] * a[$1, j] }.squareRoot()
    }
    let order = sizes.indices.sorted { sizes[$0] > sizes[$1] }
    return (
      Matrix(rows, columns) { a[$0, order[$1]] / sizes[order[$1]] }, order.map { sizes[$0] },
      Matrix(columns, columns) { v[$0, order[$1]] }
    )
  }

  /// Elimination with exchange of rows: the triangle, and what became of the identity.
  private var eliminated: (triangle: Matrix, other: Matrix, sign: Double) {
    var a = self
    var b = Matrix(rows, rows) { $0 == $1 ? 1 : 0 }
    var sign = 1.0
    for j in 0..<rows {
      let pivot = (j..<rows).max { abs(a[$0, j]) < abs(a[$1, j]) } ?? j
      if pivot != j {
        sign = -sign
        for k in 0..<rows {
          (a[j, k], a[pivot, k]) = (a[pivot, k], a[j, k])
          (b[j, k], b[pivot, k]) = (b[pivot, k], b[j, k])
        }
      }
      for i in (j + 1)..<max(rows, j + 1) {
        let factor = a[i, j] / a[j, j]
        for k in 0..<rows {
          a[i, k] -= factor * a[j, k]
          b[i, k] -= factor * b[j, k]
        }
      }
    }
    return (a, b, sign)
  }

  var determinant: Double {
    let (triangle, _, sign) = eliminated
    return (0..<rows).reduce(sign) { $0 * triangle[$1, $1] }
  }

  var inverse: Matrix {
    let (a, b, _) = eliminated
    var x = b
    for i in stride(from: rows - 1, through: 0, by: -1) {
      for k in 0..<rows {
        var rest = x[i, k]
        for j in (i + 1)..<max(rows, i + 1) { rest -= a[i, j] * x[j, k] }
        x[i, k] = rest / a[i, i]
      }
    }
    return x
  }
}
