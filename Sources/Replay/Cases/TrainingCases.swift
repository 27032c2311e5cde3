internal import Geometry
internal import Layers
internal import Optimizers
internal import Tensors

/// The losses and the last weights of a short training run.
func trainingOutcomes(of golden: GoldenCase, on device: Device) throws -> [Outcome] {
  let arguments = CaseArguments(golden, on: device)
  let model = try GoldenModel(arguments)
  let settings = try arguments.part("optimizer")
  let optimizer = try optimizer(named: settings.string("type"), settings)
  settings.skip("formula")
  try settings.finish()
  let loss = try arguments.choice(
    "loss",
    [
      "softmaxCrossEntropy": Loss.softmaxCrossEntropy, "mse": .squared,
      "binaryCrossentropy": .sigmoidCrossEntropy,
    ])
  let steps = try arguments.integer("steps")
  let (x, labels) = (try arguments.tensor("x"), try arguments.tensor("labels"))
  try arguments.finish()
  let parameters = try model.parameters
  var losses: [Tensor] = []
  for _ in 0..<steps {
    let (value, gradients) = try valueAndGradients(of: parameters) { try loss(model(x), labels) }
    try optimizer.update(parameters, along: gradients)
    losses.append(value)
  }
  return [Outcome(name: "losses", tensor: try stack(losses))]
    + model.named.map { Outcome(name: "after.\($0.name)", tensor: $0.weight.parameter?.value ?? x) }
}

/// The layers that a case lists, each with the numbers of those it takes its inputs from.
private final class GoldenModel: Layer {
  private var nodes: [(layer: any Module, inputs: [Int])] = []
  /// All weights by the name they have in the case.
  private(set) var named: [(name: String, weight: Weight)] = []

  var members: [(name: String, value: Any)] {
    nodes.enumerated().map { ("\($0.offset)", $0.element.layer) }
  }

  init(_ arguments: CaseArguments) throws {
    for (number, part) in try arguments.parts("layers").enumerated() {
      let layer = try Self.layer(part)
      let inputs = try part.integers("inputs")
      guard !inputs.isEmpty, inputs.allSatisfy({ (-1..<number).contains($0) }) else {
        throw TensorError(.argument, "replay", "layer \(number) takes its input from \(inputs)")
      }
      try part.finish()
      nodes.append((layer, inputs))
      for weight in layer.weights {
        let name = "\(number).\(Self.golden(weight.path))"
        try weight.weight.assign(arguments.tensor("w.\(name)"))
        named.append((name, weight.weight))
      }
    }
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var values: [Tensor] = []
    for (layer, inputs) in nodes {
      let inputs = inputs.map { $0 < 0 ? x : values[$0] }
      if let layer = layer as? any MergingLayer {
        values.append(try layer(inputs))
      } else if let layer = layer as? any Layer {
        values.append(try layer(inputs[0]))
      }
    }
    return values.last ?? x
  }

  /// The name that a weight has in the files.
  private static func golden(_ path: String) -> String {
    ["scale": "gamma", "shift": "beta"][path] ?? path
  }

  private static func layer(_ part: CaseArguments) throws -> any Module {
    switch try part.string("type") {
    case "dense":
      return Dense(
        try part.integer("units"), activation: try part.activation("activation"),
        useBias: try part.boolean("useBias"))
    case "conv2d":
      return Conv2D(
        try part.integer("filters"), kernel: try part.integers("kernelSize"),
        stride: try part.integers("strides"), padding: try padding(part),
        dilation: try part.integers("dilationRate"), groups: try part.integer("groups"),
        activation: try part.activation("activation"), useBias: try part.boolean("useBias"))
    case "conv2dTranspose":
      return Conv2DTranspose(
        try part.integer("filters"), kernel: try part.integers("kernelSize"),
        stride: try part.integers("strides"), padding: try padding(part),
        activation: try part.activation("activation"), useBias: try part.boolean("useBias"))
    case "batchNorm":
      return BatchNorm(
        momentum: try part.number("momentum"), epsilon: try part.number("epsilon"))
    case "layerNorm": return LayerNorm(epsilon: try part.number("epsilon"))
    case "activation": return Activation(try part.activation("function"))
    case "maxPool2d":
      return MaxPool2D(
        try part.integers("poolSize"), stride: try part.integers("strides"),
        padding: try padding(part))
    case "avgPool2d":
      return AveragePool2D(
        try part.integers("poolSize"), stride: try part.integers("strides"),
        padding: try padding(part))
    case "globalAvgPool2d": return GlobalAveragePool()
    case "flatten": return Flatten()
    case "reshape": return Reshape(Shape(try part.integers("targetShape")))
    case "embedding":
      return Embedding(try part.integer("inputDim"), try part.integer("outputDim"))
    case "add": return Add()
    case "concat": return Concatenate(axis: try part.integer("axis"))
    case "upsample2d": return UpSampling2D(try part.integers("size"))
    case "bidirectional":
      let (ahead, behind) = (try part.part("layer"), try part.part("layer"))
      let layers = (try recurrent(ahead), try recurrent(behind, goesBackwards: true))
      let merge = try part.choice(
        "mergeMode",
        ["concat": Bidirectional.Merge.concat, "sum": .sum, "mul": .mul, "ave": .ave])
      return try Bidirectional(layers.0, backward: layers.1, merge: merge)
    default: return try recurrent(part)
    }
  }

  private static func recurrent(
    _ part: CaseArguments, goesBackwards: Bool = false
  ) throws -> RecurrentLayer {
    let units = try part.integer("units")
    let activation = try part.choice(
      "activation",
      ["tanh": RecurrentActivation.tanh, "relu": .relu, "linear": .linear, "sigmoid": .sigmoid])
    let isSequence = try part.boolean("returnSequences")
    let isReversed = try part.boolean("goBackwards") != goesBackwards
    let useBias = try part.boolean("useBias")
    let type = try part.string("type")
    if type != "simpleRNN" {
      _ = try part.choice("recurrentActivation", ["sigmoid": RecurrentActivation.sigmoid])
    }
    switch type {
    case "simpleRNN":
      return SimpleRNN(
        units, activation: activation, useBias: useBias, returnSequences: isSequence,
        goBackwards: isReversed)
    case "lstm":
      return LSTM(
        units, activation: activation, useBias: useBias, returnSequences: isSequence,
        goBackwards: isReversed)
    case "gru":
      return GRU(
        units, activation: activation, useBias: useBias,
        resetAfter: try part.boolean("resetAfter"), returnSequences: isSequence,
        goBackwards: isReversed)
    default: throw TensorError(.argument, "replay", "unknown layer \(type)")
    }
  }

  private static func padding(_ part: CaseArguments) throws -> Padding {
    try part.choice("padding", ["valid": .valid, "same": .same])
  }
}
