import Geometry
import Layers
import Tensors

/// `tanh(x·W + s)`, whose state is its output: a cell of one's own.
private final class Leak: RecurrentCell {
  let kernel = Weight(.glorotUniform)

  func initialStates(like input: Tensor) throws(TensorError) -> [Tensor] {
    [try .zeros([input.shape[0], 3], as: input.scalarType, on: input.device)]
  }

  func step(
    _ input: Tensor, _ states: [Tensor]
  ) throws(TensorError) -> (output: Tensor, states: [Tensor]) {
    let state = try tanh(matmul(input, kernel([input.shape[1], 3], like: input)) + states[0] * 0.5)
    return (state, [state])
  }
}

extension LayerRecords {
  private static let sequence = Values.normal([2, 4, 3])
  private static let wider = Values.normal([2, 4, 5])

  static let sequences: [LayerRecord] = [
    LayerRecord("SimpleRNN", sequence, wrong: wider, says: ["simpleRNN", "[3, 2]", "[2, 4, 5]"]) {
      SimpleRNN(2, dropout: 0.3)
    },
    LayerRecord("LSTM", sequence, wrong: wider, says: ["lstm", "[3, 8]", "[2, 4, 5]"]) {
      LSTM(2, returnSequences: true)
    },
    LayerRecord("GRU", sequence, wrong: wider, says: ["gru", "[3, 6]", "[2, 4, 5]"]) {
      GRU(2, returnSequences: true, goBackwards: true)
    },
    LayerRecord("Bidirectional", sequence, wrong: wider, says: ["lstm", "[3, 8]", "[2, 4, 5]"]) {
      try Bidirectional(LSTM(2), backward: LSTM(2, goBackwards: true))
    },
    LayerRecord(
      "RNN", sequence, wrong: .normal([2, 5]), says: ["rnn", "[2, 5]", "[batch, time, features]"]
    ) { RNN(Leak(), returnSequences: true) },
    LayerRecord(
      "Embedding", [.integers([2, 3], below: 5)],
      .inputs([.normal([2, 3])], says: ["embedding", "[2, 3]", "integers"])
    ) {
      // Integers do not say that a weight is to be float64.
      let layer = Embedding(5, 4)
      try layer.embeddings.assign(Tensor.normal([5, 4], as: .float64))
      return .init(layer)
    },
    LayerRecord(
      "Masking", sequence, wrong: .normal([2, 5]),
      says: ["masking", "[2, 5]", "[batch, time, features]"]
    ) { Masking() },
    LayerRecord(
      "PositionalEncoding", sequence, wrong: .normal([2, 5]),
      says: ["positionalEncoding", "[2, 5]", "[batch, time, features]"]
    ) { PositionalEncoding() },
    LayerRecord(
      "PositionEmbedding", sequence, wrong: .normal([2, 7, 3]),
      says: ["positionEmbedding", "[2, 7, 3]", "at most 6"]
    ) { PositionEmbedding(6) },
    LayerRecord(
      "Attention", [.normal([2, 3, 4]), .normal([2, 5, 4])],
      .inputs(
        [.normal([2, 3, 4]), .normal([2, 5, 3])], says: ["ttention", "[2, 3, 4]", "[2, 5, 3]"])
    ) {
      LayerRecord.Callable(Attention(useScale: true)) { try $0($1[0], $1[1]) }
    },
    LayerRecord(
      "AdditiveAttention", [.normal([2, 3, 4]), .normal([2, 5, 4])],
      .inputs(
        [.normal([2, 3, 6]), .normal([2, 5, 4])],
        says: ["additiveAttention", "[4, 3]", "[2, 3, 6]"])
    ) {
      LayerRecord.Callable(AdditiveAttention(3)) { try $0($1[0], $1[1]).result }
    },
    LayerRecord(
      "MultiHeadAttention", [.normal([2, 3, 4]), .normal([2, 5, 4])],
      .inputs(
        [.normal([2, 3, 6]), .normal([2, 5, 4])],
        says: ["multiHeadAttention", "[4, 2, 3]", "[2, 3, 6]"])
    ) {
      LayerRecord.Callable(MultiHeadAttention(heads: 2, keySize: 3, dropout: 0.2)) {
        try $0($1[0], $1[1])
      }
    },
  ]
}
