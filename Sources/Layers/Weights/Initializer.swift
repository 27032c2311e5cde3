public import Geometry
public import Tensors

/// How a parameter begins: a distribution or a pattern, for whatever shape it turns out to have.
///
/// Numbers are drawn from the current `RandomSource`, so a seed fixes them.
public struct Initializer: Sendable {
  /// As `summary` and errors call it.
  public let name: String
  private let make: @Sendable (Shape, ScalarType, Device) throws -> Tensor
  private let spread: @Sendable (Shape) -> Double?

  /// An initialiser of one's own.
  public init(
    _ name: String, _ make: @escaping @Sendable (Shape, ScalarType, Device) throws -> Tensor
  ) {
    self.init(name, spread: { _ in nil }, make)
  }

  init(
    _ name: String, variance: Double,
    _ make: @escaping @Sendable (Shape, ScalarType, Device) throws -> Tensor
  ) {
    self.init(name, spread: { _ in variance }, make)
  }

  init(
    _ name: String, spread: @escaping @Sendable (Shape) -> Double?,
    _ make: @escaping @Sendable (Shape, ScalarType, Device) throws -> Tensor
  ) {
    self.name = name
    self.make = make
    self.spread = spread
  }

  /// The variance of the distribution that a parameter of that shape is drawn from: 0 for
  /// constants, nil where numbers are not drawn one by one.
  ///
  ///     Initializer.heNormal.variance(of: [2500, 1024])    // 2 / 2500
  public func variance(of shape: Shape) -> Double? { spread(shape) }

  /// A value for a parameter of that shape.
  public func callAsFunction(
    _ shape: Shape, as type: ScalarType = .float32, on device: Device
  ) throws(TensorError) -> Tensor {
    let value: Tensor
    do { value = try make(shape, type, device) } catch { throw error.asTensorError }
    guard value.shape == shape, value.scalarType == type else {
      throw TensorError(
        .shape, "initializer \(name)", "gave something else than \(shape) of \(type)",
        operands: [TensorInfo(value)])
    }
    return value
  }

  /// 0 everywhere: how biases begin.
  public static let zeros = constant(0)
  /// 1 everywhere: how scales begin.
  public static let ones = constant(1)

  /// The same number everywhere.
  public static func constant(_ value: Double) -> Initializer {
    Initializer("constant \(value)", variance: 0) { try .full(value, $0, as: $1, on: $2) }
  }

  /// This very tensor.
  public static func value(_ tensor: Tensor) -> Initializer {
    Initializer("value") { _, type, device in try tensor.cast(to: type).moved(to: device) }
  }

  /// Evenly distributed over an interval.
  public static func uniform(from low: Double = -0.05, to high: Double = 0.05) -> Initializer {
    Initializer("uniform", variance: (high - low) * (high - low) / 12) {
      try .uniform($0, from: low, to: high, as: $1, on: $2)
    }
  }

  /// Normally distributed.
  public static func normal(
    mean: Double = 0, standardDeviation: Double = 0.05
  ) -> Initializer {
    Initializer("normal", variance: standardDeviation * standardDeviation) {
      try .normal($0, mean: mean, standardDeviation: standardDeviation, as: $1, on: $2)
    }
  }

  /// Normal within two standard deviations of the mean.
  public static func truncatedNormal(
    mean: Double = 0, standardDeviation: Double = 0.05
  ) -> Initializer {
    let deviation = standardDeviation * truncatedDeviation
    return Initializer("truncated normal", variance: deviation * deviation) {
      try .truncatedNormal($0, mean: mean, standardDeviation: standardDeviation, as: $1, on: $2)
    }
  }

  /// `gain` on the main diagonal of a matrix, zeros elsewhere.
  public static func identity(gain: Double = 1) -> Initializer {
    Initializer("identity") { shape, type, device in
      guard shape.rank == 2 else {
        throw TensorError(.shape, "initializer identity", "\(shape) is not a matrix")
      }
      return try Tensor.eye(shape[0], shape[1], as: type, on: device) * gain
    }
  }

  /// A matrix with orthonormal rows or columns, whichever are fewer; leading axes count as rows
  /// (Saxe et al. 2014).
  public static func orthogonal(gain: Double = 1) -> Initializer {
    Initializer("orthogonal") { shape, type, device in
      guard shape.rank >= 2, shape.count > 0 else {
        throw TensorError(.shape, "initializer orthogonal", "\(shape) has no rows and columns")
      }
      let columns = shape.last
      let rows = shape.count / columns
      let tall = try Tensor.normal([max(rows, columns), min(rows, columns)], as: type, on: device)
      let (q, r) = try tall.qr()
      // The signs make it evenly distributed over all orthogonal matrices.
      let count = r.shape.last
      let diagonal = try (r * Tensor.eye(count, as: type, on: device)).sum(axes: [0])
      let signs = try select(
        less(diagonal, diagonal.scalar(0)), diagonal.scalar(-1), diagonal.scalar(1))
      let unit = try q * signs
      return try (rows < columns ? unit.transposed() : unit).reshaped(to: shape) * gain
    }
  }
}
