internal import Geometry
internal import Tensors

/// The shape of the filters for an input, or an error that names both.
func filterShape(
  _ name: String, _ window: [Int], _ x: Tensor, groups: Int, _ filters: Int
) throws(TensorError) -> Shape {
  guard x.rank == window.count + 2 else {
    throw TensorError(
      .shape, name,
      "takes \(window.count == 1 ? "[batch, time, channels]" : "[batch, rows, columns, channels]")",
      operands: [TensorInfo(x)])
  }
  guard filters > 0, groups > 0, window.allSatisfy({ $0 > 0 }) else {
    throw TensorError(
      .argument, name, "\(filters) filters of \(window) in \(groups) groups",
      operands: [TensorInfo(x)])
  }
  guard x.shape.last % groups == 0, filters % groups == 0 else {
    throw TensorError(
      .shape, name,
      "\(x.shape.last) channels and \(filters) filters do not fall into \(groups) groups",
      operands: [TensorInfo(x)])
  }
  return Shape(window + [x.shape.last / groups, filters])
}
