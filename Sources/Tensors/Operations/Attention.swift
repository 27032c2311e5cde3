public import Geometry

/// What each query finds: `softmax(scale · query · keyᵀ) · value`, over the keys that it may see.
///
/// Of queries `[batch, heads, t, d]`, keys `[batch, heads, s, d]` and values `[batch, heads, s,
/// dv]` it makes `[batch, heads, t, dv]`; leading axes may be left out, of all three alike. A query
/// that sees no key finds zeros, and no gradient flows through it.
///
/// Scaling, masking and softmax are one pass between two products in batches. The weights,
/// `[batch, heads, t, s]`, are kept for the gradient.
///
/// - Parameters:
///   - query: `[batch, heads, t, d]`.
///   - key: `[batch, heads, s, d]`.
///   - value: `[batch, heads, s, dv]`.
///   - mask: broadcasts to `[batch, heads, t, s]`; of bools, true where a key is seen, or of
///     numbers that are added to the scaled scores.
///   - isCausal: query `i` sees the keys `0...i` only, besides what the mask says.
///   - scale: `1 / sqrt(d)` for nil.
///   - rate: the share of the weights that is dropped, as `dropout` does.
public func scaledDotProductAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
  scale: Double? = nil, dropout rate: Double = 0
) throws(TensorError) -> Tensor {
  let name: StaticString = "scaledDotProductAttention"
  let check = AttentionOperands(name, [query, key, value] + (mask.map { [$0] } ?? []))
  try check.floatingPoint(3)
  let rank = query.rank
  guard rank >= 2, rank <= 4, key.rank == rank, value.rank == rank else {
    throw check.error(.shape, "query, key and value need the same two to four axes")
  }
  let (q, k, v) = (query.shape, key.shape, value.shape)
  guard (0..<(rank - 2)).allSatisfy({ q[$0] == k[$0] && q[$0] == v[$0] }) else {
    throw check.error(.shape, "batches or heads differ")
  }
  guard q.last == k.last else {
    throw check.error(.shape, "queries of \(q.last) numbers, keys of \(k.last)")
  }
  guard k[rank - 2] == v[rank - 2] else {
    throw check.error(.shape, "\(k[rank - 2]) keys, \(v[rank - 2]) values")
  }
  let scale = scale ?? 1 / Double(max(q.last, 1)).squareRoot()
  guard scale.isFinite else { throw check.error(.argument, "scale is \(scale)") }
  let type = query.scalarType.computeType
  let lead = [Int](repeating: 1, count: 4 - rank) + q[..<(rank - 2)]
  func widened(_ x: Tensor) throws(TensorError) -> Tensor {
    try x.cast(to: type).reshaped(to: Shape(lead + x.shape[(rank - 2)...]))
  }
  let scores = try matmul(widened(query), widened(key), transposeRight: true)
  var allowed: Tensor?
  if let mask {
    let given = try check.mask(mask, for: Shape(q[..<(rank - 1)] + [k[rank - 2]]), as: type)
    allowed = try given.reshaped(
      to: Shape([Int](repeating: 1, count: 4 - rank) + Array(given.shape)))
  }
  let weights = try dropout(
    scores.maskedSoftmax(scale: scale, mask: allowed, isCausal: isCausal, in: "\(name)"),
    rate: rate)
  let result = try matmul(weights, widened(value))
  return try result.reshaped(to: Shape(q[..<(rank - 1)] + [v.last])).cast(to: query.scalarType)
}

