public import Geometry

/// One of the parts of a cross-validation with what it is trained on.
public struct Fold<Element: Sendable>: Sendable {
  public let train: Dataset<Element>
  public let validation: Dataset<Element>
}

extension Dataset {
  /// `count` ways to hold out a part: each element is in exactly one validation part.
  ///
  ///     for fold in try data.folds(5, seed: 1) {
  ///       … train a fresh model on fold.train, score it on fold.validation
  ///     }
  ///
  /// - Parameters:
  ///   - count: how many folds there are; 2 or more.
  ///   - seed: decides what is drawn.
  ///   - strata: what must be equally frequent in all parts, a class for instance; nil for nothing.
  public func folds(
    _ count: Int, seed: UInt64, by strata: (@Sendable (Element) throws -> Int)? = nil
  ) throws(TensorError) -> [Fold<Element>] {
    let members = try strataNumbers(seed: seed, strata)
    let total = members.reduce(0) { $0 + $1.count }
    guard count >= 2, count <= total else {
      throw TensorError(
        .argument, "folds", "\(total) elements cannot be split into \(count) folds")
    }
    // Dealt out like cards, stratum after stratum: sizes differ by one at most.
    var parts: [[Int]] = Array(repeating: [], count: count)
    for (place, number) in members.joined().enumerated() { parts[place % count].append(number) }
    var folds: [Fold<Element>] = []
    for (held, part) in parts.enumerated() {
      let rest = parts.enumerated().filter { $0.offset != held }.flatMap(\.element)
      folds.append(
        Fold(train: try selected(rest.sorted()), validation: try selected(part.sorted())))
    }
    return folds
  }
}
