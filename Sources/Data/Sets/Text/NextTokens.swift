public import Geometry
internal import Tensors

extension Dataset where Element == Example {
  /// Windows of a long row of tokens, and the tokens that follow at each place: inputs and targets
  /// `[length]`, int32.
  ///
  ///     let vectorizer = try TextVectorizer(fittedTo: [text], tokens: .characters, simplifies: false)
  ///     let data = try Dataset.nextTokens(in: vectorizer.indices(text), length: 64)
  ///
  /// - Parameters:
  ///   - tokens: numbers of tokens; more than `length`.
  ///   - length: how many tokens a window has.
  ///   - step: how far a window begins behind the one before; `length` if nil. What is left over at
  ///     the end is not used.
  public static func nextTokens(
    in tokens: [Int], length: Int, step: Int? = nil
  ) throws(TensorError) -> Dataset {
    let step = step ?? length
    guard length > 0, step > 0 else {
      throw TensorError(.argument, "nextTokens", "windows of \(length) tokens, \(step) apart")
    }
    guard tokens.count > length else {
      throw TensorError(
        .argument, "nextTokens",
        "\(tokens.count) tokens are too few for a window of \(length) and the one after it")
    }
    let starts = Array(stride(from: 0, to: tokens.count - length, by: step))
    var (inputs, targets): ([Int32], [Int32]) = ([], [])
    inputs.reserveCapacity(starts.count * length)
    targets.reserveCapacity(starts.count * length)
    for start in starts {
      inputs += tokens[start..<start + length].map { Int32(truncatingIfNeeded: $0) }
      targets += tokens[start + 1..<start + length + 1].map { Int32(truncatingIfNeeded: $0) }
    }
    return try Dataset(
      inputs: Values(inputs, shape: [starts.count, length]),
      targets: Values(targets, shape: [starts.count, length]))
  }
}
