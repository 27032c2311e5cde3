internal import Geometry
internal import Glibc
internal import Tensors

extension Loss {
  /// `(x - t)²`
  public static let squared = pointwise("squared error") { try square($0 - $1) }
  /// `(x - t)² / 2`
  public static let halfSquared = pointwise("half squared error") { try square($0 - $1) * 0.5 }
  /// `|x - t|`
  public static let absolute = pointwise("absolute error") { try abs($0 - $1) }

  /// Squared near zero and straight beyond `delta`: `d²/2`, then `delta · (|d| - delta/2)`.
  public static func huber(delta: Double = 1) -> Loss {
    pointwise("huber") { x, t in
      let distance = try abs(x - t)
      let inner = try minimum(distance, distance.scalar(delta))
      return try inner * (distance - inner * 0.5)
    }
  }

  /// `log cosh (x - t)`, for large distances too.
  public static let logCosh = pointwise("log-cosh") { x, t in
    let distance = try x - t
    return try distance + softplus(distance * -2) - Glibc.log(2)
  }

  /// `x - t · log(x + epsilon)`: counts `t` where `x` are expected.
  public static func poisson(epsilon: Double = 1e-7) -> Loss {
    pointwise("poisson") { x, t in try x - t * log(x + epsilon) }
  }

  /// `-log` of the normal density of `t`, up to its constant: the last axis of predictions holds
  /// means and then logarithms of variances, twice as many as targets.
  public static let gaussianLikelihood = Loss("gaussian likelihood") { x, t in
    // One target a sample may lack the axis of one.
    let extents = Array(x.shape.dropLast()) + [x.rank > 0 ? x.shape.last / 2 : 0]
    let isPlain = Array(t.shape) == extents.dropLast() && extents.last == 1
    guard x.rank > 0, x.shape.last % 2 == 0, isPlain || Array(t.shape) == extents else {
      throw TensorError(
        .shape, "gaussian likelihood", "predictions are not means and log variances of targets",
        operands: [TensorInfo(x, name: "predictions"), TensorInfo(t, name: "targets")])
    }
    let parts = try x.split(parts: 2, axis: -1)
    let t = try (isPlain ? t.expanded(at: -1) : t).cast(to: x.scalarType)
    return try (parts[1] + square(parts[0] - t) * exp(-parts[1])) * 0.5
  }

  /// Minus the cosine of the angle between the last axes.
  public static let cosine = Loss("cosine") { x, t in
    try requireSameShape("cosine", x, t)
    func unit(_ x: Tensor) throws -> Tensor {
      let squares = try square(x).sum(axes: [-1], keepingAxes: true)
      return try x * rsqrt(maximum(squares, squares.scalar(1e-12)))
    }
    return try -(unit(x) * unit(t)).sum(axes: [-1])
  }

  static func pointwise(
    _ name: String, _ elements: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
  ) -> Loss {
    Loss(name) { x, t in
      let t = try t.cast(to: x.scalarType)
      try requireSameShape(name, x, t)
      return try elements(x, t)
    }
  }
}
