public import Geometry

/// Turns text into numbers of tokens: 0 fills up, 1 is a token outside the vocabulary.
///
///     let vectorizer = try TextVectorizer(fittedTo: texts, limit: 5000, length: 40)
///     let data = Dataset(texts).map { Example(input: try vectorizer.values($0)) }
public struct TextVectorizer: Sendable {
  /// What a token is.
  public enum Tokens: Sendable {
    /// What stands between white space.
    case words
    case characters
  }

  public let tokens: Tokens
  /// Whether letters are made small and punctuation is left out first.
  public let simplifies: Bool
  /// How many tokens are kept of a text and filled up to; nil for as many as it has.
  public let length: Int?
  /// The tokens by number; the first two are `` and `[UNK]`.
  public let vocabulary: [String]
  private let numbers: [String: Int]

  /// A vectoriser with a known vocabulary, which begins at number 2.
  public init(
    vocabulary: [String], length: Int? = nil, tokens: Tokens = .words, simplifies: Bool = true
  ) throws(TensorError) {
    if let length, length < 0 {
      throw TensorError(.argument, "textVectorizer", "a text cannot have \(length) tokens")
    }
    self.tokens = tokens
    self.simplifies = simplifies
    self.length = length
    self.vocabulary = ["", "[UNK]"] + vocabulary
    var numbers: [String: Int] = [:]
    for (number, token) in vocabulary.enumerated() {
      guard numbers.updateValue(number + 2, forKey: token) == nil else {
        throw TensorError(.argument, "textVectorizer", "\"\(token)\" is in the vocabulary twice")
      }
    }
    self.numbers = numbers
  }

  /// A vectoriser with the most frequent tokens of `texts`, equally frequent ones by the alphabet.
  ///
  /// - Parameters:
  ///   - texts: those that tokens are counted in.
  ///   - limit: how many tokens there are at most, the two first included; nil for all.
  ///   - length: how many tokens are kept of a text and filled up to; nil for as many as it has.
  ///   - tokens: what a token is.
  ///   - simplifies: whether letters are made small and punctuation is left out first.
  public init(
    fittedTo texts: some Sequence<String>, limit: Int? = nil, length: Int? = nil,
    tokens: Tokens = .words, simplifies: Bool = true
  ) throws(TensorError) {
    var counts: [String: Int] = [:]
    for text in texts {
      for token in Self.split(text, tokens, simplifies) { counts[token, default: 0] += 1 }
    }
    let lookup = StringLookup(counts: counts, limit: limit.map { $0 - 2 })
    try self.init(
      vocabulary: Array(lookup.vocabulary.dropFirst()), length: length, tokens: tokens,
      simplifies: simplifies)
  }

  /// The tokens of a text.
  public func split(_ text: String) -> [String] { Self.split(text, tokens, simplifies) }

  /// The numbers of the tokens of a text, cut off or filled up with 0 to the length.
  public func indices(_ text: String) -> [Int] {
    var indices = split(text).map { numbers[$0] ?? 1 }
    if let length {
      if indices.count > length { indices.removeLast(indices.count - length) }
      indices += Array(repeating: 0, count: length - indices.count)
    }
    return indices
  }

  /// The same as an int32 `[length]`, for an example.
  public func values(_ text: String) throws(TensorError) -> Values {
    let indices = indices(text)
    return try Values(indices.map { Int32(truncatingIfNeeded: $0) }, shape: [indices.count])
  }

  /// The tokens of numbers with a space between words; what fills up is left out.
  public func text(_ indices: [Int]) -> String {
    indices.filter { $0 > 0 && $0 < vocabulary.count }.map { vocabulary[$0] }
      .joined(separator: tokens == .words ? " " : "")
  }

  private static func split(_ text: String, _ tokens: Tokens, _ simplifies: Bool) -> [String] {
    var text = text
    if simplifies {
      text = text.lowercased().filter { !($0.isASCII && ($0.isPunctuation || $0.isSymbol)) }
    }
    switch tokens {
    case .words: return text.split(whereSeparator: \.isWhitespace).map(String.init)
    case .characters: return text.map { String($0) }
    }
  }
}
