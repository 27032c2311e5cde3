import Geometry
import Layers
import Tensors

/// A record of every public layer; the scanner of sources says which is missing.
enum LayerRecords {
  static let all: [LayerRecord] = basic + merging + shapes + images + normalization + sequences

  static let basic: [LayerRecord] = [
    LayerRecord(
      "Dense", .normal([2, 3]), wrong: .normal([2, 4]), says: ["dense", "[3, 2]", "[2, 4]"]
    ) { Dense(2, activation: .tanh) },
    LayerRecord("Activation", .normal([2, 3])) { Activation(.gelu) },
    LayerRecord("ReLU", .normal([2, 3])) { ReLU() },
    LayerRecord("LeakyReLU", .normal([2, 3])) { LeakyReLU() },
    LayerRecord("ELU", .normal([2, 3])) { ELU(alpha: 0.7) },
    LayerRecord("SELU", .normal([2, 3])) { SELU() },
    LayerRecord("GELU", .normal([2, 3])) { GELU(approximate: true) },
    LayerRecord("SiLU", .normal([2, 3])) { SiLU() },
    LayerRecord("Mish", .normal([2, 3])) { Mish() },
    LayerRecord("Softplus", .normal([2, 3])) { Softplus() },
    LayerRecord("Softsign", .normal([2, 3])) { Softsign() },
    LayerRecord("Sigmoid", .normal([2, 3])) { Sigmoid() },
    LayerRecord("HardSigmoid", .normal([2, 3])) { HardSigmoid() },
    LayerRecord("Tanh", .normal([2, 3])) { Tanh() },
    LayerRecord("HardTanh", .normal([2, 3])) { HardTanh() },
    LayerRecord(
      "Softmax", .normal([2, 3, 2]), wrong: .normal([3]), says: ["softmax", "axis 1", "[3]"]
    ) { Softmax(axis: 1) },
    LayerRecord(
      "LogSoftmax", .normal([2, 3, 2]), wrong: .normal([3]), says: ["logSoftmax", "axis 1", "[3]"]
    ) { LogSoftmax(axis: 1) },
    LayerRecord(
      "PReLU", .normal([2, 3, 4]), wrong: .normal([2, 3, 5]),
      says: ["pReLU", "[1, 4]", "[2, 3, 5]"]
    ) { PReLU(slope: Weight(.constant(0.3)), sharedAxes: [1]) },
    LayerRecord(
      "GraphConvolution",
      [.normal([4, 3]), .integers([6], below: 4), .integers([6], below: 4)],
      .inputs(
        [.normal([4, 5]), .integers([6], below: 4), .integers([6], below: 4)],
        says: ["graphConvolution", "[3, 2]", "[4, 5]"])
    ) {
      LayerRecord.Callable(GraphConvolution(2, aggregation: .mean, activation: .tanh)) {
        try $0($1[0], sources: $1[1], targets: $1[2])
      }
    },
    LayerRecord("Rescaling", .normal([2, 3])) { Rescaling(scale: 3, offset: -1) },
    LayerRecord(
      "Normalization", .normal([2, 3]), wrong: .normal([2, 4]),
      says: ["normalization", "[3]", "[2, 4]"]
    ) {
      let layer = Normalization()
      try layer.mean.assign(Tensor([0.5, 1, 2] as [Double], shape: [3]))
      try layer.variance.assign(Tensor([0.5, 4, 2] as [Double], shape: [3]))
      return layer
    },
    LayerRecord("Dropout", .normal([2, 30])) { Dropout(0.3) },
    LayerRecord(
      "SpatialDropout", .normal([2, 3, 3, 8]), wrong: .normal([3]),
      says: ["spatialDropout", "[3]", "a batch"]
    ) { SpatialDropout(0.5) },
    LayerRecord("AlphaDropout", .normal([2, 30])) { AlphaDropout(0.3) },
    LayerRecord("GaussianNoise", .normal([2, 3])) { GaussianNoise(0.5) },
    LayerRecord("ActivityRegularization", .normal([2, 3])) {
      ActivityRegularization(.l2(0.1))
    },
    LayerRecord(
      "HardConcreteGates", .normal([4, 6]), wrong: .normal([4, 5]),
      says: ["hardConcreteGates", "[6]", "[4, 5]"]
    ) { HardConcreteGates(initial: 0.5) },
    LayerRecord("Identity", .normal([2, 3])) { Identity() },
    LayerRecord("Lambda", .normal([2, 3])) { Lambda("square") { try square($0) } },
    LayerRecord(
      "Sequential", .normal([2, 3]), wrong: .normal([2, 4]), says: ["dense", "[3, 4]", "[2, 4]"]
    ) {
      Sequential {
        Dense(4, activation: .tanh)
        Dense(2)
      }
    },
  ]

