internal import Glibc

/// How much of a translation is in its references, in runs of one to `order` words, with a penalty
/// for being short (Papineni et al. 2002). From 0 to 1, over all sentences together.
public struct BLEU: Sendable {
  private let order: Int
  private var matches: [Int], totals: [Int]
  private var length = 0, referenceLength = 0

  /// - Parameter order: the longest runs that are compared.
  public init(order: Int = 4) {
    self.order = max(1, order)
    matches = [Int](repeating: 0, count: self.order)
    totals = matches
  }

  /// Takes a sentence and its references in.
  public mutating func update<Word: Hashable>(_ sentence: [Word], references: [[Word]]) {
    length += sentence.count
    // The reference whose length is nearest, the shorter of two.
    let lengths = references.map(\.count)
    referenceLength +=
      lengths.min {
        (abs($0 - sentence.count), $0) < (abs($1 - sentence.count), $1)
      } ?? 0
    for size in 1...order {
      let own = Self.runs(of: sentence, size)
      var most: [[Word]: Int] = [:]
      for reference in references {
        most.merge(Self.runs(of: reference, size)) { max($0, $1) }
      }
      matches[size - 1] += own.reduce(0) { $0 + min($1.value, most[$1.key] ?? 0) }
      totals[size - 1] += max(0, sentence.count - size + 1)
    }
  }

  public var result: Double {
    guard length > 0, zip(matches, totals).allSatisfy({ $0.0 > 0 && $0.1 > 0 }) else { return 0 }
    let mean = zip(matches, totals).reduce(0) { $0 + log(Double($1.0) / Double($1.1)) }
    let penalty = length >= referenceLength ? 0 : 1 - Double(referenceLength) / Double(length)
    return exp(mean / Double(order) + penalty)
  }

  private static func runs<Word: Hashable>(of words: [Word], _ size: Int) -> [[Word]: Int] {
    guard words.count >= size else { return [:] }
    return (0...(words.count - size)).reduce(into: [:]) {
      $0[Array(words[$1..<($1 + size)]), default: 0] += 1
    }
  }
}
