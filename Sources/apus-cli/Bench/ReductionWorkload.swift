internal import Geometry
internal import Tensors

extension Workload {
  /// Sum and maximum of a matrix along `axis`.
  static func reduction(_ workload: Workload) throws -> PreparedWorkload {
    let shape: Shape = [try workload.size("rows"), try workload.size("cols")]
    let axis = try shape.axis(try workload.integer("axis"), in: "bench")
    let x = try workload.random(shape)
    let results = 2 * shape.replacing(axis, with: 1).count
    return PreparedWorkload(cost: .bytes(4 * Double(shape.count + results))) {
      try evaluate(x.sum(axes: [axis]), x.max(axes: [axis]))
    }
  }
}
