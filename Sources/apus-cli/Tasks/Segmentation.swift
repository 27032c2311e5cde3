internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// A class for each pixel of a picture.
struct Segmentation: LearningTask {
  let purpose = Purpose.segmentation
  let sets = [NamedSet("drawn-shapes") { try Self.drawn($0, $1) }]
  let paths = "a folder with pictures in images/ and their masks in masks/"
  let loss = Loss.softmaxCrossEntropy
  let options: [Option] = [.pictureOutput]

  private static func drawn(_ name: String, _ request: DataRequest) throws -> DataSource {
    let shape = Array(request.required ?? [32, 32, 1])
    guard shape.count == 3, shape[0] == shape[1], shape[2] == 1 else {
      throw TensorError(
        .shape, "data", "\(name) are grey squares, such as 32x32x1, not \(Shape(shape))")
    }
    // Of another seed, so that no picture is in both.
    var source = try DataSource(
      name, .drawnShapes(count: 1000, size: shape[0], seed: request.seed),
      .drawnShapes(count: 200, size: shape[0], seed: request.seed &+ 0x5EED),
      classNames: ["ground", "disc", "square", "triangle"])
    source.remark =
      "\(name) is a made set: 1,000 pictures of \(shape[0]) × \(shape[0]) to train on, 200 to test with"
    return source
  }

  func data(at path: String, isFolder: Bool, _ request: DataRequest) throws -> DataSource {
    guard isFolder else {
      throw TensorError(
        .unsupportedFile, "data", "\(path) is no folder",
        hint: "pictures lie in images/, masks of the same names in masks/")
    }
    let known = request.classNames.compactMap { UInt8($0) }
    let folder = try MaskFolder(
      path, size: request.picture.size, channels: request.picture.channels,
      values: known.isEmpty ? nil : known)
    let (train, test) = DataSource.parted(folder.examples, folder.count, request.seed)
    var source = try DataSource(
      path, train, test, classNames: folder.values.map { "\($0)" })
    source.remark =
      "\(path): \(folder.count) pictures, \(folder.values.count) grey values in their masks, a fifth to "
      + "test with"
    return source
  }

  func metrics(outputs: Int) -> [MetricKind] { [.accuracy, .meanIoU(classes: outputs)] }

  func expected(of data: DataSource) -> (shape: [Int], meaning: String) {
    (
      Array(data.input).prefix(2) + [data.outputs],
      "one of \(data.outputs) classes for each pixel of \(data.input)"
    )
  }

  func predict(_ path: String, _ prediction: Prediction) throws {
    let checkpoint = prediction.checkpoint
    let original = try Picture(path: path)
    let scores = try prediction(Samples.picture(path, checkpoint.input))
    let classes = scores.shape.last
    let labels = try scores.argmax(axis: -1).moved(to: .cpu).scalars(as: Int32.self).map(Int.init)
    let shades = Self.shades(checkpoint.classNames, classes)
    let mask = try Picture(
      labels.map { shades[$0] }, width: scores.shape[2], height: scores.shape[1], channels: 1)
    let output = try prediction.output(for: path)
    try mask.sampled(width: original.width, height: original.height).writePNG(to: output)
    var counts = [Int](repeating: 0, count: classes)
    for label in labels { counts[label] += 1 }
    let shares = counts.indices.filter { counts[$0] > 0 }.map {
      (checkpoint.className($0), Double(counts[$0]) / Double(labels.count))
    }.sorted { $0.1 > $1.1 }
    guard prediction.isJSON else {
      let text = shares.map { "\($0) \(($1 * 100).fixed(1)) %" }.joined(separator: ", ")
      return try Output.text("\(path)  \(output), \(text)")
    }
    try Output.json([
      ("input", .string(path)), ("output", .string(output)),
      (
        "labels",
        .array(shares.map { .object(["label": .string($0), "share": .number($1)]) })
      ),
    ])
  }

  /// The grey value that a class has in a mask: that of the masks it was learned from, else shades
  /// from black to white.
  private static func shades(_ names: [String], _ classes: Int) -> [UInt8] {
    let values = names.compactMap { UInt8($0) }
    if values.count == classes { return values }
    return (0..<classes).map { UInt8(min(255, $0 * 255 / max(1, classes - 1))) }
  }
}
