public import Geometry
public import Tensors

/// What is done to gradients that are too large, before anything else.
public enum Clipping: Sendable, Equatable {
  case none
  /// Each element to `-bound ... bound`.
  case value(Double)
  /// The gradient of each parameter to a norm of at most that.
  case norm(Double)
  /// All gradients together to a norm of at most that.
  case globalNorm(Double)

  func validated(in optimizer: String) throws(TensorError) -> Clipping {
    switch self {
    case .none: return self
    case .value(let bound), .norm(let bound), .globalNorm(let bound):
      guard bound > 0, bound.isFinite else {
        throw TensorError(.argument, optimizer, "gradients clipped at \(bound)")
      }
      return self
    }
  }

  /// The gradients scaled down to the norm; those clipped by value as they are, since the rule of
  /// the optimizer does that on its way.
  func scaled(
    _ gradients: [Tensor], _ convention: Convention
  ) throws(TensorError) -> [Tensor] {
    switch self {
    case .none, .value: return gradients
    case .norm(let bound):
      var scaled: [Tensor] = []
      for gradient in gradients {
        scaled.append(try gradient * factor(try gradient.norm(), bound, convention))
      }
      return scaled
    case .globalNorm(let bound):
      let factor = try factor(try Optimizers.globalNorm(of: gradients), bound, convention)
      var scaled: [Tensor] = []
      for gradient in gradients { scaled.append(try gradient * factor) }
      return scaled
    }
  }

  private func factor(
    _ norm: Tensor, _ bound: Double, _ convention: Convention
  ) throws(TensorError) -> Tensor {
    switch convention {
    case .keras: try norm.scalar(bound) / maximum(norm, norm.scalar(bound))
    case .pyTorch: try minimum(norm.scalar(1), norm.scalar(bound) / (norm + 1e-6))
    }
  }
}

/// The norm of all elements of `gradients` together: what clipping by global norm looks at.
public func globalNorm(of gradients: [Tensor]) throws(TensorError) -> Tensor {
  var squares: [Tensor] = []
  for gradient in gradients { squares.append(try square(gradient).sum()) }
  guard !squares.isEmpty else { return Tensor(0) }
  return try sqrt(stack(squares).sum())
}