  static let merging: [LayerRecord] = [
    pair("Add", says: ["add", "[2, 3]", "[2, 4]"]) { .init(Add()) },
    pair("Subtract", says: ["subtract", "[2, 3]", "[2, 4]"]) { .init(Subtract()) },
    pair("Multiply", says: ["multiply", "[2, 3]", "[2, 4]"]) { .init(Multiply()) },
    pair("Average", says: ["average", "[2, 3]", "[2, 4]"]) { .init(Average()) },
    pair("Maximum", says: ["maximum", "[2, 3]", "[2, 4]"]) { .init(Maximum()) },
    pair("Minimum", says: ["minimum", "[2, 3]", "[2, 4]"]) { .init(Minimum()) },
    LayerRecord(
      "Concatenate", [.normal([2, 3]), .normal([2, 4])],
      .inputs(
        [.normal([2, 3]), .normal([3, 3])], says: ["concatenate", "[2, 3]", "[3, 3]"])
    ) { .init(Concatenate()) },
    LayerRecord(
      "Dot", [.normal([2, 3, 4]), .normal([2, 5, 4])],
      .inputs(
        [.normal([2, 3, 4]), .normal([2, 5, 3])], says: ["dot", "[2, 3, 4]", "[2, 5, 3]"])
    ) { .init(Dot(axes: (2, 2), normalize: true)) },
  ]

  private static func pair(
    _ name: String, says: [String], _ make: @escaping @Sendable () -> LayerRecord.Callable
  ) -> LayerRecord {
    LayerRecord(
      name, [.normal([2, 3]), .normal([2, 3])],
      .inputs([.normal([2, 3]), .normal([2, 4])], says: says), make)
  }

  static let shapes: [LayerRecord] = [
    LayerRecord("Flatten", .normal([2, 3, 2])) { Flatten() },
    LayerRecord(
      "Reshape", .normal([2, 6]), wrong: .normal([2, 5]), says: ["reshape", "[2, 5]", "[2, 3, 2]"]
    ) { Reshape([3, 2]) },
    LayerRecord(
      "Permute", .normal([2, 3, 4]), wrong: .normal([2, 3]),
      says: ["permute", "[2, 3]", "[0, 2, 1]"]
    ) { Permute([2, 1]) },
    LayerRecord(
      "RepeatVector", .normal([2, 3]), wrong: .normal([2, 3, 4]),
      says: ["repeatVector", "[2, 3, 4]", "[batch, features]"]
    ) { RepeatVector(3) },
    LayerRecord(
      "TimeDistributed", .normal([2, 3, 4]), wrong: .normal([2, 3, 5]),
      says: ["dense", "[4, 2]", "[6, 5]"]
    ) { TimeDistributed(Dense(2)) },
    LayerRecord(
      "ZeroPadding", .normal([1, 2, 3, 2]), wrong: .normal([2, 3]),
      says: ["zeroPadding", "[2, 3]", "2 spatial axes"]
    ) { ZeroPadding([(1, 0), (2, 1)]) },
    LayerRecord(
      "Cropping", .normal([1, 4, 5, 2]), wrong: .normal([1, 2, 5, 2]),
      says: ["cropping", "[1, 2, 5, 2]", "1 and 2"]
    ) { Cropping([(1, 2), (0, 1)]) },
    LayerRecord(
      "SpectralNorm", .normal([2, 3]), wrong: .normal([2, 5]), says: ["dense", "[3, 4]", "[2, 5]"]
    ) {
      // Singular values far apart, so that the iteration has converged: then its vectors do not
      // change with the kernel, to first order.
      let layer = Dense(4)
      let kernel = [3, 0.5, -0.25, 0.5, 0.25, 1, 0.5, -0.5, -0.25, 0.5, 0.75, 0.25]
      try layer.kernel.assign(Tensor(kernel as [Double], shape: [3, 4]))
      return SpectralNorm(layer, kernel: layer.kernel, iterations: 200)
    },
  ]
}
