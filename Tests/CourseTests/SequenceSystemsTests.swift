import Apus
import Geometry
import Testing

/// Systems for sequences and language, in miniature.
@Suite struct SequenceSystemsTests {
  /// An encoder whose states begin a decoder.
  private final class Translator: Module {
    let words = Embedding(6, 12), encoder = LSTM(24), decoder = LSTM(24, returnSequences: true)
    let output = Dense(6)

    func encoded(_ source: Tensor) throws -> [Tensor] {
      try encoder.outputsAndStates(words(source)).states
    }

    func decoded(_ input: Tensor, _ states: [Tensor]) throws -> (Tensor, [Tensor]) {
      let found = try decoder.outputsAndStates(words(input), from: states)
      return (try output(found.outputs), found.states)
    }
  }

  /// Sequence to sequence: taught with the right words, it then runs freely up to the end token. It
  /// learns to turn a sequence round; 0 begins and 5 ends.
  @Test func sequenceToSequence() throws {
    try withSeed(11) {
      let model = Translator()
      let sources = (0..<16).map { n in [1 + n % 4, 1 + (n / 4) % 4].map(Int32.init) }
      let source = try Tensor(sources.flatMap(\.self), shape: [16, 2])
      let taught = try Tensor(sources.flatMap { [0, $0[1], $0[0]] }, shape: [16, 3])
      let target = try Tensor(sources.flatMap { [$0[1], $0[0], 5] }, shape: [16, 3])
      func loss() throws -> Tensor {
        try Loss.softmaxCrossEntropy(model.decoded(taught, model.encoded(source)).0, target)
      }
      _ = try loss()
      let losses = try descend(model.parameters, Adam(learningRate: 0.02), steps: 150, loss)
      #expect(losses[149] < 0.05, "\(losses[149])")

      var states = try model.encoded(source)
      var word = try Tensor.zeros([16, 1], as: .int32)
      var said: [[Int32]] = .init(repeating: [], count: 16)
      var isOpen = [Bool](repeating: true, count: 16)
      for _ in 0..<6 where isOpen.contains(true) {
        let (scores, next) = try model.decoded(word, states)
        states = next
        word = try scores.argmax(axis: 2).cast(to: .int32)
        for (row, token) in try word.scalars(as: Int32.self).enumerated() where isOpen[row] {
          if token == 5 { isOpen[row] = false } else { said[row].append(token) }
        }
      }
      #expect(!isOpen.contains(true))
      #expect(said == sources.map { [$0[1], $0[0]] })
    }
  }

  /// Padding behind a sequence changes neither its state nor its loss.
  @Test func paddingChangesNothing() throws {
    try withSeed(12) {
      let words = Embedding(9, 4, maskZero: true)
      let layers: [any Layer] = [
        LSTM(5), GRU(5), SimpleRNN(5),
        try Bidirectional(LSTM(3), backward: LSTM(3, goBackwards: true)),
      ]
      let short = try Tensor([3, 7, 2] as [Int32], shape: [1, 3])
      let long = try Tensor([3, 7, 2, 0, 0] as [Int32], shape: [1, 5])
      for layer in layers {
        let apart = try abs(layer(words(short)) - layer(words(long))).max().scalar()
        #expect(apart < 1e-6, "\(type(of: layer))")
      }
      let tagger = LSTM(4, returnSequences: true)
      let labels = try Tensor([1, 2, 0, 3, 3] as [Int32], shape: [1, 5])
      let a = try Loss.softmaxCrossEntropy(
        tagger(words(short)), labels.slice(axis: 1, 0..<3))
      let b = try Loss.softmaxCrossEntropy(tagger(words(long)), labels)
      #expect(abs(try a.scalar() - b.scalar()) < 1e-6)
    }
  }

  /// Truncated back-propagation: the state goes on to the next window, its gradient does not.
  @Test func stateIsCarriedOverWindows() throws {
    try withSeed(13) {
      let layer = SimpleRNN(4, returnSequences: true, stateful: true)
      let whole = try Tensor.normal([2, 6, 3])
      let windows = try whole.split(parts: 3, axis: 1)
      var parts: [Tensor] = []
      for window in windows { parts.append(try layer(window)) }
      layer.resetStates()
      #expect(try abs(concatenate(parts, axis: 1) - layer(whole)).max().scalar() < 1e-6)
      layer.resetStates()
      _ = try layer(windows[0])
      let (_, slopes) = try valueAndGradients(at: [windows[0], windows[1]]) {
        _ = try layer($0[0])
        return try layer($0[1]).sum()
      }
      #expect(try abs(slopes[0]).max().scalar() == 0)
      #expect(try abs(slopes[1]).max().scalar() > 0)
    }
  }

