internal import Formats
internal import Geometry

/// A sample of the validation data with what the model made of it.
struct SampleRecord {
  /// The address that holds its picture; nil of what is no image.
  var image: String?
  /// What it is in words, where it is no image.
  var text: String?
  let label: Int
  /// The likeliest classes with their probabilities, the likeliest first.
  let guesses: [(label: Int, probability: Double)]

  var isRight: Bool { guesses.first?.label == label }
}

/// What an operation took of one step.
struct OperationRecord {
  let name: String
  let seconds: Double
  let count: Int
}

/// What a report shows besides the files of the run: `report.json` in the same folder.
struct ReportExtras {
  var samples: [SampleRecord] = []
  var operations: [OperationRecord] = []

  init() {}

  static func path(in folder: RunFolder) -> String { "\(folder.path)/report.json" }

  /// What the folder has; nothing if there is no such file.
  init(_ folder: RunFolder) throws(TensorError) {
    let path = Self.path(in: folder)
    let bytes: [UInt8]
    do throws(TensorError) {
      bytes = try contents(ofFile: path, limit: 1 << 24, in: "report")
    } catch  where error.kind == .io { return }
    let object = try JSON(parsing: bytes, source: path, in: "report").object ?? [:]
    samples = (object["samples"]?.array ?? []).compactMap(Self.sample)
    operations = (object["operations"]?.array ?? []).compactMap(Self.operation)
  }

  private static func sample(_ json: JSON) -> SampleRecord? {
    guard let object = json.object, let label = object["label"]?.integer else { return nil }
    let guesses = (object["guesses"]?.array ?? []).compactMap { guess -> (Int, Double)? in
      guard let pair = guess.array, pair.count == 2, let label = pair[0].integer,
        let probability = pair[1].double
      else { return nil }
      return (label, probability)
    }
    // Nothing but pictures that lie in the text itself: a report asks the network for nothing.
    let image = object["image"]?.string.flatMap {
      $0.hasPrefix("data:image/png;base64,") ? $0 : nil
    }
    return SampleRecord(
      image: image, text: object["text"]?.string, label: label, guesses: guesses)
  }

  private static func operation(_ json: JSON) -> OperationRecord? {
    guard let object = json.object, let name = object["name"]?.string,
      let seconds = object["seconds"]?.double
    else { return nil }
    return OperationRecord(name: name, seconds: seconds, count: object["count"]?.integer ?? 1)
  }

  func write(to folder: RunFolder) throws(TensorError) {
    let samples = samples.map { sample -> JSON in
      var object: [String: JSON] = [
        "label": .integer(sample.label),
        "guesses": .array(
          sample.guesses.map { .array([.integer($0.label), .number($0.probability)]) }),
      ]
      object["image"] = sample.image.map { .string($0) }
      object["text"] = sample.text.map { .string($0) }
      return .object(object)
    }
    let operations = operations.map { operation -> JSON in
      .object([
        "name": .string(operation.name), "seconds": .number(operation.seconds),
        "count": .integer(operation.count),
      ])
    }
    let text = JSON.line([("samples", .array(samples)), ("operations", .array(operations))]) + "\n"
    try replaceFile(at: Self.path(in: folder), with: Array(text.utf8), in: "report")
  }
}

/// Writes a file that appears at once and whole.
func replaceFile(
  at path: String, with bytes: [UInt8], in operation: String
) throws(TensorError) {
  let file = try OutputFile(replacing: path, operation: operation)
  try file.write(bytes)
  try file.commit()
}
