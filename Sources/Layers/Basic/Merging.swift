public import Geometry
public import Tensors

/// The sum of its inputs.
public final class Add: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try folded(inputs, "add") { (a, b) throws(TensorError) in try a + b }
  }
}

/// The first input less the second.
public final class Subtract: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    guard inputs.count == 2 else {
      throw TensorError(.argument, "subtract", "takes two tensors, not \(inputs.count)")
    }
    return try inputs[0] - inputs[1]
  }
}

/// The product of its inputs, an element at a time.
public final class Multiply: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try folded(inputs, "multiply") { (a, b) throws(TensorError) in try a * b }
  }
}

/// The mean of its inputs.
public final class Average: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    for input in inputs.dropFirst() where input.shape.broadcast(with: inputs[0].shape) == nil {
      throw TensorError(
        .shape, "average", "shapes do not broadcast", operands: inputs.map { TensorInfo($0) })
    }
    return try folded(inputs, "average") { (a, b) throws(TensorError) in try a + b }
      / Double(max(1, inputs.count))
  }
}

/// The largest of its inputs, an element at a time.
public final class Maximum: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try folded(inputs, "maximum") { (a, b) throws(TensorError) in try maximum(a, b) }
  }
}

/// The smallest of its inputs, an element at a time.
public final class Minimum: MergingLayer {
  /// A layer without weights.
  public init() {}

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try folded(inputs, "minimum") { (a, b) throws(TensorError) in try minimum(a, b) }
  }
}

/// Its inputs one after the other along an axis, the channels if not told otherwise.
public final class Concatenate: MergingLayer {
  private let axis: Int

  /// - Parameter axis: the one that grows.
  public init(axis: Int = -1) { self.axis = axis }

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    try concatenate(inputs, axis: axis)
  }
}

/// Products of two inputs summed along an axis of each: `[b, t, d]` and `[b, s, d]` over axes 2 and
/// 2 give `[b, t, s]`.
public final class Dot: MergingLayer {
  private let axes: (Int, Int)
  private let isNormalized: Bool

  /// - Parameters:
  ///   - axes: the axis of each input that is summed over, any but the batch; negative ones count
  ///     from the end.
  ///   - normalize: whether inputs are divided by their norms, which makes it the cosine.
  public init(axes: (Int, Int) = (-1, -1), normalize: Bool = false) {
    self.axes = axes
    isNormalized = normalize
  }

  /// Steps of the inputs are no steps of the result.
  public func mask(of inputs: [Tensor], result: Tensor) throws(TensorError) -> Tensor? { nil }

  public func forward(_ inputs: [Tensor]) throws(TensorError) -> Tensor {
    guard inputs.count == 2, inputs.allSatisfy({ (2...3).contains($0.rank) }) else {
      throw TensorError(
        .shape, "dot", "takes two tensors of two or three axes",
        operands: inputs.map { TensorInfo($0) })
    }
    let a = try matrices(inputs[0], axes.0)
    let b = try matrices(inputs[1], axes.1)
    guard a.shape[2] == b.shape[2], a.shape[0] == b.shape[0] else {
      throw TensorError(
        .shape, "dot",
        "batches or extents to be summed over, \(a.shape[2]) and \(b.shape[2]), differ",
        operands: inputs.map { TensorInfo($0) })
    }
    let product = try matmul(a, b, transposeRight: true)
    // Where an input has no steps, the axis that stands for them goes again.
    var gone: [Int] = []
    if inputs[0].rank == 2 { gone.append(1) }
    if inputs[1].rank == 2 { gone.append(2) }
    if gone.count == 2 { gone = [1] }
    return gone.isEmpty ? product : try product.squeezed(axes: gone)
  }

  /// `[batch, steps, summed]`, a vector as a single step.
  private func matrices(_ x: Tensor, _ axis: Int) throws(TensorError) -> Tensor {
    let axis = try x.shape.axis(axis, in: "dot")
    guard axis > 0 else {
      throw TensorError(.argument, "dot", "sums over the batch", operands: [TensorInfo(x)])
    }
    var x = x
    if isNormalized {
      let norms = try x.norm(axes: [axis], keepingAxes: true)
      x = try x / maximum(norms, norms.scalar(1e-6))
    }
    if x.rank == 2 { return try x.expanded(at: 1) }
    return axis == 2 ? x : try x.permuted([0, 2, 1])
  }
}

private func folded(
  _ inputs: [Tensor], _ name: String,
  _ combine: (Tensor, Tensor) throws(TensorError) -> Tensor
) throws(TensorError) -> Tensor {
  guard var result = inputs.first else {
    throw TensorError(.argument, name, "takes one tensor or more, not none")
  }
  for input in inputs.dropFirst() { result = try combine(result, input) }
  return result
}
