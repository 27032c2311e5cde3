internal import Geometry
internal import Tensors

extension Workload {
  /// `op(A)·op(B)`; with `ta` A is stored `[k, m]`, with `tb` B is stored `[n, k]`.
  static func matrixProduct(_ workload: Workload) throws -> PreparedWorkload {
    let (m, n, k) = (try workload.size("m"), try workload.size("n"), try workload.size("k"))
    let (ta, tb) = (try workload.flag("ta"), try workload.flag("tb"))
    let a = try workload.random(ta ? [k, m] : [m, k])
    let b = try workload.random(tb ? [n, k] : [k, n])
    return PreparedWorkload(cost: .operations(2 * Double(m) * Double(n) * Double(k))) {
      try evaluate(matmul(a, b, transposeLeft: ta, transposeRight: tb))
    }
  }

  /// `b` products in a batch.
  static func matrixProducts(_ workload: Workload) throws -> PreparedWorkload {
    let batch = try workload.size("b")
    let (m, n, k) = (try workload.size("m"), try workload.size("n"), try workload.size("k"))
    let (ta, tb) = (try workload.flag("ta"), try workload.flag("tb"))
    let a = try workload.random(ta ? [batch, k, m] : [batch, m, k])
    let b = try workload.random(tb ? [batch, n, k] : [batch, k, n])
    let operations = 2 * Double(batch) * Double(m) * Double(n) * Double(k)
    return PreparedWorkload(cost: .operations(operations)) {
      try evaluate(matmul(a, b, transposeLeft: ta, transposeRight: tb))
    }
  }
}
