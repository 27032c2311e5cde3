internal import Data
internal import Formats
internal import Geometry
internal import Layers
internal import Models
internal import Tensors
internal import Training

/// Pictures that are to come out as they go in. The model gives logits of their pixels.
struct Reconstruction: LearningTask {
  let purpose = Purpose.reconstruction
  let sets = ["fashion-mnist", "drawn-digits"].map { name in
    NamedSet(name) { name, request in
      try Self.unlabelled(LabelledData.sets.first { $0.name == name }?.make(name, request), name)
    }
  }
  let paths = "a folder of pictures by class or of IDX files"
  let loss = Loss.sigmoidCrossEntropy
  let options: [Option] = [.pictureOutput]

  func data(at path: String, isFolder: Bool, _ request: DataRequest) throws -> DataSource {
    guard isFolder else {
      throw TensorError(.unsupportedFile, "data", "\(path) is no folder of pictures")
    }
    return try Self.unlabelled(LabelledData.folder(path, request), path)
  }

  /// Labelled pictures without their labels, each its own target.
  private static func unlabelled(_ labelled: DataSource?, _ name: String) throws -> DataSource {
    guard let labelled, labelled.input.rank == 3 else {
      throw TensorError(.argument, "data", "\(name) has no pictures")
    }
    var source = try DataSource(
      name, labelled.train.prepared(InputsAsTargets()), labelled.test.prepared(InputsAsTargets()),
      classNames: [], outputs: labelled.input.last)
    source.remark = labelled.remark
    return source
  }

  func metrics(outputs: Int) -> [MetricKind] {
    [.loss(Loss("pixel error") { logits, pixels in try square(sigmoid(logits) - pixels) })]
  }

  func expected(of data: DataSource) -> (shape: [Int], meaning: String) {
    (Array(data.input), "pictures of that shape, which are to come out again")
  }

  func blankTargets(for predictions: Tensor, of inputs: Tensor) throws -> Tensor { inputs }

  func predict(_ path: String, _ prediction: Prediction) throws {
    let sample = try Samples.picture(path, prediction.checkpoint.input)
    let pixels = try sigmoid(prediction(sample)).moved(to: .cpu)
    let image = try pixels.reshaped(to: Shape(Array(pixels.shape).dropFirst()))
    let output = try prediction.output(for: path)
    try image.writePNG(to: output)
    var sum = 0.0
    for (made, given) in zip(try image.scalars(), sample) {
      sum += Double((made - given) * (made - given))
    }
    let error = sum / Double(max(1, sample.count))
    guard prediction.isJSON else {
      return try Output.text("\(path)  \(output), pixel error \(error.rounded(significant: 4))")
    }
    try Output.json([
      ("input", .string(path)), ("output", .string(output)), ("pixel_error", .number(error)),
    ])
  }
}
