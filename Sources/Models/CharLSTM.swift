internal import Geometry
internal import Layers

extension Architecture {
  /// The next character from those before it: an embedding, an LSTM, a score for each character.
  public static let charLSTM = Architecture(
    "charlstm", input: [64], as: .int32, classes: 96, for: .text
  ) { options in
    Sequential {
      Embedding(options.classes, 64)
      LSTM(256, returnSequences: true)
      if options.includeTop { Dense(options.classes) }
    }
  }
}
