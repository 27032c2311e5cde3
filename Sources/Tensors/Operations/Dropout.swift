public import Geometry

/// `x` with each element set to 0 with probability `rate`, and the others divided by `1 - rate`, so
/// that the mean stays (Srivastava 2014).
///
/// A new mask is drawn at each call, when it is recorded; the gradient is taken through the same
/// one. It is drawn from `source`, or from that of the innermost `withSeed` if nil. At a rate of 0
/// nothing is drawn, at 1 all is 0.
public func dropout(
  _ x: Tensor, rate: Double, source: RandomSource? = nil
) throws(TensorError) -> Tensor {
  let dropping = try Dropping("dropout", x, rate, source)
  guard let mask = try dropping.mask(x.shape) else { return try dropping.extreme(x) }
  return try select(mask, x * (1 / (1 - rate)), x.scalar(0))
}

/// `x`, `[batch, …, channels]`, with whole channels of an example set to 0 with probability `rate`,
/// and the others divided by `1 - rate` (Tompson 2015).
///
/// Masks are drawn as those of `dropout`.
public func spatialDropout(
  _ x: Tensor, rate: Double, source: RandomSource? = nil
) throws(TensorError) -> Tensor {
  let dropping = try Dropping("spatialDropout", x, rate, source)
  guard x.rank >= 2 else {
    throw TensorError(
      .shape, "spatialDropout", "takes two axes or more: a batch, …, channels",
      operands: [x.info])
  }
  let channels = x.shape.reduced(over: Array(1..<(x.rank - 1)), keepingAxes: true)
  guard let mask = try dropping.mask(channels) else { return try dropping.extreme(x) }
  return try select(mask, x * (1 / (1 - rate)), x.scalar(0))
}

/// `x` with each element set to the value that `selu` has at -∞ with probability `rate`, and all
/// then scaled and moved so that a mean of 0 and a variance of 1 stay (Klambauer 2017).
///
/// Masks are drawn as those of `dropout`.
public func alphaDropout(
  _ x: Tensor, rate: Double, source: RandomSource? = nil
) throws(TensorError) -> Tensor {
  let dropping = try Dropping("alphaDropout", x, rate, source)
  guard let mask = try dropping.mask(x.shape) else { return try dropping.extreme(x) }
  let saturation = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946
  let scale = 1 / ((1 - rate) * (1 + rate * saturation * saturation)).squareRoot()
  let offset = -scale * saturation * rate
  return try select(mask, x * scale + offset, x.scalar(scale * saturation + offset))
}

/// What every form of dropout is called with, checked.
private struct Dropping {
  let x: Tensor
  let rate: Double
  let source: RandomSource?

  init(
    _ name: StaticString, _ x: Tensor, _ rate: Double, _ source: RandomSource?
  ) throws(TensorError) {
    guard x.scalarType.isFloatingPoint else { throw Tensor.unfit(name, [x]) }
    guard rate >= 0, rate <= 1 else {
      throw TensorError(
        .argument, "\(name)", "rate \(rate) is not from 0 to 1", operands: [x.info])
    }
    self.x = x
    self.rate = rate
    self.source = source
  }

  /// Which elements stay, as bools: those whose random number in [0, 1) is not below the rate. Nil
  /// where that needs no drawing.
  func mask(_ shape: Shape) throws(TensorError) -> Tensor? {
    if rate == 0 || rate == 1 { return nil }
    let bits = try Tensor.uniform(shape, on: x.device, source: source)
    return try greaterEqual(bits, bits.scalar(rate))
  }

  /// What becomes of `x` at a rate of 0 or 1.
  func extreme(_ x: Tensor) throws(TensorError) -> Tensor {
    rate == 0 ? x : .constant(0, x.shape, x.scalarType, x.node.place)
  }
}
