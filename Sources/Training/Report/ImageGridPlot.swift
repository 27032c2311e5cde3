public import Geometry
public import Tensors

extension Plot {
  /// Images beside each other with a line of text below each.
  ///
  /// - Parameters:
  ///   - images: `[count, height, width, channels]`, one channel or three; numbers from 0 to 1, or
  ///     bytes. They are made at most 64 pixels wide and high.
  ///   - captions: one an image; those missing are empty.
  public static func images(
    _ images: Tensor, captions: [String] = [], title: String, columns: Int = 6
  ) throws(TensorError) -> Plot {
    let pictures = try Thumbnail.all(of: images)
    var canvas = Canvas()
    canvas.text(title, 0, 16, "h")
    let side = 480 / Double(max(columns, 1))
    let rows = (pictures.count + max(columns, 1) - 1) / max(columns, 1)
    for (number, picture) in pictures.enumerated() {
      let (row, column) = number.quotientAndRemainder(dividingBy: max(columns, 1))
      let (x, y) = (Double(column) * side, 30 + Double(row) * (side + 16))
      canvas.image(picture.uri, x, y, side - 8, side - 8)
      if captions.indices.contains(number) {
        canvas.text(captions[number].shortened(to: max(6, Int(side / 6))), x, y + side + 5, "s")
      }
    }
    return Plot(
      width: 480, height: 30 + Double(rows) * (side + 16),
      label: "\(title): \(pictures.count) images",
      body: canvas.body)
  }
}

/// A small picture of an image.
struct Thumbnail {
  let width: Int, height: Int, channels: Int
  let pixels: [UInt8]

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
    return (0..<shape[0]).map { index in
      Thumbnail(values[index * size..<(index + 1) * size], shape[1], shape[2], shape[3])
    }
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
  private init(_ values: ArraySlice<Float>, _ rows: Int, _ columns: Int, _ channels: Int) {
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
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// The picture as an address that holds it: PNG, not compressed.
  var uri: String { "data:image/png;base64," + base64(png) }

  private var png: [UInt8] {
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    func big(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }
    func chunk(_ name: String, _ content: [UInt8]) {
      let named = Array(name.utf8) + content
      bytes += big(content.count) + named + big(Int(crc32(named)))
    }
    // Eight bits a sample, grey or red, green and blue.
    chunk("IHDR", big(width) + big(height) + [8, channels == 3 ? 2 : 0, 0, 0, 0])
    var lines: [UInt8] = []
    for row in 0..<height {
      lines.append(0)
      lines += pixels[row * width * channels..<(row + 1) * width * channels]
    }
    chunk("IDAT", deflated(lines))
    chunk("IEND", [])
    return bytes
  }

  /// `bytes` in the form of zlib, in blocks that are stored as they are.
  private func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 65535, bytes.count)
      let length = end - start
      result.append(end == bytes.count ? 1 : 0)
      result += [UInt8(length & 0xFF), UInt8(length >> 8)]
      result += [UInt8(~length & 0xFF), UInt8(~length >> 8 & 0xFF)]
      result += bytes[start..<end]
      start = end
    } while start < bytes.count
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return result + [UInt8(b >> 8), UInt8(b & 0xFF), UInt8(a >> 8), UInt8(a & 0xFF)]
  }

  private func crc32(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~sum
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
