public import Geometry
public import Tensors

/// What each step of a query finds among the steps of values, by the products of query and key:
/// `[batch, t, d]`, `[batch, s, d]` → `[batch, t, d]`. It has no weights but an optional scale.
public final class Attention: Module {
  private let isCausal: Bool
  private let dropoutRate: Double
  /// A scalar that scores are multiplied by, ones; nil if it is not learned.
  public let scale: Weight?

  /// - Parameters:
  ///   - useScale: whether scores are multiplied by a weight that is trained and begins as 1.
  ///   - causal: whether a step sees none behind itself.
  ///   - dropout: the share of the attention's weights that is dropped in training.
  public init(useScale: Bool = false, causal: Bool = false, dropout: Double = 0) {
    scale = useScale ? Weight(.ones) : nil
    isCausal = causal
    dropoutRate = dropout
  }

  /// - Parameters:
  ///   - query: `[batch, t, d]`.
  ///   - value: `[batch, s, dv]`.
  ///   - key: `[batch, s, d]`; the values if not given.
  ///   - mask: bools `[batch, t, s]`; besides, masks of the tensors count.
  public func callAsFunction(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, mask: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    try call(query, value) { () throws(TensorError) in
      let key = key ?? value
      let scaled = try scale.map { (scale) throws(TensorError) in try query * scale([], like: query)
      }
      let mask = try combined(mask, value.mask, heads: false)
      let result = try scaledDotProductAttention(
        scaled ?? query, key, value, mask: mask, isCausal: isCausal, scale: 1,
        dropout: Phase.current == .training ? dropoutRate : 0)
      guard let steps = query.mask else { return result }
      return try result.masked(by: steps)
    }
  }
}

/// Attention by `Σ v · tanh(query·W + key·U)` (Bahdanau et al. 2015), with weights that can be
/// read.
public final class AdditiveAttention: Module {
  private let units: Int
  /// `[d, units]`, Glorot uniform.
  public let queryKernel = Weight(.glorotUniform)
  /// `[d, units]`, Glorot uniform.
  public let keyKernel = Weight(.glorotUniform)
  /// `[units]`, Glorot uniform.
  public let scores = Weight(.glorotUniform)

  /// - Parameter units: the features that queries and keys are compared in.
  public init(_ units: Int) { self.units = units }

  /// What each step of `query` finds, `[batch, t, dv]`, and by which weights, `[batch, t, s]`.
  public func callAsFunction(
    _ query: Tensor, _ value: Tensor, key: Tensor? = nil, mask: Tensor? = nil
  ) throws(TensorError) -> (result: Tensor, weights: Tensor) {
    try call(query, value) { () throws in
      let key = key ?? value
      guard query.rank == 3, key.rank == 3 else {
        throw TensorError(
          .shape, "additiveAttention", "takes [batch, t, d] and [batch, s, d]",
          operands: [TensorInfo(query, name: "query"), TensorInfo(key, name: "key")])
      }
      return try additiveAttention(
        query, key, value, scoreWeights: scores([units], like: query),
        queryProjection: queryKernel([query.shape[2], units], like: query),
        keyProjection: keyKernel([key.shape[2], units], like: query),
        mask: combined(
          mask?.rank == 2 ? mask?.expanded(at: 1) : mask, value.mask, heads: false))
    }
  }
}

/// The mask of a call and the one that a tensor carries, as `[batch, 1 or t, s]`, with an axis for
/// heads if wanted.
func combined(
  _ mask: Tensor?, _ carried: Tensor?, heads: Bool
) throws(TensorError) -> Tensor? {
  var result: Tensor?
  if let mask { result = heads && mask.rank == 3 ? try mask.expanded(at: 1) : mask }
  if let carried {
    var steps = try carried.expanded(at: 1)
    if heads { steps = try steps.expanded(at: 1) }
    if let first = result { result = try logicalAnd(first, steps) } else { result = steps }
  }
  return result
}
