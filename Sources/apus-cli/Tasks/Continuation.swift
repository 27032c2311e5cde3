internal import Data
internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// The character that follows, at each place of a text.
struct Continuation: LearningTask {
  let purpose = Purpose.text
  let sets = [NamedSet("made-text") { try Self.made($0, $1) }]
  let paths = "a file of text"
  let loss = Loss.softmaxCrossEntropy
  let options: [Option] = [
    .value("length", "N", "of texts: how many characters follow, 200 if not given"),
    .value(
      "temperature", "X",
      "of texts: 0 takes the likeliest character, more dares more; 0.7 if not given"),
    .value("seed", "N", "of texts: what characters are drawn by; 1 if not given"),
  ]
  /// How many different characters there are at most, the rarest are all the same.
  private static let largestVocabulary = 512

  private static func made(_ name: String, _ request: DataRequest) throws -> DataSource {
    let text = try Dataset.sentences(count: 4000, seed: request.seed).elements()
      .joined(separator: " ")
    var source = try data(name, text, request)
    source.remark = "\(name) is made: \(text.utf8.count) bytes of sentences, a fifth to test with"
    return source
  }

  func data(at path: String, isFolder: Bool, _ request: DataRequest) throws -> DataSource {
    guard !isFolder else {
      throw TensorError(.unsupportedFile, "data", "\(path) is a folder, not a file of text")
    }
    let text = try Self.text(path)
    var source = try Self.data(path, text, request)
    source.remark =
      "\(path): \(text.count) characters, \(source.outputs - 2) different ones, the last fifth to test "
      + "with"
    return source
  }

  private static func data(
    _ name: String, _ text: String, _ request: DataRequest
  ) throws -> DataSource {
    guard let shape = request.shape, shape.rank == 1 else {
      throw TensorError(
        .shape, "data",
        "\(name) is text, the model takes \(request.shape.map { "\($0)" } ?? "samples of no known shape")",
        hint: "a model of text takes a number of characters, as --input 64 or \"input\": [64]")
    }
    let length = shape[0]
    let vectorizer =
      request.classNames.isEmpty
      ? try TextVectorizer(
        fittedTo: [text], limit: largestVocabulary, tokens: .characters, simplifies: false)
      : try self.vectorizer(request.classNames)
    let tokens = vectorizer.indices(text)
    let cut = tokens.count - tokens.count / 5
    guard tokens.count / 5 > length else {
      throw TensorError(
        .argument, "data",
        "\(name) has \(tokens.count) characters, at least \(5 * length + 5) are needed",
        hint: "--input N makes windows shorter than \(length)")
    }
    return try DataSource(
      name,
      .nextTokens(in: Array(tokens[..<cut]), length: length, step: max(1, length / 2)),
      .nextTokens(in: Array(tokens[cut...]), length: length), classNames: vectorizer.vocabulary)
  }

  /// Characters by number, as a checkpoint has them.
  private static func vectorizer(_ vocabulary: [String]) throws -> TextVectorizer {
    // The first two are what fills up and what is unknown.
    try TextVectorizer(
      vocabulary: Array(vocabulary.dropFirst(2)), tokens: .characters, simplifies: false)
  }

  private static func text(_ path: String) throws -> String {
    let bytes = try contents(ofFile: path, limit: 1 << 28, in: "text")
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TensorError(.corruptFile, "text", "\(path) is not UTF-8")
    }
    return text
  }

  func metrics(outputs: Int) -> [MetricKind] { [.accuracy, .perplexity] }

  func expected(of data: DataSource) -> (shape: [Int], meaning: String) {
    (
      Array(data.input) + [data.outputs],
      "one of \(data.outputs) characters at each of \(data.input[0]) places"
    )
  }

  func predict(_ path: String, _ prediction: Prediction) throws {
    let arguments = prediction.arguments
    let length = try arguments.integer("length", in: 1...1_000_000) ?? 200
    let temperature = try arguments.number("temperature", in: 0...100) ?? 0.7
    let seed = try arguments.integer("seed", in: 0...Int.max) ?? 1
    let prompt = try Self.text(path)
    let vectorizer = try Self.vectorizer(prediction.checkpoint.classNames)
    var tokens = vectorizer.indices(prompt)
    let known = tokens.filter { $0 > 1 }
    if known.count < tokens.count {
      Output.note(
        "apus predict: \(path): \(tokens.count - known.count) characters were not in the training "
          + "text and are left out")
    }
    // Something must come first: the commonest character.
    tokens = known.isEmpty ? [2] : known
    let start = tokens.count
    for step in 0..<length {
      let window = tokens.suffix(prediction.checkpoint.input[0])
      let x = try Tensor(
        window.map { Int32($0) }, shape: [1, window.count], on: prediction.device)
      let scores = try withPhase(.inference) { try prediction.model(x) }
      guard scores.rank == 3, scores.shape.last == vectorizer.vocabulary.count else {
        throw TensorError(
          .shape, "predict", "\(prediction.checkpoint.model.name) gives no character",
          operands: [TensorInfo(scores)])
      }
      var random = Random(seed: UInt64(seed), number: step)
      let last = try scores.scalars().suffix(scores.shape.last)
      tokens.append(Self.choose(Array(last), temperature, random.uniform()))
    }
    let text = vectorizer.text(Array(tokens[start...]))
    guard prediction.isJSON else { return try Output.text(prompt + text) }
    try Output.json([
      ("input", .string(path)), ("text", .string(prompt)), ("continuation", .string(text)),
    ])
  }

  /// A token by its score, never one of the first two; `chance` from 0 to 1 says which.
  private static func choose(_ scores: [Float], _ temperature: Double, _ chance: Float) -> Int {
    let tokens = 2..<scores.count
    let best = tokens.max { scores[$0] < scores[$1] } ?? 2
    guard temperature > 0 else { return best }
    let weights = tokens.map { exp(Double(scores[$0] - scores[best]) / temperature) }
    var rest = Double(chance) * weights.reduce(0, +)
    for (token, weight) in zip(tokens, weights) {
      rest -= weight
      if rest < 0 { return token }
    }
    return best
  }
}
