import Geometry
import Layers
import Tensors
import Testing

/// How many parameters each layer has, by the formulas that Keras documents for it.
@Suite struct ParameterCountTests {
  /// A layer, the input it is summed up for, and the parameters that are trained and that are not.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let input: Shape
    let trainable: Int
    var nonTrainable = 0
    var type = ScalarType.float32
    let make: @Sendable () throws -> any Layer

    var testDescription: String { name }
  }

  // Sizes of an input image or sequence, of a window, and of what comes out, all different so that
  // no formula is right by chance.
  private static let (inputs, units, rows, columns) = (5, 7, 3, 2)
  private static let image: Shape = [11, 13, 5], sequence: Shape = [11, 5], vector: Shape = [5]

  static let cases: [Case] = [
    Case(name: "Dense", input: vector, trainable: inputs * units + units) { Dense(units) },
    Case(name: "Dense without bias", input: sequence, trainable: inputs * units) {
      Dense(units, useBias: false)
    },
    Case(name: "Conv1D", input: sequence, trainable: rows * inputs * units + units) {
      Conv1D(units, kernel: rows)
    },
    Case(name: "Conv2D", input: image, trainable: rows * columns * inputs * units + units) {
      Conv2D(units, kernel: [rows, columns])
    },
    Case(name: "Conv2D in groups", input: [11, 13, 6], trainable: 9 * (6 / 3) * 9 + 9) {
      Conv2D(9, kernel: 3, groups: 3)
    },
    Case(
      name: "DepthwiseConv2D", input: image, trainable: rows * columns * inputs * 2 + inputs * 2
    ) { DepthwiseConv2D(kernel: [rows, columns], multiplier: 2) },
    Case(
      name: "SeparableConv2D", input: image,
      trainable: rows * columns * inputs * 2 + inputs * 2 * units + units
    ) { SeparableConv2D(units, kernel: [rows, columns], multiplier: 2) },
    Case(name: "Conv2DTranspose", input: image, trainable: rows * columns * units * inputs + units)
    {
      Conv2DTranspose(units, kernel: [rows, columns], stride: [2, 2])
    },
    Case(name: "Embedding", input: [11], trainable: 17 * units, type: .int32) {
      Embedding(17, units)
    },
    Case(
      name: "SimpleRNN", input: sequence, trainable: inputs * units + units * units + units
    ) { SimpleRNN(units) },
    Case(
      name: "LSTM", input: sequence, trainable: 4 * (inputs * units + units * units + units)
    ) { LSTM(units) },
    Case(name: "LSTM without bias", input: sequence, trainable: 4 * (inputs + units) * units) {
      LSTM(units, useBias: false)
    },
    Case(
      name: "GRU", input: sequence, trainable: 3 * (inputs * units + units * units + 2 * units)
    ) { GRU(units) },
    Case(
      name: "GRU that resets before", input: sequence,
      trainable: 3 * (inputs * units + units * units + units)
    ) { GRU(units, resetAfter: false) },
    Case(
      name: "Bidirectional LSTM", input: sequence,
      trainable: 2 * 4 * (inputs * units + units * units + units)
    ) { try Bidirectional(LSTM(units), backward: LSTM(units, goBackwards: true)) },
    Case(name: "TimeDistributed Dense", input: sequence, trainable: inputs * units + units) {
      TimeDistributed(Dense(units))
    },
    Case(name: "BatchNorm", input: image, trainable: 2 * inputs, nonTrainable: 2 * inputs) {
      BatchNorm()
    },
    Case(name: "BatchNorm without scale", input: image, trainable: 5, nonTrainable: 10) {
      BatchNorm(scale: false)
    },
    Case(name: "LayerNorm", input: image, trainable: 2 * inputs) { LayerNorm() },
    Case(name: "LayerNorm over two axes", input: sequence, trainable: 2 * 11 * inputs) {
      LayerNorm(axisCount: 2)
    },
    Case(name: "RMSNorm", input: vector, trainable: inputs) { RMSNorm() },
    Case(name: "GroupNorm", input: [11, 13, 6], trainable: 2 * 6) { GroupNorm(groups: 3) },
    Case(name: "InstanceNorm", input: image, trainable: 2 * inputs) { InstanceNorm() },
    Case(name: "PReLU", input: image, trainable: 11 * 13 * 5) { PReLU() },
    Case(name: "PReLU with shared axes", input: image, trainable: inputs) {
      PReLU(sharedAxes: [1, 2])
    },
    Case(name: "Normalization", input: vector, trainable: 0, nonTrainable: 2 * inputs) {
      Normalization()
    },
    Case(name: "PositionEmbedding", input: sequence, trainable: 20 * inputs) {
      PositionEmbedding(20)
    },
    Case(name: "MaxPool2D", input: image, trainable: 0) { MaxPool2D() },
    Case(name: "Dropout", input: image, trainable: 0) { Dropout(0.5) },
    Case(name: "UpSampling2D", input: image, trainable: 0) { UpSampling2D() },
  ]

  @Test(arguments: cases) func countsAreThoseOfKeras(_ layer: Case) throws {
    let summary = try layer.make().summary(input: layer.input, as: layer.type)
    #expect(summary.trainable == layer.trainable)
    #expect(summary.nonTrainable == layer.nonTrainable)
  }

  /// Keras counts heads of `size` features for query, key and value, and the way back.
  @Test func multiHeadAttention() throws {
    let (features, heads, size) = (5, 3, 4)
    let layer = MultiHeadAttention(heads: heads, keySize: size)
    let x = try Tensor.zeros([1, 11, features])
    let summary = try layer.summary(inputs: [x]) { try layer(x) }
    let projection = features * heads * size + heads * size
    #expect(summary.trainable == 3 * projection + heads * size * features + features)
  }

  /// A frozen layer counts as not trained.
  @Test func frozenParametersAreNotTrained() throws {
    let model = Sequential {
      Dense(4)
      BatchNorm()
      Dense(2)
    }
    (model[0..<2]).freeze()
    let summary = try model.summary(input: [3])
    #expect(summary.trainable == 4 * 2 + 2)
    #expect(summary.nonTrainable == 3 * 4 + 4 + 4 * 4)
  }
}
