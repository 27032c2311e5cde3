internal import Formats
internal import Geometry
internal import Tensors

/// `apus predict`: what a trained model makes of files.
enum PredictCommand: Verb {
  static let name = "predict"
  static let summary = "Shows what a checkpoint makes of inputs: labels, pictures or text."
  static let positionals = ["INPUT…"]
  static let options: [Option] =
    [.value("checkpoint", "PATH", isRequired: true, "a file, or a run folder: its best")]
    + taskOptions + [.device, .json]
  static let details = """
    A classifier prints the likeliest labels of an INPUT, which is a PNG or JPEG picture, resized to
    what the model takes; a .csv file, of which each row is a sample, with columns for the numbers of
    a sample and perhaps one more, which is ignored; or any other file of text with the numbers of a
    sample on each line. An autoencoder writes a picture as it reconstructs it, a model of
    segmentation the mask of a picture, both as NAME-MODEL.png beside the INPUT NAME. A model of text
    goes on with the text in the file.
    """

  /// The options of all tasks, each once.
  private static var taskOptions: [Option] {
    var options: [Option] = []
    for option in learningTasks.flatMap(\.options)
    where !options.contains(where: { $0.name == option.name }) { options.append(option) }
    return options
  }

  static func run(_ arguments: Arguments) throws -> ExitCode {
    // Required: the parser has seen to it.
    let checkpoint = try CheckpointSource(arguments.value("checkpoint") ?? "")
    let task = try learningTask(for: checkpoint.model.purpose)
    for option in taskOptions where arguments.has(option.name) {
      guard task.options.contains(where: { $0.name == option.name }) else {
        throw UsageError(
          "--\(option.name) says nothing to \(checkpoint.model.name), a model of \(task.name)")
      }
    }
    let device = try arguments.device()
    let prediction = Prediction(
      checkpoint: checkpoint, model: try checkpoint.load(on: device), device: device,
      arguments: arguments)
    if task.options.contains(where: { $0.name == Option.pictureOutput.name }) {
      try prediction.refuseLosses()
    }
    try withDevice(device) {
      for path in arguments.positionals { try task.predict(path, prediction) }
    }
    return .done
  }
}
