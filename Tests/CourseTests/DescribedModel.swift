import Apus
import Formats
import Geometry

/// A model as a case describes it: a list of layers, and the shape of an input without its batch.
struct DescribedModel {
  let model: Sequential
  let summary: Summary

  init(_ layers: [JSON], input: [Int]) throws {
    model = Sequential(try layers.map(Self.layer))
    summary = try model.summary(input: Shape(input))
  }

  init(_ problem: CourseCase) throws {
    try self.init(problem["layers"].list(), input: problem["input_shape"].counts())
  }

  var outputShapes: [[Int]] { summary.rows.map(\.output) }
  /// Those that are trained.
  var parametersPerLayer: [Int] { summary.rows.map(\.trainable) }

  /// What most cases ask for.
  var counts: [String: any Answer] {
    [
      "output_shapes": outputShapes, "params_per_layer": parametersPerLayer,
      "trainable": summary.trainable, "non_trainable": summary.nonTrainable,
    ]
  }

  /// The layer that one entry of the list describes.
  private static func layer(_ entry: JSON) throws -> any Layer {
    let padding: Padding =
      switch entry["padding"] {
      case .string("same"): .same
      case .integer(let count): .explicit([(count, count), (count, count)])
      default: .valid
      }
    let stride = entry["stride"].integer
    let hasBias = entry["bias"].boolean ?? true
    switch entry["type"].string {
    case "dense": return Dense(try entry["units"].count(), useBias: hasBias)
    case "conv1d":
      return Conv1D(
        try entry["filters"].count(), kernel: try entry["kernel"].count(), padding: padding)
    case "conv2d":
      return Conv2D(
        try entry["filters"].count(), kernel: try entry["kernel"].count(), stride: stride ?? 1,
        padding: padding, useBias: hasBias)
    case "conv2d_transpose":
      return Conv2DTranspose(
        try entry["filters"].count(), kernel: try entry["kernel"].count(), stride: stride ?? 1,
        padding: padding)
    case "maxpool2d": return MaxPool2D(try entry["pool"].count(), stride: stride)
    case "gap2d": return GlobalAveragePool()
    case "flatten": return Flatten()
    case "reshape": return Reshape(Shape(try entry["shape"].counts()))
    case "batchnorm": return BatchNorm()
    case "rnn": return SimpleRNN(try entry["units"].count(), useBias: hasBias)
    case "lstm": return LSTM(try entry["units"].count())
    default: throw MissingInput(value: entry)
    }
  }
}

/// A dense layer with given weights `[inputs, outputs]`.
func dense(
  _ kernel: Tensor, _ bias: Tensor, _ activation: ActivationFunction = .linear
) -> Dense {
  Dense(
    bias.shape[0], activation: activation, kernel: Weight(.value(kernel)),
    bias: Weight(.value(bias)))
}

/// The activation that a case calls by that name.
func activation(_ name: String?) throws -> ActivationFunction {
  switch name {
  case "relu": .relu
  case "sigmoid": .sigmoid
  case "tanh": .tanh
  case "softmax": .softmax
  default: throw MissingInput(value: name.map(JSON.string) ?? .null)
  }
}
