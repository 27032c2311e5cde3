public import Geometry
internal import Glibc
public import Tensors

/// Sines and cosines of the position added to each step (Vaswani et al. 2017): frequencies from 1
/// down to 1/10,000, even features sines and odd ones cosines.
public final class PositionalEncoding: Layer {
  /// A layer without weights.
  public init() {}

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == 3 else {
      throw TensorError(
        .shape, "positionalEncoding", "takes [batch, time, features]", operands: [TensorInfo(x)])
    }
    let (steps, features) = (x.shape[1], x.shape[2])
    var values: [Float] = []
    values.reserveCapacity(steps * features)
    for step in 0..<steps {
      for feature in 0..<features {
        let angle = Double(step) / pow(10_000, Double(feature / 2 * 2) / Double(features))
        values.append(Float(feature % 2 == 0 ? sin(angle) : cos(angle)))
      }
    }
    return try x
      + Tensor(values, shape: [steps, features], on: x.device).cast(to: x.scalarType)
  }
}

/// A learned vector for each position, added to each step.
public final class PositionEmbedding: Layer {
  private let longest: Int
  /// `[longest, features]`, Glorot uniform.
  public let embeddings: Weight

  /// - Parameters:
  ///   - longest: how many steps a sequence may have.
  ///   - embeddings: how the rows begin, `[longest, features]`, with what regularises or constrains
  ///     them.
  public init(_ longest: Int, embeddings: Weight = Weight(.glorotUniform)) {
    self.longest = longest
    self.embeddings = embeddings
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank == 3, x.shape[1] <= longest else {
      throw TensorError(
        .shape, "positionEmbedding", "takes [batch, time, features] of at most \(longest) steps",
        operands: [TensorInfo(x)])
    }
    let all = try embeddings([longest, x.shape[2]], like: x)
    return try x + all.slice(axis: 0, 0..<x.shape[1])
  }
}
