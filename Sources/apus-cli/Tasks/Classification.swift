internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// A label for each sample.
struct Classification: LearningTask {
  let purpose = Purpose.classification
  let sets = LabelledData.sets
  let paths = "a folder of pictures by class or of IDX files, or a .csv file"
  let loss = Loss.softmaxCrossEntropy
  let options: [Option] = [
    .value("top", "N", "of labels: how many are printed, 3 if not given")
  ]

  func data(at path: String, isFolder: Bool, _ request: DataRequest) throws -> DataSource {
    if isFolder { return try LabelledData.folder(path, request) }
    guard path.lowercased().hasSuffix(".csv") else {
      throw TensorError(
        .unsupportedFile, "data", "\(path) is neither a folder nor a .csv file")
    }
    return try LabelledData.table(path, request)
  }

  func metrics(outputs: Int) -> [MetricKind] { [.accuracy] }

  func expected(of data: DataSource) -> (shape: [Int], meaning: String) {
    ([data.outputs], "one label of \(data.outputs) classes")
  }

  func predict(_ path: String, _ prediction: Prediction) throws {
    let top = try prediction.arguments.integer("top", in: 1...1000) ?? 3
    for (row, sample) in try Samples.of(path, shape: prediction.checkpoint.input) {
      let scores = try prediction(sample)
      guard scores.rank == 2 else {
        throw TensorError(
          .shape, "predict", "\(prediction.checkpoint.model.name) gives no label",
          operands: [TensorInfo(scores)])
      }
      let probabilities = try softmax(scores).scalars()
      try show(path, row, probabilities, prediction, top)
    }
  }

  private func show(
    _ path: String, _ row: Int?, _ probabilities: [Float], _ prediction: Prediction, _ top: Int
  ) throws {
    let checkpoint = prediction.checkpoint
    let order = probabilities.indices.sorted {
      (probabilities[$1], $0) < (probabilities[$0], $1)
    }.prefix(top)
    if prediction.isJSON {
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
