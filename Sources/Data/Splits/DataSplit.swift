public import Geometry

/// The parts of a data set that training, its supervision and the final judgement use.
public struct DataSplit<Element: Sendable>: Sendable {
  public let train: Dataset<Element>
  /// Chosen from the training distribution but not trained on; where training and use differ, the
  /// gap between its loss and that of `validation` is the part that the difference causes.
  public let bridge: Dataset<Element>?
  public let validation: Dataset<Element>
  public let test: Dataset<Element>
}

extension Dataset {
  /// Training, validation and test parts, drawn at random; training gets what is left.
  ///
  ///     let parts = try data.split(validation: 0.1, test: 0.2, seed: 1)
  ///
  /// - Parameters:
  ///   - validation: the share of the whole that is for validation.
  ///   - test: the share of the whole that is test data.
  ///   - seed: decides what is drawn.
  ///   - strata: what must be equally frequent in all parts, a class for instance; nil for nothing.
  public func split(
    validation: Double, test: Double = 0, seed: UInt64,
    by strata: (@Sendable (Element) throws -> Int)? = nil
  ) throws(TensorError) -> DataSplit<Element> {
    let parts = try numbers(
      shares: [1 - validation - test, validation, test], seed: seed, by: strata)
    return DataSplit(
      train: try selected(parts[0]), bridge: nil, validation: try selected(parts[1]),
      test: try selected(parts[2]))
  }

  /// Four parts of two sources, for training data that differ from what the model is for.
  ///
  /// Training and bridge set come from `plenty`, of which there is much; validation and test from
  /// this set, which is like what the model will meet.
  ///
  /// - Parameters:
  ///   - plenty: the data to train on.
  ///   - bridge: the share of `plenty` that is not trained on.
  ///   - test: the share of this set that is test data; the rest is for validation.
  ///   - train: the share of this set that is trained on too.
  ///   - seed: decides what is drawn.
  ///   - strata: what must be equally frequent in all parts, a class for instance; nil for nothing.
  public func split(
    trainingOn plenty: Dataset, bridge: Double, test: Double = 0.5, train: Double = 0, seed: UInt64,
    by strata: (@Sendable (Element) throws -> Int)? = nil
  ) throws(TensorError) -> DataSplit<Element> {
    let first = try plenty.numbers(shares: [1 - bridge, bridge], seed: seed, by: strata)
    let second = try numbers(
      shares: [train, 1 - train - test, test], seed: seed &+ 1, by: strata)
    var training = try plenty.selected(first[0])
    if !second[0].isEmpty { training = training.concatenated(with: try selected(second[0])) }
    return DataSplit(
      train: training, bridge: try plenty.selected(first[1]),
      validation: try selected(second[1]), test: try selected(second[2]))
  }

  /// Numbers of elements, drawn at random in these shares; no number is in two parts.
  func numbers(
    shares: [Double], seed: UInt64, by strata: (@Sendable (Element) throws -> Int)?
  ) throws(TensorError) -> [[Int]] {
    guard shares.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw TensorError(
        .argument, "split", "shares \(shares) are not parts of a whole")
    }
    var parts: [[Int]] = shares.map { _ in [] }
    // What rounding leaves over is handed on, so that the shares hold over all strata.
    var owed = shares.map { _ in 0.0 }
    for stratum in try strataNumbers(seed: seed, strata) {
      var start = 0
      for part in shares.indices.reversed() {
        owed[part] += shares[part] * Double(stratum.count)
        let rounded = max(0, Int(owed[part].rounded()))
        let size = part == 0 ? stratum.count - start : min(rounded, stratum.count - start)
        owed[part] -= Double(size)
        parts[part] += stratum[start..<start + size]
        start += size
      }
    }
    return parts.map { $0.sorted() }
  }

  /// The numbers of each stratum in random order; one stratum without a closure.
  func strataNumbers(
    seed: UInt64, _ strata: (@Sendable (Element) throws -> Int)?
  ) throws(TensorError) -> [[Int]] {
    let pass = try stage.pass(0).indexed(for: "split")
    guard pass.total < 1 << 40 else {
      throw TensorError(.argument, "split", "the data set goes on for ever")
    }
    var members: [Int: [Int]] = [:]
    if let strata {
      for (number, stratum) in try pass.classes("split", strata).enumerated() {
        members[stratum, default: []].append(number)
      }
    } else {
      members[0] = Array(0..<pass.total)
    }
    let seed = Random.seed(seed, for: "split")
    return members.sorted { $0.key < $1.key }.map { name, numbers in
      var random = Random(seed: seed, number: name)
      return random.permuted(numbers)
    }
  }
}

extension Dataset where Element == Example {
  /// Training, validation and test parts in which labels are as frequent as in the whole.
  public func stratifiedSplit(
    validation: Double, test: Double = 0, seed: UInt64
  ) throws(TensorError) -> DataSplit<Example> {
    try split(validation: validation, test: test, seed: seed) { try $0.requiredLabel("split") }
  }
}
