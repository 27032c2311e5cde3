public import Geometry

extension Tensor {
  /// The mean over `axes`, all of them for nil.
  public func mean(axes: [Int]? = nil, keepingAxes: Bool = false) throws(TensorError) -> Tensor {
    let count = try elementCount(axes, "mean")
    if scalarType == .float16 || scalarType == .bfloat16 {
      // The sum of many halves overflows them.
      return try cast(to: .float32).mean(axes: axes, keepingAxes: keepingAxes).cast(to: scalarType)
    }
    return try sum(axes: axes, keepingAxes: keepingAxes) * (1 / count)
  }

  /// The mean squared distance from the mean over `axes`; divided by one less if `unbiased`.
  ///
  /// The mean is subtracted before squaring, so that a large mean costs no digits.
  public func variance(
    axes: [Int]? = nil, keepingAxes: Bool = false, unbiased: Bool = false
  ) throws(TensorError) -> Tensor {
    let count = try elementCount(axes, "variance")
    guard !unbiased || count > 1 else {
      throw TensorError(
        .shape, "variance", "unbiased needs two elements or more", operands: [info])
    }
    let distance = try self - mean(axes: axes, keepingAxes: true)
    let sum = try (distance * distance).sum(axes: axes, keepingAxes: keepingAxes)
    return try sum * (1 / (unbiased ? count - 1 : count))
  }

  /// The square root of the variance.
  public func standardDeviation(
    axes: [Int]? = nil, keepingAxes: Bool = false, unbiased: Bool = false
  ) throws(TensorError) -> Tensor {
    _ = try elementCount(axes, "standardDeviation")
    return try sqrt(variance(axes: axes, keepingAxes: keepingAxes, unbiased: unbiased))
  }

  /// `log Σ exp(x)` over `axes`, without overflow; -∞ where every element is.
  public func logSumExp(
    axes: [Int]? = nil, keepingAxes: Bool = false
  ) throws(TensorError) -> Tensor {
    _ = try elementCount(axes, "logSumExp")
    let largest = try stopGradient(max(axes: axes, keepingAxes: true))
    // An infinite maximum must not be subtracted from itself.
    let shift = try select(isFinite(largest), largest, largest.scalar(0))
    let sum = try exp(self - shift).sum(axes: axes, keepingAxes: true)
    let result = try log(sum) + shift
    let axes = try shape.axes(axes, in: "logSumExp")
    return try result.reshaped(to: shape.reduced(over: axes, keepingAxes: keepingAxes))
  }

  /// Which length of a vector is meant.
  public enum Norm: Sendable {
    /// The sum of absolute values.
    case one
    /// The square root of the sum of squares.
    case two
    /// The largest absolute value.
    case infinity
  }

  /// The length over `axes`. Its gradient at a zero vector is 0.
  public func norm(
    _ order: Norm = .two, axes: [Int]? = nil, keepingAxes: Bool = false
  ) throws(TensorError) -> Tensor {
    guard scalarType.isFloatingPoint else { throw Tensor.unfit("norm", [self]) }
    _ = try shape.axes(axes, in: "norm")
    switch order {
    case .one: return try abs(self).sum(axes: axes, keepingAxes: keepingAxes)
    case .infinity:
      _ = try elementCount(axes, "norm")
      return try abs(self).max(axes: axes, keepingAxes: keepingAxes)
    case .two:
      let squares = try (self * self).sum(axes: axes, keepingAxes: keepingAxes)
      // The root's slope at 0 is infinite; the detour keeps it out of the gradient.
      let isZero = try equal(squares, squares.scalar(0))
      return try select(isZero, squares.scalar(0), sqrt(select(isZero, squares.scalar(1), squares)))
    }
  }

  /// How many elements each result is made of; not 0.
  private func elementCount(_ axes: [Int]?, _ name: StaticString) throws(TensorError) -> Double {
    guard scalarType.isFloatingPoint else { throw Tensor.unfit(name, [self]) }
    let count = try shape.axes(axes, in: "\(name)").reduce(1) { $0 * shape[$1] }
    guard count > 0 else {
      throw TensorError(.shape, "\(name)", "of no elements", operands: [info])
    }
    return Double(count)
  }
}