  /// Skip-gram with negative sampling: words of one topic come to lie together.
  @Test func skipGramWithNegativeSampling() throws {
    try withSeed(14) {
      let (words, contexts) = (Embedding(8, 6), Embedding(8, 6))
      // Words 0 to 3 occur together, and 4 to 7.
      let pairs = (0..<8).flatMap { a in
        (0..<8).filter { $0 != a && $0 / 4 == a / 4 }.map { (Int32(a), Int32($0)) }
      }
      let word = try Tensor(pairs.map(\.0), shape: [pairs.count])
      let near = try Tensor(pairs.map(\.1), shape: [pairs.count])
      try words.build(input: [1], as: .int32)
      try contexts.build(input: [1], as: .int32)
      let chances = try Tensor.full(1.0 / 8, [pairs.count * 3, 8])
      try descend(words.parameters + contexts.parameters, Adam(learningRate: 0.05), steps: 80) {
        let drawn = try Tensor.categorical(log(chances)).reshaped(to: [pairs.count, 3])
        return try negativeSamplingLoss(
          word: words(word), neighbour: contexts(near), negatives: contexts(drawn))
      }
      let table = try #require(words.embeddings.parameter).value
      let unit = try table / table.norm(axes: [1], keepingAxes: true)
      let alike = try matmul(unit, unit, transposeRight: true).reshaped(to: [2, 4, 2, 4])
        .mean(axes: [1, 3]).numbers
      #expect(alike[0] > alike[1] + 0.5 && alike[3] > alike[2] + 0.5, "\(alike)")
    }
  }

  /// Additive attention finds the step that a query asks for, and its weights say so.
  @Test func attentionWeightsCanBeRead() throws {
    try withSeed(15) {
      let attention = AdditiveAttention(32)
      let keys = try Tensor.eye(5, 5).expanded(at: 0).broadcast(to: [5, 5, 5])
      let queries = try Tensor.eye(5, 5).expanded(at: 1)
      func found() throws -> (result: Tensor, weights: Tensor) {
        try attention(queries, keys)
      }
      _ = try found()
      try descend(attention.parameters, Adam(learningRate: 0.05), steps: 300) {
        try Loss.squared(found().result, queries)
      }
      let weights = try found().weights.squeezed(axes: [1])
      #expect(try weights.argmax(axis: 1).scalars(as: Int32.self) == [0, 1, 2, 3, 4])
      #expect(try abs(weights.sum(axes: [1]) - 1).max().scalar() < 1e-5)
    }
  }

  /// Clips of images: a convolutional net on each frame, then a recurrent one.
  @Test func convolutionOnEachFrameThenRecurrence() throws {
    try withSeed(16) {
      let model = Sequential {
        TimeDistributed(
          Sequential {
            Conv2D(4, kernel: 3, activation: .relu)
            GlobalAveragePool()
          })
        LSTM(6)
        Dense(2)
      }
      let clips = try Tensor.normal([8, 5, 8, 8, 1])
      try model.build(input: clips.shape)
      // Brighter towards the end, or towards the beginning.
      let ramp = try Tensor.linspace(-1, 1, count: 5).reshaped(to: [1, 5, 1, 1, 1])
      let labels = try Tensor((0..<8).map { Int32($0 % 2) }, shape: [8])
      let signs = try (labels.cast(to: .float32) * 2 - 1).reshaped(to: [8, 1, 1, 1, 1])
      let x = try clips * 0.1 + ramp * signs
      let losses = try descend(model.parameters, Adam(learningRate: 0.02), steps: 60) {
        try Loss.softmaxCrossEntropy(model(x), labels)
      }
      #expect(losses[59] < 0.1, "\(losses[59])")
      #expect(
        try model.summary(input: [5, 8, 8, 1]).trainable == 4 * 9 + 4 + 4 * 6 * (4 + 6 + 1) + 14)
    }
  }
}
