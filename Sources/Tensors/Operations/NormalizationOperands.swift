internal import Backends
internal import Geometry

/// What a normalisation was called with, checked; half-size types as float32.
struct NormalizationOperands {
  let name: String
  /// As it was handed over.
  let original: Tensor
  let x: Tensor
  let scale: Tensor?, shift: Tensor?
  let others: [Tensor]
  let epsilon: Double

  init(
    _ name: StaticString, _ x: Tensor, _ scale: Tensor?, _ shift: Tensor?, _ epsilon: Double,
    leastRank: Int, others: [Tensor] = []
  ) throws(TensorError) {
    try self.init("\(name)", x, scale, shift, epsilon, leastRank: leastRank, others: others)
  }

  init(
    _ name: String, _ x: Tensor, _ scale: Tensor?, _ shift: Tensor?, _ epsilon: Double,
    leastRank: Int, others: [Tensor] = []
  ) throws(TensorError) {
    guard x.scalarType.isFloatingPoint else { throw Tensor.unfit(name, [x]) }
    guard x.rank >= leastRank else {
      throw TensorError(
        .shape, name, "takes \(leastRank) axes or more, the last of channels", operands: [x.info])
    }
    guard epsilon >= 0, epsilon.isFinite else {
      throw TensorError(
        .argument, name, "epsilon \(epsilon) is not a number from 0 on", operands: [x.info])
    }
    let type: ScalarType = x.scalarType == .float64 ? .float64 : .float32
    func widened(_ tensor: Tensor) throws(TensorError) -> Tensor {
      guard tensor.node.place === x.node.place else {
        throw TensorError(
          .device, name, "operands are on different devices", operands: [x.info, tensor.info],
          hint: "move one: x.moved(to:)")
      }
      guard tensor.scalarType == x.scalarType || tensor.scalarType == type else {
        throw TensorError(
          .dtype, name, "scalar types differ", operands: [x.info, tensor.info],
          hint: "cast one: x.cast(to: .\(x.scalarType))")
      }
      return try tensor.cast(to: type)
    }
    self.name = name
    original = x
    self.x = try widened(x)
    if let scale { self.scale = try widened(scale) } else { self.scale = nil }
    if let shift { self.shift = try widened(shift) } else { self.shift = nil }
    var wide: [Tensor] = []
    for tensor in others { wide.append(try widened(tensor)) }
    self.others = wide
    self.epsilon = epsilon
  }

  /// Throws unless all operands but the first have this shape.
  func require(_ shape: Shape) throws(TensorError) {
    for tensor in [scale, shift].compactMap({ $0 }) + others where tensor.shape != shape {
      throw TensorError(
        .shape, name, "an operand of shape \(shape) is expected",
        operands: [original.info, tensor.info])
    }
  }

  /// The last `count` axes; for nil as many as scale and shift have.
  func trailingAxes(_ count: Int?) throws(TensorError) -> Range<Int> {
    let count = count ?? scale?.rank ?? shift?.rank ?? 1
    guard count >= 1, count <= x.rank else {
      throw TensorError(
        .argument, name, "the last \(count) axes cannot be normalised", operands: [original.info])
    }
    return (x.rank - count)..<x.rank
  }

  func geometry(axes: Range<Int>) throws(TensorError) -> Normalization {
    try Normalization(x.scalarType, of: x.shape, axes: axes, operand: original.info, in: name)
  }

  /// Mean and biased variance over `axes`, which stay as axes of one element.
  func moments(axes: Range<Int>) throws(TensorError) -> (Tensor, Tensor) {
    try MomentsOperation.record(x, geometry(axes: axes))
  }

  /// `(x - mean) / √(variance + epsilon) · scale + shift`, where scale and shift are `[channels]`
  /// and the statistics `[…, channels]`.
  func result(
    mean: Tensor, variance: Tensor, axes: Range<Int>
  ) throws(TensorError) -> Tensor {
    var factor = try rsqrt(variance + epsilon)
    if let scale { factor = try factor * scale }
    let rule = NormalizedOperation.Rule(
      normalization: try geometry(axes: axes), axes: axes, isAlong: false, hasMean: true)
    let distance = try x - mean
    let result: Tensor
    if let shift {
      result = try NormalizedOperation.record(
        .add, distance * factor, shift, name, rule, x, factor, mean: mean, shift: shift)
    } else {
      result = try NormalizedOperation.record(
        .multiply, distance, factor, name, rule, x, factor, mean: mean)
    }
    return try result.cast(to: original.scalarType)
  }

  /// `(x - mean) · factor · scale + shift`, where scale and shift have the shape of `axes`, the
  /// last ones, and the statistics have one element there. Without a mean none is subtracted.
  func rowResult(mean: Tensor?, factor: Tensor, axes: Range<Int>) throws(TensorError) -> Tensor {
    let rule = NormalizedOperation.Rule(
      normalization: try geometry(axes: axes), axes: axes, isAlong: true, hasMean: mean != nil)
    var distance = x
    if let mean { distance = try x - mean }
    let result: Tensor
    switch (scale, shift) {
    case (nil, nil):
      result = try NormalizedOperation.record(
        .multiply, distance, factor, name, rule, x, factor, mean: mean)
    case (let scale?, nil):
      result = try NormalizedOperation.record(
        .multiply, distance * factor, scale, name, rule, x, factor, mean: mean, scale: scale)
    case (let scale, let shift?):
      var scaled = try distance * factor
      if let scale { scaled = try scaled * scale }
      result = try NormalizedOperation.record(
        .add, scaled, shift, name, rule, x, factor, mean: mean, scale: scale, shift: shift)
    }
    return try result.cast(to: original.scalarType)
  }
}
