public import Geometry
public import Tensors

/// What must hold of a parameter after every step: the new value is mapped to the nearest that
/// fits.
public struct Constraint: Sendable {
  /// As it is to be called.
  public let name: String
  let apply: @Sendable (Tensor) throws -> Tensor

  /// A constraint of one's own, as the map to a tensor of the same shape.
  public init(_ name: String, _ apply: @escaping @Sendable (Tensor) throws -> Tensor) {
    self.name = name
    self.apply = apply
  }

  /// `value` as the constraint lets it be.
  public func callAsFunction(_ value: Tensor) throws(TensorError) -> Tensor {
    do { return try apply(value) } catch { throw error.asTensorError }
  }

  /// This one, and `other` of what it leaves.
  func then(_ other: Constraint) -> Constraint {
    Constraint("\(name), \(other.name)") { try other.apply(apply($0)) }
  }

  /// Norms along `axes` of at most `largest`; the inputs of each unit of `[inputs, units]`.
  public static func maxNorm(_ largest: Double = 2, axes: [Int] = [0]) -> Constraint {
    Constraint("max-norm \(largest)") { x in
      let norms = try x.norm(axes: axes, keepingAxes: true)
      return try x * (minimum(norms, norms.scalar(largest)) / (norms + 1e-7))
    }
  }

  /// No negative numbers.
  public static let nonNegative = Constraint("non-negative") { try relu($0) }

  /// Norms along `axes` of 1.
  public static func unitNorm(axes: [Int] = [0]) -> Constraint {
    Constraint("unit norm") { x in try x / (x.norm(axes: axes, keepingAxes: true) + 1e-7) }
  }

  /// Numbers between `-limit` and `limit`, as the critic of a Wasserstein GAN has them.
  public static func clip(_ limit: Double) -> Constraint {
    Constraint("clip \(limit)") { try Tensors.clip($0, min: -limit, max: limit) }
  }

  /// Zeros where `mask` is zero: what was pruned stays so whatever the optimizer does.
  public static func mask(_ mask: Tensor) -> Constraint {
    Constraint("mask") { x in try x * mask.cast(to: x.scalarType) }
  }
}
