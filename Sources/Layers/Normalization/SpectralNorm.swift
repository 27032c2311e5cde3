public import Geometry
public import Tensors

/// A layer whose kernel is divided by its largest singular value, found by a step of the power
/// iteration at each call in training (Miyato et al. 2018).
public final class SpectralNorm: Layer {
  /// The layer that is called.
  public let layer: any Layer
  private let kernel: Weight
  private let iterations: Int
  /// The left singular vector as it is guessed now; not trained.
  public let vector = Weight(.normal(standardDeviation: 1), isTrained: false)

  /// - Parameters:
  ///   - layer: the one that is called.
  ///   - kernel: the weight of `layer` that is normalised: `dense.kernel`.
  ///   - iterations: steps of the power iteration at each call.
  public init(_ layer: any Layer, kernel: Weight, iterations: Int = 1) {
    self.layer = layer
    self.kernel = kernel
    self.iterations = iterations
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    // The first call makes the kernel.
    if !kernel.isBuilt { _ = try layer(x) }
    guard let parameter = kernel.parameter, parameter.shape.rank > 1 else {
      throw TensorError(
        .argument, "spectralNorm", "the kernel is not one of the layer's, or no matrix",
        operands: [TensorInfo(x)])
    }
    let weights = parameter.value
    let outputs = weights.shape.last
    let matrix = try weights.reshaped(to: [weights.count / max(1, outputs), outputs])
    let left = try vector.parameter([matrix.shape[0]], like: weights)
    var (u, v) = (left.value, left.value)
    let constant = try stopGradient(matrix)
    for _ in 0..<max(1, iterations) {
      v = try unit(matmul(u, constant))
      u = try unit(matmul(constant, v))
    }
    if Phase.current == .training { try left.assign(u) }
    let largest = try dot(stopGradient(u), matmul(matrix, stopGradient(v)))
    return try kernel.substituting(weights / largest) { () throws(TensorError) in try layer(x) }
  }

  private func unit(_ x: Tensor) throws(TensorError) -> Tensor { try x / (x.norm() + 1e-12) }
}
