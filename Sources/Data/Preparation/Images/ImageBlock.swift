internal import Geometry

extension ExampleBlock {
  /// Runs `body` for each image of the first input, with random numbers of its own that depend on
  /// the seed and its number.
  mutating func changeImages(
    _ operation: String, _ rows: RowNumbers, seed: UInt64,
    _ body: (_ random: inout Random, _ image: ImagePixels) -> Void
  ) throws {
    guard let input = inputs.first else { return }
    inputs[0] = try changedImages(input, operation) { row, image in
      var random = rows.random(row, seed: seed)
      body(&random, image)
    }
  }
}

/// Runs `body` for each image of `images`, `[count, height, width, channels]`, with its pixels as
/// floats, and puts what it leaves into values of the same shape and type.
///
/// Pixels of whole-number types are rounded and kept in range.
func changedImages(
  _ images: Values, _ operation: String,
  _ body: (_ row: Int, _ image: inout ImagePixels) throws -> Void
) throws -> Values {
  guard images.shape.rank == 4 else {
    throw TensorError(
      .shape, operation, "images have height, width and channels, not \(images.rowShape)")
  }
  let (height, width, channels) = (images.shape[1], images.shape[2], images.shape[3])
  let size = height * width * channels
  var result = [Float](repeating: 0, count: images.count)
  try result.withUnsafeMutableBufferPointer { target in
    images.convert(into: target)
    guard size > 0 else { return }
    for row in 0..<images.rowCount {
      var image = ImagePixels(
        height: height, width: width, channels: channels,
        pixels: UnsafeMutableBufferPointer(rebasing: target[row * size..<(row + 1) * size]))
      try body(row, &image)
    }
  }
  return try Values(rounding: result, shape: images.shape, as: images.scalarType)
}

/// One image under work.
struct ImagePixels {
  let height: Int
  let width: Int
  let channels: Int
  let pixels: UnsafeMutableBufferPointer<Float>

  subscript(row: Int, column: Int, channel: Int) -> Float {
    get { pixels[(row * width + column) * channels + channel] }
    nonmutating set { pixels[(row * width + column) * channels + channel] = newValue }
  }
}

extension Values {
  /// Numbers as a type: whole-number types get the nearest number in their range.
  init(rounding numbers: [Float], shape: Shape, as type: ScalarType) throws(TensorError) {
    if type == .float32 {
      try self.init(numbers, shape: shape)
      return
    }
    try self.init(shape: shape, as: type) { target in
      if type == .uint8 {
        for (index, number) in numbers.enumerated() {
          target[index] = UInt8(max(0, min(255, number.rounded())))
        }
        return
      }
      let size = type.byteCount
      for (index, number) in numbers.enumerated() {
        let bytes = type.bytes(of: Double(number))
        for place in 0..<size { target[index * size + place] = bytes[place] }
      }
    }
  }
}
