internal import Geometry
internal import Tensors

extension Tensor {
  /// With axes of 1 behind until there are `rank`: a mask or weights of the leading axes as they are
  /// multiplied with what has more.
  func leading(_ rank: Int) throws(TensorError) -> Tensor {
    try reshaped(to: Shape(Array(shape) + [Int](repeating: 1, count: rank - self.rank)))
  }
}
