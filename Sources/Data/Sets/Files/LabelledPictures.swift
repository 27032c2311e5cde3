internal import Formats
internal import Geometry

/// Pictures as bytes with a class each, as the files of a set hold them.
///
/// The bytes are kept; a batch gathers its rows and makes floats from 0 to 1 of them in one pass.
struct LabelledPictures {
  /// `[count, rows, columns, channels]`
  let pixels: Values
  /// `[count]`, int32
  let labels: Values

  init(pixels: [UInt8], shape: Shape, labels: [UInt8]) throws(TensorError) {
    self.pixels = try Values(pixels, shape: Shape([labels.count] + shape))
    self.labels = try Values(labels.map { Int32($0) }, shape: [labels.count])
  }

  /// Reads two IDX files: pictures `[count, rows, columns]` and their classes.
  init(
    images: String, labels: String, classCount: Int, operation: String
  ) throws(TensorError) {
    let pictures = try IDX(path: images)
    let classes = try IDX(path: labels)
    guard pictures.scalarType == .uint8, pictures.shape.rank == 3, classes.scalarType == .uint8,
      classes.shape == [pictures.shape[0]]
    else {
      throw TensorError(
        .corruptFile, operation,
        "\(images) holds \(pictures.shape) \(pictures.scalarType), and \(labels) "
          + "\(classes.shape) \(classes.scalarType): not as many pictures as labels, of bytes")
    }
    if let place = classes.bytes.firstIndex(where: { $0 >= classCount }) {
      throw TensorError(
        .corruptFile, operation,
        "\(labels): label \(place) is \(classes.bytes[place]), there are \(classCount) classes")
    }
    try self.init(
      pixels: pictures.bytes, shape: [pictures.shape[1], pictures.shape[2], 1],
      labels: classes.bytes)
  }

  var dataset: Dataset<Example> { Dataset(PictureStage(pictures: self)) }
}

private struct PictureStage: Stage, IndexedPass {
  let pictures: LabelledPictures
  var count: Int? { total }
  var total: Int { pictures.labels.rowCount }
  var ahead: Ahead { .none }
  var outline: [String] { ["\(total) pictures of \(pictures.pixels.rowShape)"] }

  func pass(_ epoch: Int) -> Pass<Example> { .indexed(self) }

  func element(at index: Int) throws(TensorError) -> Example {
    guard let block = try block(at: [index]) else {
      throw TensorError(.index, "example", "example \(index) does not exist")
    }
    return try block.example(0)
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    let pixels = try scaled(pictures.pixels, indices)
    return try ExampleBlock(inputs: [pixels], targets: [try pictures.labels.gathered(indices)])
  }
}

/// The rows of these numbers of `bytes`, as floats from 0 to 1.
private func scaled(_ bytes: Values, _ indices: [Int]) throws(TensorError) -> Values {
  let size = bytes.rowShape.count
  for index in indices where index < 0 || index >= bytes.rowCount {
    throw TensorError(
      .index, "example", "example \(index) does not exist, there are \(bytes.rowCount)")
  }
  let shape = Shape([indices.count] + bytes.rowShape)
  return try Values(shape: shape, as: .float32) { target in
    let target = target.bindMemory(to: Float.self)
    bytes.withUnsafeBytes { source in
      guard let from = source.baseAddress, let to = target.baseAddress else { return }
      for (place, index) in indices.enumerated() {
        scale(
          (from + index * size).assumingMemoryBound(to: UInt8.self), to + place * size, size)
      }
    }
  }
}

private func scale(
  _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<Float>, _ count: Int
) {
  for index in 0..<count { target[index] = Float(source[index]) * (1 / 255) }
}
