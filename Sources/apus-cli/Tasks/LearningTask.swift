internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// What is learned: which data there are for it, by which loss, how it is measured, and how a
/// prediction is shown. The next one is one more file, and a line in `all`.
protocol LearningTask: Sendable {
  var purpose: Purpose { get }
  /// Data by name, the first of them if nothing else is asked for.
  var sets: [NamedSet] { get }
  /// What a path of data may be, for messages.
  var paths: String { get }
  func data(at path: String, isFolder: Bool, _ request: DataRequest) throws -> DataSource

  var loss: Loss { get }
  func metrics(outputs: Int) -> [MetricKind]
  /// What a model has to give for a sample of `data`, and what that is.
  func expected(of data: DataSource) -> (shape: [Int], meaning: String)
  /// Targets that the loss takes, whatever they are: for steps that are not to learn anything.
  func blankTargets(for predictions: Tensor, of inputs: Tensor) throws -> Tensor

  /// Options of `predict` that are of this task alone.
  var options: [Option] { get }
  /// Shows what the model makes of the file at `path`.
  func predict(_ path: String, _ prediction: Prediction) throws
}

extension LearningTask {
  /// As descriptions and checkpoints call it.
  var name: String { purpose.rawValue }

  /// The first class at each place.
  func blankTargets(for predictions: Tensor, of inputs: Tensor) throws -> Tensor {
    try Tensor.zeros(Shape(Array(predictions.shape).dropLast()), as: .int32)
  }
}

/// All that can be learned with `apus train`.
let learningTasks: [any LearningTask] = [
  Classification(), Segmentation(), Reconstruction(), Continuation(),
]

func learningTask(for purpose: Purpose) throws(TensorError) -> any LearningTask {
  guard let found = learningTasks.first(where: { $0.purpose == purpose }) else {
    throw TensorError(.argument, "task", "nothing is known of \(purpose)")
  }
  return found
}

/// Data that have a name.
struct NamedSet: Sendable {
  let name: String
  let make: @Sendable (_ name: String, _ request: DataRequest) throws -> DataSource

  init(_ name: String, _ make: @escaping @Sendable (String, DataRequest) throws -> DataSource) {
    self.name = name
    self.make = make
  }
}

/// What is asked of data.
struct DataRequest: Sendable {
  /// What samples must look like: the user has said so, or the model takes nothing else.
  var required: Shape?
  /// What they are to look like where that can be chosen: what the model was made for.
  var preferred: Shape?
  /// The classes that a trained model knows, in its order.
  var classNames: [String] = []
  let seed: UInt64

  var shape: Shape? { required ?? preferred }

  /// Rows, columns and channels of pictures; no rows and columns if they are to stay as they are.
  var picture: (size: [Int]?, channels: Int) {
    guard let shape, shape.rank == 3 else { return (nil, 3) }
    return ([shape[0], shape[1]], shape[2])
  }
}

/// A trained model and what it is asked to do with an input.
struct Prediction {
  let checkpoint: CheckpointSource
  let model: any Layer
  let device: Device
  let arguments: Arguments

  var isJSON: Bool { arguments.has("json") }

  /// What the model makes of one sample.
  func callAsFunction(_ sample: [Float]) throws -> Tensor {
    let x = try Tensor(sample, shape: Shape([1] + Array(checkpoint.input)), on: device)
      .cast(to: checkpoint.model.inputType)
    return try withPhase(.inference) { try model(x) }
  }

  /// Throws if a picture would be written over an input, or over that of another input.
  func refuseLosses() throws {
    var taken = Set(arguments.positionals)
    for path in arguments.positionals {
      let output = try output(for: path)
      guard taken.insert(output).inserted else {
        throw UsageError("the picture of \(path) would be written over \(output)")
      }
    }
  }

  /// The file that a picture made of `input` is written to: what `--out` says, else beside the
  /// input.
  func output(for input: String) throws -> String {
    let name = input.split(separator: "/").last.map(String.init) ?? input
    let stem = String(name.prefix(upTo: name.lastIndex(of: ".") ?? name.endIndex))
    guard let out = arguments.value("out") else {
      return input.dropLast(name.count) + "\(stem)-\(checkpoint.model.name).png"
    }
    guard out.lowercased().hasSuffix(".png") else {
      try makeFolder(out, in: "predict")
      return "\(out)/\(stem)-\(checkpoint.model.name).png"
    }
    guard arguments.positionals.count == 1 else {
      throw UsageError("--out: of several inputs it names a folder, not \(out)")
    }
    return out
  }
}

extension Option {
  /// Where pictures go that `predict` makes.
  static let pictureOutput = value(
    "out", "PATH", "of pictures: the PNG file, or a folder; beside the input if not given")
}
