internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Tensors
internal import Training

/// `apus predict`: labels with probabilities for pictures, rows of tables, or numbers in text.
enum PredictCommand: Verb {
  static let name = "predict"
  static let summary = "Prints the likeliest labels of inputs with their probabilities."
  static let positionals = ["INPUT…"]
  static let options: [Option] = [
    .value("checkpoint", "PATH", isRequired: true, "a file, or a run folder: its best"),
    .value("top", "N", "how many labels are printed, 3 if not given"), .device, .json,
  ]
  static let details = """
    INPUT is a PNG or JPEG picture, which is resized to what the model takes; a .csv file, of which
    each row is a sample, with columns for the numbers of a sample and perhaps one more, which is
    ignored; or any other file of text with the numbers of a sample on each line.
    """

  static func run(_ arguments: Arguments) throws -> ExitCode {
    // Required: the parser has seen to it.
    let checkpoint = try CheckpointSource(arguments.value("checkpoint") ?? "")
    let top = try arguments.integer("top", in: 1...1000) ?? 3
    let device = try arguments.device()
    let model = try checkpoint.load(on: device)
    for path in arguments.positionals {
      for (row, sample) in try Samples.of(path, shape: checkpoint.input) {
        let x = try Tensor(
          sample, shape: Shape([1] + Array(checkpoint.input)), on: device
        ).cast(to: checkpoint.model.inputType)
        let scores = try withPhase(.inference) { try model(x) }
        guard scores.rank == 2 else {
          throw TensorError(
            .shape, name, "\(checkpoint.model.name) gives no label", operands: [TensorInfo(scores)])
        }
        let probabilities = try softmax(scores).scalars()
        try print(path, row, probabilities, checkpoint, top, isJSON: arguments.has("json"))
      }
    }
    return .done
  }

  private static func print(
    _ path: String, _ row: Int?, _ probabilities: [Float], _ checkpoint: CheckpointSource,
    _ top: Int, isJSON: Bool
  ) throws {
    let order = probabilities.indices.sorted {
      (probabilities[$1], $0) < (probabilities[$0], $1)
    }.prefix(top)
    if isJSON {
      var members: [(String, JSON)] = [("input", .string(path))]
      if let row { members.append(("row", .integer(row))) }
      let best = order.first ?? 0
      members += [
        ("label", .string(checkpoint.className(best))), ("class", .integer(best)),
        ("probability", .number(Double(probabilities[best]))),
        (
          "labels",
          .array(
            order.map {
              .object([
                "label": .string(checkpoint.className($0)),
                "probability": .number(Double(probabilities[$0])),
              ])
            })
        ),
      ]
      return try Output.json(members)
    }
    let labels = order.map {
      "\(checkpoint.className($0)) \((Double(probabilities[$0]) * 100).fixed(1)) %"
    }
    try Output.text("\(path)\(row.map { ":\($0)" } ?? "")  \(labels.joined(separator: ", "))")
  }
}

/// Samples in files of different kinds.
enum Samples {
  /// Each with its row, counted from 1; nil of a picture.
  static func of(_ path: String, shape: Shape) throws -> [(row: Int?, values: [Float])] {
    let lower = path.lowercased()
    if lower.hasSuffix(".png") || lower.hasSuffix(".jpg") || lower.hasSuffix(".jpeg") {
      return [(nil, try picture(path, shape))]
    }
    return lower.hasSuffix(".csv") ? try table(path, shape) : try lines(path, shape)
  }

  private static func picture(_ path: String, _ shape: Shape) throws -> [Float] {
    let extents = Array(shape)
    guard extents.count == 3 else {
      throw TensorError(
        .shape, "predict", "\(path) is a picture, the model takes samples of \(shape)")
    }
    let picture = try Picture(path: path).withEightBits.withChannels(extents[2])
      .resized(width: extents[1], height: extents[0])
    return picture.bytes.map { Float($0) / 255 }
  }

  private static func table(_ path: String, _ shape: Shape) throws -> [(row: Int?, values: [Float])]
  {
    let table = try CSVTable(path: path)
    let count = shape.count
    guard table.names.count == count || table.names.count == count + 1 else {
      throw TensorError(
        .shape, "predict",
        "\(path) has \(table.names.count) columns, a sample of \(shape) has \(count) numbers")
    }
    let numbers = try table.matrix(Array(table.names.prefix(count)))
    return (0..<table.rowCount).map { ($0 + 1, Array(numbers[$0 * count..<($0 + 1) * count])) }
  }

  private static func lines(_ path: String, _ shape: Shape) throws -> [(row: Int?, values: [Float])]
  {
    var samples: [(row: Int?, values: [Float])] = []
    for (number, line) in try textLines(path: path).enumerated() where !line.trimmed.isEmpty {
      let words = line.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == ";" }
      let values = words.compactMap { Float($0) }
      guard values.count == words.count, values.count == shape.count else {
        throw TensorError(
          .corruptFile, "predict",
          "\(path): line \(number + 1): \(values.count) numbers in \(words.count) words, a sample of "
            + "\(shape) has \(shape.count) numbers")
      }
      samples.append((number + 1, values))
    }
    return samples
  }
}