/// What each query finds by additive scores (Bahdanau, Cho and Bengio 2015), and the weights by
/// which it does: `score = Σ v · tanh(query + key)`, its softmax over the keys, and the values
/// summed by it.
///
/// Of queries `[batch, t, d]`, keys `[batch, s, d]` and values `[batch, s, dv]` it makes results
/// `[batch, t, dv]` and weights `[batch, t, s]`. A query that sees no key finds zeros.
///
/// - Parameters:
///   - query: `[batch, t, d]`.
///   - key: `[batch, s, d]`.
///   - value: `[batch, s, dv]`.
///   - scoreWeights: `v`, as many numbers as queries and keys have once they are projected.
///   - queryProjection: a matrix `[d, units]` that queries are multiplied by first.
///   - keyProjection: a matrix `[d, units]` that keys are multiplied by first.
///   - mask: bools, true where a key is seen: `[batch, s]`, or with three axes anything that
///     broadcasts to `[batch, t, s]`. Numbers are added to the scores.
public func additiveAttention(
  _ query: Tensor, _ key: Tensor, _ value: Tensor, scoreWeights: Tensor,
  queryProjection: Tensor? = nil, keyProjection: Tensor? = nil, mask: Tensor? = nil
) throws(TensorError) -> (result: Tensor, weights: Tensor) {
  let name: StaticString = "additiveAttention"
  var operands = [query, key, value, scoreWeights]
  if let queryProjection { operands.append(queryProjection) }
  if let keyProjection { operands.append(keyProjection) }
  let check = AttentionOperands(name, operands + (mask.map { [$0] } ?? []))
  try check.floatingPoint(operands.count)
  guard query.rank == 3, key.rank == 3, value.rank == 3 else {
    throw check.error(.shape, "query, key and value need three axes")
  }
  let (batch, queries, keys) = (query.shape[0], query.shape[1], key.shape[1])
  guard key.shape[0] == batch, value.shape[0] == batch else {
    throw check.error(.shape, "batches differ")
  }
  guard value.shape[1] == keys else {
    throw check.error(.shape, "\(keys) keys, \(value.shape[1]) values")
  }
  let type = query.scalarType.computeType
  func projected(_ x: Tensor, _ matrix: Tensor?) throws(TensorError) -> Tensor {
    guard let matrix else { return try x.cast(to: type) }
    guard matrix.rank == 2, matrix.shape[0] == x.shape.last else {
      throw check.error(.shape, "a projection does not fit what it projects")
    }
    return try matmul(x.cast(to: type), matrix.cast(to: type))
  }
  let q = try projected(query, queryProjection)
  let k = try projected(key, keyProjection)
  guard q.shape.last == k.shape.last, scoreWeights.shape == [q.shape.last] else {
    throw check.error(
      .shape,
      "queries of \(q.shape.last) numbers, keys of \(k.shape.last), score weights "
        + "\(scoreWeights.shape)")
  }
  var allowed: Tensor?
  if let mask {
    guard mask.rank != 2 || mask.shape == [batch, keys] else {
      throw check.error(.shape, "a mask with two axes has shape [\(batch), \(keys)]")
    }
    let spread = try mask.rank == 2 ? mask.reshaped(to: [batch, 1, keys]) : mask
    allowed = try check.mask(spread, for: [batch, queries, keys], as: type).expanded(at: 1)
  }
  let sums = try tanh(q.expanded(at: 2) + k.expanded(at: 1))
  let scores = try (sums * scoreWeights.cast(to: type)).sum(axes: [3])
  let weights = try scores.reshaped(to: [batch, 1, queries, keys])
    .maskedSoftmax(scale: 1, mask: allowed, isCausal: false, in: "\(name)")
    .reshaped(to: [batch, queries, keys])
  let result = try matmul(weights, value.cast(to: type))
  return (
    try result.cast(to: query.scalarType), try weights.cast(to: query.scalarType)
  )
}

/// The operands of an attention, for checks and errors.
private struct AttentionOperands {
  private let name: StaticString
  private let operands: [Tensor]

  init(_ name: StaticString, _ operands: [Tensor]) {
    self.name = name
    self.operands = operands
  }

  func error(_ kind: TensorError.Kind, _ detail: String) -> TensorError {
    TensorError(kind, "\(name)", detail, operands: operands.map(\.info))
  }

  /// Throws unless the first `count` operands have one floating-point type, and all one device.
  func floatingPoint(_ count: Int) throws(TensorError) {
    let first = operands[0]
    guard first.scalarType.isFloatingPoint else { throw Tensor.unfit(name, operands) }
    for operand in operands[..<count] where operand.scalarType != first.scalarType {
      throw error(.dtype, "scalar types differ")
    }
    for operand in operands where operand.node.place !== first.node.place {
      throw error(.device, "operands are on different devices")
    }
  }

  /// The mask with as many axes as the scores have.
  func mask(_ mask: Tensor, for scores: Shape, as type: ScalarType) throws(TensorError) -> Tensor {
    guard mask.scalarType == .bool || mask.scalarType == operands[0].scalarType else {
      throw error(.dtype, "a mask is of bools or of the same type as the query")
    }
    guard mask.shape.broadcast(with: scores) == scores else {
      throw error(.shape, "the mask does not broadcast to the scores \(scores)")
    }
    let lead = [Int](repeating: 1, count: scores.rank - mask.rank)
    let wide = try mask.scalarType == .bool ? mask : mask.cast(to: type)
    return try wide.reshaped(to: Shape(lead + Array(mask.shape)))
  }
}
