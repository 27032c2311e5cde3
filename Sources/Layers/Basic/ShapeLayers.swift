public import Geometry
public import Tensors

/// All axes behind the batch as one.
public final class Flatten: Layer {
  /// A layer without weights.
  public init() {}

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try x.rank < 2 ? x.expanded(at: -1) : x.flattened(from: 1)
  }
}

/// Another shape behind the batch; one extent may be -1.
public final class Reshape: Layer {
  private let target: Shape

  /// - Parameter target: the extents behind the batch; one may be -1.
  public init(_ target: Shape) { self.target = target }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 0, target.rank < Shape.maximumRank else {
      throw TensorError(
        .shape, "reshape", "\(target) with a batch in front", operands: [TensorInfo(x)])
    }
    if x.shape[0] == 0, let open = Array(target).firstIndex(of: -1) {
      // Without elements what is left follows from the other extents of the input.
      let inputs = Array(x.shape).dropFirst().reduce(1, *)
      let rest = Array(target).filter { $0 >= 0 }.reduce(1, *)
      guard rest > 0, inputs % rest == 0 else {
        throw TensorError(.shape, "reshape", "does not give \(target)", operands: [TensorInfo(x)])
      }
      return try x.reshaped(to: Shape([0] + Array(target.replacing(open, with: inputs / rest))))
    }
    return try x.reshaped(to: Shape([x.shape[0]] + Array(target)))
  }
}

/// The axes behind the batch in another order, counted from 1.
public final class Permute: Layer {
  private let axes: [Int]

  /// - Parameter axes: `[2, 1]` exchanges the first two.
  public init(_ axes: [Int]) { self.axes = axes }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor { try x.permuted([0] + axes) }
}

/// A vector repeated as every step of a sequence: `[batch, features]` to `[batch, count,
/// features]`.
public final class RepeatVector: Layer {
  private let count: Int

  /// - Parameter count: how many steps there are to be.
  public init(_ count: Int) { self.count = count }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == 2, count > 0 else {
      throw TensorError(
        .shape, "repeatVector", "\(count) times something else than [batch, features]",
        operands: [TensorInfo(x)])
    }
    return try x.expanded(at: 1).broadcast(to: [x.shape[0], count, x.shape[1]])
  }
}

/// A layer applied to each step of a sequence, with the same weights.
public final class TimeDistributed: Layer {
  /// What each step is given to.
  public let layer: any Layer

  /// - Parameter layer: what each step is given to; its own input has no axis of steps.
  public init(_ layer: any Layer) { self.layer = layer }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank >= 2 else {
      throw TensorError(
        .shape, "timeDistributed", "needs a batch and steps", operands: [TensorInfo(x)])
    }
    let (batch, steps) = (x.shape[0], x.shape[1])
    let folded = try x.reshaped(to: Shape([batch * steps] + Array(x.shape).dropFirst(2)))
    let y = try layer(folded)
    return try y.reshaped(to: Shape([batch, steps] + Array(y.shape).dropFirst()))
  }
}

/// Whatever a closure makes of its input. What it holds is not found as a parameter.
public final class Lambda: Layer {
  private let name: String
  private let function: (Tensor) throws -> Tensor

  /// - Parameters:
  ///   - name: as the closure is to be called.
  ///   - function: what it makes of its input, out of tensor operations.
  public init(_ name: String = "lambda", _ function: @escaping (Tensor) throws -> Tensor) {
    self.name = name
    self.function = function
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    do { return try function(x) } catch { throw error.asTensorError }
  }
}

/// Its input.
public final class Identity: Layer {
  /// A layer without weights.
  public init() {}

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor { x }
}

/// Zeros around the spatial axes of `[batch, …, channels]`.
public final class ZeroPadding: Layer {
  private let paddings: [(Int, Int)]

  /// - Parameter paddings: before and after each spatial axis.
  public init(_ paddings: [(Int, Int)]) { self.paddings = paddings }

  /// The same on all sides of an image.
  public convenience init(_ padding: Int) { self.init([(padding, padding), (padding, padding)]) }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == paddings.count + 2 else {
      throw TensorError(
        .shape, "zeroPadding", "\(paddings.count) spatial axes are to be padded",
        operands: [TensorInfo(x)])
    }
    return try x.padded([(0, 0)] + paddings + [(0, 0)])
  }
}

/// Parts cut off at the borders of the spatial axes of `[batch, …, channels]`.
public final class Cropping: Layer {
  private let croppings: [(Int, Int)]

  /// - Parameter croppings: how much is cut off before and behind each spatial axis.
  public init(_ croppings: [(Int, Int)]) { self.croppings = croppings }

  /// The same on all sides of an image.
  public convenience init(_ cropping: Int) {
    self.init([(cropping, cropping), (cropping, cropping)])
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == croppings.count + 2 else {
      throw TensorError(
        .shape, "cropping", "\(croppings.count) spatial axes are to be cropped",
        operands: [TensorInfo(x)])
    }
    var y = x
    for (axis, (before, after)) in croppings.enumerated() {
      let extent = x.shape[axis + 1]
      guard before >= 0, after >= 0, before <= extent, after <= extent - before else {
        throw TensorError(
          .shape, "cropping", "\(before) and \(after) are more than axis \(axis + 1) has",
          operands: [TensorInfo(x)])
      }
      y = try y.slice(axis: axis + 1, before..<(extent - after))
    }
    return y
  }
}
