internal import Geometry
internal import Tensors

extension Workload {
  /// `tanh(x·y + 0.5) · sigmoid(x) - y` on vectors.
  static func elementwise(_ workload: Workload) throws -> PreparedWorkload {
    let count = try workload.size("count")
    let (x, y) = (try workload.random([count]), try workload.random([count]))
    return PreparedWorkload(cost: .bytes(3 * 4 * Double(count))) {
      try evaluate(tanh(x * y + 0.5) * sigmoid(x) - y)
    }
  }
}
