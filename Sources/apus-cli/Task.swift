internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Tensors
internal import Training

/// A model and data that fit each other: what is learned, by which loss, and how it is measured.
struct Task {
  let model: any Layer
  let loss: Loss
  let metrics: [MetricKind]
  let data: DataSource
  /// What the run and its checkpoints say of both, so that they can be used again.
  let notes: [String: String]

  /// - Throws: `TensorError` that says in words why they do not fit.
  init(_ source: ModelSource, _ data: DataSource, command: String) throws {
    let output = try Self.output(of: source, data, command)
    guard output.count == 1, output[0] == data.classCount else {
      throw TensorError(
        .shape, command,
        "\(source.name) gives \(output) for a sample, \(data.name) has one label of "
          + "\(data.classCount) classes",
        hint: output.count == 1
          ? "its last layer should give \(data.classCount) numbers"
          : "a classifier gives a number for each class")
    }
    model = try source.make(classes: data.classCount)
    loss = .softmaxCrossEntropy
    metrics = [.accuracy]
    self.data = data
    var notes = [
      "name": source.name, "model": source.name, "data": data.name,
      "input": Array(data.input).map { "\($0)" }.joined(separator: "x"),
      "classes": "\(data.classCount)",
    ]
    notes["description"] = source.text
    self.notes = notes
  }

  /// The shape that the model gives for one sample. Nothing is computed.
  private static func output(
    of source: ModelSource, _ data: DataSource, _ command: String
  ) throws -> [Int] {
    let probe = try source.make(classes: data.classCount)
    do {
      let x = try Tensor.zeros(
        Shape([1] + Array(data.input)), as: data.inputType, on: .cpu)
      return try withPhase(.inference) { Array(try probe(x).shape.dropFirst()) }
    } catch let error as TensorError {
      throw TensorError(
        .shape, command,
        "the samples of \(data.name), \(data.input), do not fit \(source.name): \(error)",
        hint: source.input.map { "\(source.name) is made for \($0)" })
    }
  }
}
