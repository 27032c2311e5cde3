internal import Data
internal import Geometry
internal import Layers
internal import Tensors
internal import Training

/// A model and data that fit each other: what is learned, by which loss, and how it is measured.
struct FittedTask {
  let model: any Layer
  let loss: Loss
  let metrics: [MetricKind]
  let data: DataSource
  /// What the run and its checkpoints say of both, so that they can be used again.
  let notes: [String: String]

  /// - Throws: `TensorError` that says in words why they do not fit.
  init(_ source: ModelSource, _ data: DataSource, command: String) throws {
    let task = try learningTask(for: source.purpose)
    let output = try Self.output(of: source, data, command)
    let expected = task.expected(of: data)
    guard output == expected.shape else {
      throw TensorError(
        .shape, command,
        "\(source.name) gives \(Shape(output)) for a sample, \(data.name) has \(expected.meaning)",
        hint: output.count == expected.shape.count && output.dropLast() == expected.shape.dropLast()
          ? "its last layer should give \(expected.shape.last ?? 0) numbers"
          : "\(task.name) takes a model that gives \(Shape(expected.shape))")
    }
    model = try source.make(classes: data.outputs)
    loss = task.loss
    metrics = task.metrics(outputs: data.outputs)
    self.data = data
    var notes = [
      "name": source.name, "model": source.name, "data": data.name, "task": task.name,
      "input": Array(data.input).map { "\($0)" }.joined(separator: "x"),
      "classes": "\(data.outputs)",
    ]
    notes["description"] = source.text
    self.notes = notes
  }

  /// The shape that the model gives for one sample. Nothing is computed.
  private static func output(
    of source: ModelSource, _ data: DataSource, _ command: String
  ) throws -> [Int] {
    let probe = try source.make(classes: data.outputs)
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
