public import Geometry
public import Tensors

/// Attention in several heads, each with projections of its own (Vaswani et al. 2017).
public final class MultiHeadAttention: Module {
  private let heads: Int, keySize: Int, valueSize: Int
  private let outputs: Int?
  private let isCausal: Bool
  private let dropoutRate: Double
  /// Projections `[features, heads, size]`, Glorot uniform, with biases `[heads, size]`.
  public let query: Projection, key: Projection, value: Projection
  /// `[heads, size, outputs]`, Glorot uniform, with a bias `[outputs]`.
  public let output: Projection

  /// A kernel and its bias.
  public final class Projection: Module {
    /// Glorot uniform.
    public let kernel = Weight(.glorotUniform)
    /// Zeros.
    public let bias: Weight?

    init(useBias: Bool) { bias = useBias ? Weight(.zeros) : nil }
  }

  /// - Parameters:
  ///   - heads: how many heads there are.
  ///   - keySize: the features of a head's queries and keys.
  ///   - valueSize: the features of a head's values; `keySize` if not given.
  ///   - outputs: the features of the result; those of the query if not given.
  ///   - useBias: whether the projections have biases.
  ///   - causal: whether a step sees none behind itself.
  ///   - dropout: the share of the attention's weights that is dropped in training.
  public init(
    heads: Int, keySize: Int, valueSize: Int? = nil, outputs: Int? = nil, useBias: Bool = true,
    causal: Bool = false, dropout: Double = 0
  ) {
    self.heads = heads
    self.keySize = keySize
    self.valueSize = valueSize ?? keySize
    self.outputs = outputs
    isCausal = causal
    dropoutRate = dropout
    query = Projection(useBias: useBias)
    key = Projection(useBias: useBias)
    value = Projection(useBias: useBias)
    output = Projection(useBias: useBias)
  }

  /// Attention of a sequence to itself.
  public func callAsFunction(_ x: Tensor, mask: Tensor? = nil) throws(TensorError) -> Tensor {
    try callAsFunction(x, x, mask: mask)
  }

  /// - Parameters:
  ///   - query: `[batch, t, features]`.
  ///   - value: `[batch, s, features]`.
  ///   - key: the values if not given.
  ///   - mask: bools `[batch, t, s]`, true where a key is seen.
  public func callAsFunction(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, mask: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    try call(query, value) { () throws(TensorError) in
      let key = key ?? value
      for (name, x) in [("query", query), ("key", key), ("value", value)] where x.rank != 3 {
        throw TensorError(
          .shape, "multiHeadAttention", "takes sequences [batch, time, features]",
          operands: [TensorInfo(x, name: name)])
      }
      let q = try split(query, self.query, keySize)
      let k = try split(key, self.key, keySize)
      let v = try split(value, self.value, valueSize)
      let found = try scaledDotProductAttention(
        q, k, v, mask: combined(mask, value.mask, heads: true), isCausal: isCausal,
        dropout: Phase.current == .training ? dropoutRate : 0)
      let size = outputs ?? query.shape[2]
      let kernel = try output.kernel([heads, valueSize, size], like: query)
      var result = try matmul(
        found.permuted([0, 2, 1, 3]).reshaped(
          to: [query.shape[0], query.shape[1], heads * valueSize]),
        kernel.reshaped(to: [heads * valueSize, size]))
      if let bias = output.bias { result = try result + bias([size], like: query) }
      if let steps = query.mask { result = try result.masked(by: steps) }
      return result
    }
  }

  /// `[batch, heads, time, size]`
  private func split(
    _ x: Tensor, _ projection: Projection, _ size: Int
  ) throws(TensorError) -> Tensor {
    let features = x.shape[2]
    let kernel = try projection.kernel([features, heads, size], like: x)
    var y = try matmul(x, kernel.reshaped(to: [features, heads * size]))
    if let bias = projection.bias {
      y = try y + bias([heads, size], like: x).reshaped(to: [heads * size])
    }
    return try y.reshaped(to: [x.shape[0], x.shape[1], heads, size]).permuted([0, 2, 1, 3])
  }
}
