public import Geometry

/// Numbers for strings, and back. Number 0 stands for a string that is not in the vocabulary.
///
///     let lookup = try StringLookup(["cat", "dog"])
///     lookup.indices(["dog", "cow"])                            // [2, 0]
public struct StringLookup: Sendable {
  /// The strings by number; the first one, for unknown strings, is `[UNK]`.
  public let vocabulary: [String]
  private let numbers: [String: Int]

  public init(_ strings: [String]) throws(TensorError) {
    vocabulary = ["[UNK]"] + strings
    var numbers: [String: Int] = [:]
    for (number, string) in strings.enumerated() {
      guard numbers.updateValue(number + 1, forKey: string) == nil else {
        throw TensorError(.argument, "stringLookup", "\"\(string)\" is in the vocabulary twice")
      }
    }
    self.numbers = numbers
  }

  /// The vocabulary of what occurs, the most frequent first, equally frequent ones by the alphabet.
  /// The first `limit` of them are kept; all if it is nil.
  public init(countedIn strings: some Sequence<String>, limit: Int? = nil) {
    var counts: [String: Int] = [:]
    for string in strings { counts[string, default: 0] += 1 }
    self.init(counts: counts, limit: limit)
  }

  init(counts: [String: Int], limit: Int?) {
    let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    let kept = limit.map { Array(ranked.prefix(max(0, $0))) } ?? ranked
    vocabulary = ["[UNK]"] + kept
    var numbers: [String: Int] = [:]
    for (number, string) in kept.enumerated() { numbers[string] = number + 1 }
    self.numbers = numbers
  }

  public func index(_ string: String) -> Int { numbers[string] ?? 0 }
  public func indices(_ strings: [String]) -> [Int] { strings.map(index) }

  /// The string of a number; nil if there is none.
  public func string(_ index: Int) -> String? {
    vocabulary.indices.contains(index) ? vocabulary[index] : nil
  }
}
