public import Geometry
internal import Tensors

/// The numbers that several trainings of one kind ended in: of folds, of seeds.
public struct Trials: Sendable {
  /// By name, a training each, in their order.
  public private(set) var values: [[String: Double]] = []

  /// The numbers called `name`, a training each; NaN where one has none.
  public subscript(name: String) -> [Double] { values.map { $0[name] ?? .nan } }

  public func mean(_ name: String) -> Double {
    let numbers = self[name]
    return numbers.reduce(0, +) / Double(numbers.count)
  }

  /// The standard deviation over the trainings, of a sample: divided by one less than there are.
  public func deviation(_ name: String) -> Double {
    let numbers = self[name]
    guard numbers.count > 1 else { return .nan }
    let mean = mean(name)
    let squares = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(numbers.count - 1)).squareRoot()
  }

  mutating func append(_ own: [String: Double]) { values.append(own) }
}

extension Trials: CustomStringConvertible {
  /// A line a number: its mean, its deviation and what it was.
  public var description: String {
    let names = values.reduce(into: Set<String>()) { $0.formUnion($1.keys) }.sorted()
    return names.map { name in
      let all = self[name].map(ProgressLine.number).joined(separator: ", ")
      return
        "\(name) \(ProgressLine.number(mean(name))) ± \(ProgressLine.number(deviation(name))) (\(all))"
    }.joined(separator: "\n")
  }
}

/// Trains a fresh model for each fold, and collects what each ends in.
///
///     let trials = try crossValidate(data.folds(5, seed: 1), seed: 7) { fold in
///       let trainer = Trainer(makeModel(), optimizer: Adam(learningRate: 1e-3), loss: …)
///       try trainer.fit(fold.train.batched(64), epochs: 5)
///       return try trainer.evaluate(fold.validation.batched(64))
///     }
///     print(trials.mean("accuracy"), trials.deviation("accuracy"))
///
/// - Parameters:
///   - folds: pairs of data to train on and to validate with, of whatever type.
///   - seed: each fold draws from a source of its own, whose seed depends on this and its number.
///   - train: makes a model, trains it and returns its numbers.
public func crossValidate<Fold>(
  _ folds: [Fold], seed: UInt64 = 0, _ train: (Fold) throws -> [String: Double]
) throws(TensorError) -> Trials {
  guard folds.count > 1 else {
    throw TensorError(.argument, "crossValidate", "over \(folds.count) folds, there are to be two")
  }
  return try trials(of: folds, seed: seed) { fold, _ in try train(fold) }
}

/// Trains `count` times with different seeds: how much of a result is chance.
///
/// - Parameters:
///   - count: how many trainings there are; above 0.
///   - seed: the seed of each training depends on this and its number.
///   - train: gets the seed, which what layers draw from has too.
public func repeated(
  _ count: Int, seed: UInt64 = 0, _ train: (_ seed: UInt64) throws -> [String: Double]
) throws(TensorError) -> Trials {
  guard count > 0 else { throw TensorError(.argument, "repeated", "\(count) times") }
  return try trials(of: Array(0..<count), seed: seed) { _, own in try train(own) }
}

/// What `train` gives for each element, with a seed of its own.
private func trials<Element>(
  of elements: [Element], seed: UInt64, _ train: (Element, UInt64) throws -> [String: Double]
) throws(TensorError) -> Trials {
  var trials = Trials()
  for (number, element) in elements.enumerated() {
    let own = trialSeed(seed, number)
    do { trials.append(try withSeed(own) { try train(element, own) }) } catch {
      throw error.asTensorError
    }
  }
  return trials
}

/// The seed of the training of that number (SplitMix64): neighbours have nothing in common.
func trialSeed(_ seed: UInt64, _ number: Int) -> UInt64 {
  var bits = seed &+ UInt64(truncatingIfNeeded: number + 1) &* 0x9E37_79B9_7F4A_7C15
  bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
  bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
  return bits ^ bits >> 31
}
