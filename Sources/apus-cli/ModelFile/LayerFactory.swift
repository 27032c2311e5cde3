internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors

/// Layers from their descriptions.
enum LayerFactory {
  typealias Maker = @Sendable (inout LayerArguments) throws -> any Layer

  /// Every type that a description may name.
  static let makers: [String: Maker] = images.merging(others) { $1 }.merging(sequences) { $1 }
    .merging(activations) { $1 }.merging(structures) { $1 }

  /// Layers one after the other, called by their names in paths.
  static func sequence(_ descriptions: [LayerDescription]) throws -> NamedLayers {
    var layers: [(name: String, layer: any Layer)] = []
    for description in descriptions {
      guard !layers.contains(where: { $0.name == description.name }), !description.name.isEmpty,
        !description.name.contains(".")
      else {
        throw TensorError(
          .corruptFile, "model",
          "\(description.path): names are unique, not empty, and have no dot: \"\(description.name)\""
        )
      }
      layers.append((description.name, try layer(description)))
    }
    return NamedLayers(layers)
  }

  static func layer(_ description: LayerDescription) throws -> any Layer {
    guard let maker = makers[description.type] else {
      let near = suggestion(for: description.type, among: Array(makers.keys))
      throw TensorError(
        .unsupportedFile, "model",
        "\(description.path): there is no such layer"
          + (near.isEmpty ? "; there are \(makers.keys.sorted().joined(separator: ", "))" : near))
    }
    var arguments = LayerArguments(description.object, path: description.path)
    _ = try arguments.string("layer")
    _ = try arguments.string("name")
    let layer = try maker(&arguments)
    try arguments.finish()
    return layer
  }

  private static let images: [String: Maker] = [
    "Conv1D": { arguments in
      Conv1D(
        try arguments.size("filters"), kernel: try arguments.size("kernel"),
        stride: try arguments.integer("stride") ?? 1, padding: try arguments.padding(),
        dilation: try arguments.integer("dilation") ?? 1,
        groups: try arguments.integer("groups") ?? 1,
        activation: try arguments.activation(), useBias: try arguments.bool("bias") ?? true)
    },
    "Conv2D": { arguments in
      Conv2D(
        try arguments.size("filters"), kernel: try arguments.window("kernel"),
        stride: try arguments.pair("stride") ?? [1, 1], padding: try arguments.padding(),
        dilation: try arguments.pair("dilation") ?? [1, 1],
        groups: try arguments.integer("groups") ?? 1, activation: try arguments.activation(),
        useBias: try arguments.bool("bias") ?? true)
    },
    "Conv2DTranspose": { arguments in
      Conv2DTranspose(
        try arguments.size("filters"), kernel: try arguments.window("kernel"),
        stride: try arguments.pair("stride") ?? [1, 1], padding: try arguments.padding(),
        activation: try arguments.activation(), useBias: try arguments.bool("bias") ?? true)
    },
    "DepthwiseConv2D": { arguments in
      DepthwiseConv2D(
        kernel: try arguments.window("kernel"), stride: try arguments.pair("stride") ?? [1, 1],
        padding: try arguments.padding(), dilation: try arguments.pair("dilation") ?? [1, 1],
        multiplier: try arguments.integer("multiplier") ?? 1,
        activation: try arguments.activation(), useBias: try arguments.bool("bias") ?? true)
    },
    "SeparableConv2D": { arguments in
      SeparableConv2D(
        try arguments.size("filters"), kernel: try arguments.window("kernel"),
        stride: try arguments.pair("stride") ?? [1, 1], padding: try arguments.padding(),
        dilation: try arguments.pair("dilation") ?? [1, 1],
        multiplier: try arguments.integer("multiplier") ?? 1,
        activation: try arguments.activation(), useBias: try arguments.bool("bias") ?? true)
    },
    "MaxPool2D": { arguments in
      MaxPool2D(
        try arguments.pair("window") ?? [2, 2], stride: try arguments.pair("stride"),
        padding: try arguments.padding())
    },
    "AveragePool2D": { arguments in
      AveragePool2D(
        try arguments.pair("window") ?? [2, 2], stride: try arguments.pair("stride"),
        padding: try arguments.padding())
    },
    "MaxPool1D": { arguments in
      MaxPool1D(
        try arguments.integer("window") ?? 2, stride: try arguments.integer("stride"),
        padding: try arguments.padding())
    },
    "AveragePool1D": { arguments in
      AveragePool1D(
        try arguments.integer("window") ?? 2, stride: try arguments.integer("stride"),
        padding: try arguments.padding())
    },
    "GlobalAveragePool": { _ in GlobalAveragePool() },
    "GlobalMaxPool": { _ in GlobalMaxPool() },
    "UpSampling2D": { arguments in UpSampling2D(try arguments.pair("scale") ?? [2, 2]) },
    "ZeroPadding": { arguments in ZeroPadding(try arguments.size("padding")) },
    "Cropping": { arguments in Cropping(try arguments.size("cropping")) },
  ]

