internal import Geometry
internal import Tensors

extension Loss {
  /// `Σ t · log(t / x)` of distributions along the last axis; terms with `t = 0` are 0, and the
  /// divergence is infinite where `x` is 0 and `t` is not.
  public static let klDivergence = Loss("Kullback-Leibler divergence") { x, t in
    try requireSameShape("Kullback-Leibler divergence", x, t)
    return try Layers.klDivergence(t, x)
  }

  /// The mean divergence of both from their mean, along the last axis.
  public static let jensenShannon = Loss("Jensen-Shannon divergence") { x, t in
    try requireSameShape("Jensen-Shannon divergence", x, t)
    let middle = try (x + t) * 0.5
    return try (Layers.klDivergence(x, middle) + Layers.klDivergence(t, middle)) * 0.5
  }

  /// `1 - 2·Σ x·t / (Σ x + Σ t)` over everything but the batch, of probabilities and masks.
  public static func dice(smooth: Double = 1) -> Loss { overlap("dice", 0.5, 0.5, smooth) }

  /// Dice with weights of its own for what is found wrongly and what is missed (Salehi et al.
  /// 2017).
  public static func tversky(
    falsePositives: Double = 0.3, falseNegatives: Double = 0.7, smooth: Double = 1
  ) -> Loss {
    overlap("tversky", falsePositives, falseNegatives, smooth)
  }

  private static func overlap(
    _ name: String, _ excess: Double, _ missed: Double, _ smooth: Double
  ) -> Loss {
    Loss(name, takesLogits: false, readsMask: true) { x, t in
      let t = try t.cast(to: x.scalarType)
      try requireSameShape(name, x, t)
      guard x.rank > 0 else {
        throw TensorError(.shape, name, "needs a batch", operands: [TensorInfo(x)])
      }
      let axes = Array(1..<x.rank)
      let mask = try x.mask.map { try $0.cast(to: x.scalarType).leading(x.rank) }
      func sum(_ y: Tensor) throws -> Tensor {
        let counted = try mask.map { try y * $0 } ?? y
        return axes.isEmpty ? counted : try counted.sum(axes: axes)
      }
      let both = try sum(x * t)
      let tooMuch = try sum(x * (1 - t))
      let tooLittle = try sum((1 - x) * t)
      return try 1 - (both + smooth) / (both + tooMuch * excess + tooLittle * missed + smooth)
    }
  }
}
