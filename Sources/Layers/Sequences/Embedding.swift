public import Geometry
public import Tensors

/// A vector for each of the numbers below `count`: words, characters, categories.
public final class Embedding: Layer {
  private let count: Int, features: Int
  private let masksZero: Bool
  /// `[count, features]`, uniform from -0.05 to 0.05.
  public let embeddings: Weight

  /// - Parameters:
  ///   - count: how many rows there are; integers are below it.
  ///   - features: how many numbers a row has.
  ///   - maskZero: whether 0 stands for steps that do not count.
  ///   - embeddings: how the rows begin, `[count, features]`, with what regularises or constrains
  ///     them.
  public init(
    _ count: Int, _ features: Int, maskZero: Bool = false,
    embeddings: Weight = Weight(.uniform())
  ) {
    self.count = count
    self.features = features
    masksZero = maskZero
    self.embeddings = embeddings
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard !x.scalarType.isFloatingPoint, x.scalarType != .bool else {
      throw TensorError(
        .dtype, "embedding", "takes integers", operands: [TensorInfo(x)],
        hint: "cast first: x.cast(to: .int32)")
    }
    return try embedding(embeddings([count, features], like: x), x)
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    masksZero ? try notEqual(x, x.scalar(0)) : mask
  }
}

/// Its input, with the steps that hold nothing but `value` left out from here on.
public final class Masking: Layer {
  private let value: Double

  /// - Parameter value: what all features of a step hold that does not count.
  public init(_ value: Double = 0) { self.value = value }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == 3 else {
      throw TensorError(
        .shape, "masking", "takes [batch, time, features]", operands: [TensorInfo(x)])
    }
    let counts = try notEqual(x, x.scalar(value)).any(axes: [2], keepingAxes: true)
    return try select(counts, x, x.scalar(0))
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    try notEqual(x, x.scalar(value)).any(axes: [2])
  }
}
