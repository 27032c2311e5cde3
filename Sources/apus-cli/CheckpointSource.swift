internal import Formats
internal import Geometry
internal import Glibc
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// A checkpoint that `apus train` has written, with what it says of its model.
struct CheckpointSource {
  let path: String
  let model: ModelSource
  /// The data it was trained on.
  let data: String?
  let classNames: [String]
  /// How many numbers the model gives in the end.
  let outputs: Int?
  /// What one sample is like.
  let input: Shape

  /// - Parameter path: a file, or a run folder, of which the best checkpoint is taken, else the
  ///   newest.
  init(_ path: String) throws {
    self.path = try Self.file(path)
    let metadata = try SafetensorsFile(path: self.path).metadata
    guard let text = metadata["notes"],
      let notes = try JSON(parsing: text, source: self.path, in: "checkpoint").object,
      let name = notes["model"]?.string, let input = notes["input"]?.string
    else {
      throw TensorError(
        .unsupportedFile, "checkpoint", "\(self.path) does not say which model it is of",
        hint: "apus train writes checkpoints that do; apus inspect shows what is in this one")
    }
    if let description = notes["description"]?.string {
      model = try ModelSource(describedBy: description, source: "\(self.path): \(name)", name: name)
    } else {
      model = ModelSource(try Architecture.named(name))
    }
    data = notes["data"]?.string
    outputs = notes["classes"]?.string.flatMap { Int($0) }
    self.input = Shape(input.split(separator: "x").map { Int($0) ?? 0 })
    _ = try self.input.validated(in: "checkpoint")
    var names: [JSON] = []
    if let text = metadata["class_names"] {
      names = try JSON(parsing: text, source: self.path, in: "checkpoint").array ?? []
    }
    classNames = names.compactMap(\.string)
  }

  /// The best checkpoint of a run folder, else the newest; another path is a checkpoint itself.
  static func file(_ path: String) throws -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return path }
    let best = "\(RunFolder(path).checkpointsFolder)/best.safetensors"
    if access(best, R_OK) == 0 { return best }
    return try newest(in: path, hint: nil)
  }

  /// The newest checkpoint of a run folder that is whole.
  static func newest(in folder: String, hint: String?) throws -> String {
    if let newest = try Checkpoint.newest(in: folder) { return newest }
    let names = (try? namesInFolder(RunFolder(folder).checkpointsFolder, in: "checkpoint")) ?? []
    guard names.contains(where: { $0.hasSuffix(".safetensors") }) else {
      throw TensorError(
        .io, "checkpoint", "there is no checkpoint in \(folder)", hint: hint, code: ENOENT)
    }
    throw TensorError(
      .corruptFile, "checkpoint", "no checkpoint in \(folder) is whole",
      hint: "apus inspect FILE says what is wrong with one")
  }

  /// What data must be like that it can be measured on.
  var request: DataRequest {
    DataRequest(required: input, classNames: classNames, seed: 1)
  }

  /// The model with its weights, on a device.
  func load(on device: Device) throws -> any Layer {
    let model = try self.model.make(classes: outputs)
    try model.build(
      input: Shape([1] + Array(input)), as: self.model.inputType, on: device)
    try model.load(from: path, on: device)
    return model
  }

  func className(_ label: Int) -> String {
    classNames.indices.contains(label) ? classNames[label] : "\(label)"
  }
}