  private static let others: [String: Maker] = [
    "Dense": { arguments in
      Dense(
        try arguments.size("units"), activation: try arguments.activation(),
        useBias: try arguments.bool("bias") ?? true)
    },
    "Flatten": { _ in Flatten() },
    "Reshape": { arguments in
      guard let shape = try arguments.integers("shape") else {
        throw arguments.error("shape is missing")
      }
      return Reshape(Shape(shape))
    },
    "Permute": { arguments in
      guard let axes = try arguments.integers("axes") else {
        throw arguments.error("axes is missing")
      }
      return Permute(axes)
    },
    "Rescaling": { arguments in
      Rescaling(
        scale: try arguments.number("scale") ?? 1, offset: try arguments.number("offset") ?? 0)
    },
    "Dropout": { arguments in Dropout(try arguments.neededRate()) },
    "SpatialDropout": { arguments in SpatialDropout(try arguments.neededRate()) },
    "GaussianNoise": { arguments in GaussianNoise(try arguments.positive("deviation") ?? 0.1) },
    "BatchNorm": { arguments in
      BatchNorm(
        momentum: try arguments.number("momentum") ?? 0.99,
        epsilon: try arguments.positive("epsilon") ?? 1e-3,
        center: try arguments.bool("center") ?? true, scale: try arguments.bool("scale") ?? true)
    },
    "LayerNorm": { arguments in
      LayerNorm(epsilon: try arguments.positive("epsilon") ?? 1e-3)
    },
    "RMSNorm": { arguments in RMSNorm(epsilon: try arguments.positive("epsilon") ?? 1e-6) },
    "GroupNorm": { arguments in
      GroupNorm(
        groups: try arguments.integer("groups") ?? 32,
        epsilon: try arguments.positive("epsilon") ?? 1e-3)
    },
  ]

  private static let sequences: [String: Maker] = [
    "Embedding": { arguments in
      Embedding(try arguments.size("count"), try arguments.size("features"))
    },
    "SimpleRNN": { arguments in
      SimpleRNN(
        try arguments.size("units"), returnSequences: try arguments.bool("sequences") ?? false)
    },
    "LSTM": { arguments in
      LSTM(
        try arguments.size("units"), returnSequences: try arguments.bool("sequences") ?? false,
        dropout: try arguments.rate("dropout") ?? 0)
    },
    "GRU": { arguments in
      GRU(
        try arguments.size("units"), returnSequences: try arguments.bool("sequences") ?? false,
        dropout: try arguments.rate("dropout") ?? 0)
    },
    "RepeatVector": { arguments in RepeatVector(try arguments.size("count")) },
  ]

  private static let activations: [String: Maker] = [
    "Activation": { arguments in Activation(try arguments.activation("function")) },
    "ReLU": { _ in ReLU() },
    "LeakyReLU": { arguments in LeakyReLU(slope: try arguments.number("slope") ?? 0.3) },
    "PReLU": { _ in PReLU() },
    "Softmax": { _ in Softmax() },
  ]

  /// Layers made of layers.
  private static let structures: [String: Maker] = [
    "Sequential": { arguments in try sequence(arguments.layers("layers")) },
    "Residual": { arguments in
      let body = try sequence(arguments.layers("layers"))
      let shortcut =
        arguments.isGiven("shortcut") ? try sequence(arguments.layers("shortcut")) : nil
      return Residual(body, shortcut)
    },
    "UNet": { arguments in
      let filters = try arguments.integers("filters") ?? [64, 128, 256, 512, 1024]
      guard !filters.isEmpty, filters.allSatisfy({ (1...1 << 20).contains($0) }) else {
        throw arguments.error("filters: \(filters) is not a number of filters for each level")
      }
      return UNet(classes: try arguments.size("classes"), filters: filters)
    },
    "TimeDistributed": { arguments in
      TimeDistributed(try sequence(arguments.layers("layers")))
    },
  ]
}

extension LayerArguments {
  mutating func window(_ name: String) throws(TensorError) -> [Int] {
    guard let window = try pair(name) else { throw error("\(name) is missing") }
    return window
  }

  mutating func neededRate() throws(TensorError) -> Double {
    guard let rate = try rate("rate") else { throw error("rate is missing") }
    return rate
  }

  /// A share that is dropped.
  mutating func rate(_ name: String) throws(TensorError) -> Double? {
    guard let rate = try number(name) else { return nil }
    guard rate >= 0, rate < 1 else { throw error("\(name): \(rate) is not from 0 to below 1") }
    return rate
  }

  mutating func positive(_ name: String) throws(TensorError) -> Double? {
    guard let number = try number(name) else { return nil }
    guard number > 0, number.isFinite else { throw error("\(name): \(number) is not above 0") }
    return number
  }

  mutating func padding() throws(TensorError) -> Padding {
    switch try string("padding") {
    case nil, "valid": return .valid
    case "same": return .same
    case "causal": return .causal
    case let other?: throw error("padding: \"\(other)\" is not valid, same or causal")
    }
  }

  mutating func activation(_ argument: String = "activation") throws(TensorError)
    -> ActivationFunction
  {
    guard let name = try string(argument) else { return .linear }
    let known: [ActivationFunction] = [
      .linear, .relu, .relu6, .elu, .selu, .gelu, .silu, .mish, .softplus, .softsign, .sigmoid,
      .hardSigmoid, .tanh, .hardTanh, .exponential, .softmax, .logSoftmax,
    ]
    if name == "leakyRelu" { return .leakyRelu }
    guard let found = known.first(where: { $0.name == name }) else {
      throw error(
        "\(argument): there is no \"\(name)\"" + suggestion(for: name, among: known.map(\.name)))
    }
    return found
  }
}

/// Layers one after the other, by name.
final class NamedLayers: Layer {
  private let sequence: [(name: String, layer: any Layer)]

  init(_ layers: [(name: String, layer: any Layer)]) { sequence = layers }

  var members: [(name: String, value: Any)] { sequence.map { ($0.name, $0.layer) } }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var x = x
    for (_, layer) in sequence { x = try layer(x) }
    return x
  }

  /// Each layer has had its say on the mask already.
  func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? { nil }
}

/// What its layers make of the input, added to the input, or to what a shortcut makes of it.
final class Residual: Layer {
  private let body: NamedLayers
  private let shortcut: NamedLayers?

  init(_ body: NamedLayers, _ shortcut: NamedLayers?) {
    self.body = body
    self.shortcut = shortcut
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor { try body(x) + (shortcut?(x) ?? x) }
}
