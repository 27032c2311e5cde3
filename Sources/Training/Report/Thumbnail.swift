internal import Formats
internal import Geometry
internal import Tensors

/// A small picture of an image.
struct Thumbnail {
  /// An address that holds the picture, a PNG file.
  let uri: String

  static let largestSide = 64

  /// One of each image of a batch.
  ///
  /// - Throws: `TensorError` if the tensor does not look like images.
  static func all(of images: Tensor) throws(TensorError) -> [Thumbnail] {
    let shape = Array(images.shape)
    guard shape.count == 4, [1, 3].contains(shape[3]), shape[1] > 0, shape[2] > 0 else {
      throw TensorError(
        .shape, "images", "expected [count, height, width, 1 or 3]",
        operands: [TensorInfo(images)])
    }
    let isBytes = images.scalarType == .uint8
    var values = try images.scalars()
    if !isBytes { stretch(&values) }
    let size = shape[1] * shape[2] * shape[3]
    var thumbnails: [Thumbnail] = []
    for index in 0..<shape[0] {
      thumbnails.append(
        try Thumbnail(values[index * size..<(index + 1) * size], shape[1], shape[2], shape[3]))
    }
    return thumbnails
  }

  /// From 0 to 1, or from the smallest to the largest of what leaves that range, to 0 to 255.
  private static func stretch(_ values: inout [Float]) {
    let finite = values.lazy.filter(\.isFinite)
    var (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    if low >= 0, high <= 1 { (low, high) = (0, 1) }
    let scale = high > low ? 255 / (high - low) : 0
    for index in values.indices {
      values[index] = values[index].isFinite ? (values[index] - low) * scale : 0
    }
  }

  /// The means of blocks, so that no side is longer than allowed.
  private init(
    _ values: ArraySlice<Float>, _ rows: Int, _ columns: Int, _ channels: Int
  ) throws(TensorError) {
    let block = max(1, (max(rows, columns) + Self.largestSide - 1) / Self.largestSide)
    let (height, width) = ((rows + block - 1) / block, (columns + block - 1) / block)
    var pixels = [UInt8](repeating: 0, count: height * width * channels)
    values.withUnsafeBufferPointer { values in
      for y in 0..<height {
        for x in 0..<width {
          let ys = y * block..<min((y + 1) * block, rows)
          let xs = x * block..<min((x + 1) * block, columns)
          for c in 0..<channels {
            var sum: Float = 0
            for row in ys {
              for column in xs { sum += values[(row * columns + column) * channels + c] }
            }
            let mean = (sum / Float(ys.count * xs.count)).rounded()
            pixels[(y * width + x) * channels + c] = UInt8(max(0, min(255, mean)))
          }
        }
      }
    }
    let picture = try Picture(pixels, width: width, height: height, channels: channels)
    uri = "data:image/png;base64," + base64(try picture.encodedPNG())
  }
}

/// `bytes` in the alphabet of Base64.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  text.reserveCapacity((bytes.count + 2) / 3 * 4)
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let left = bytes.count - start
    let word =
      Int(bytes[start]) << 16 | (left > 1 ? Int(bytes[start + 1]) << 8 : 0)
      | (left > 2 ? Int(bytes[start + 2]) : 0)
    for position in 0..<4 {
      text.append(
        position > left ? UInt8(ascii: "=") : alphabet[word >> (18 - 6 * position) & 63])
    }
  }
  return String(decoding: text, as: UTF8.self)
}
