internal import Geometry
internal import Tensors

extension Workload {
  /// Rows of a table at random indices, and the dense gradient of the table.
  static func embedding(_ workload: Workload) throws -> PreparedWorkload {
    let (rows, width) = (try workload.size("vocab"), try workload.size("dim"))
    let count = try workload.size("tokens")
    let table = try workload.random([rows, width])
    let upstream = try workload.random([count, width])
    let indices = try floor(Tensor.uniform([count], to: Double(rows))).cast(to: .int32)
    let valid = try minimum(indices, Tensor(Double(rows - 1)))
    try evaluate(valid)
    let bytes = 4 * Double(2 * count * width + count + 2 * rows * width)
    return PreparedWorkload(cost: .bytes(bytes)) {
      let (value, gradient) = try recorded {
        let value = try Tensors.embedding(table, valid)
        return (value, try gradients(of: value, upstream: upstream, for: [table])[0])
      }
      try evaluate(value, gradient)
    }
  }
}
