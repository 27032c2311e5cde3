public import Geometry

/// The samples of a picture: rows of pixels of one to four channels.
///
/// The channels are grey, grey and alpha, RGB, or RGB and alpha. What is read is as it is in the
/// file: neither gamma, colour profiles nor the orientation of a camera are applied.
///
///     let picture = try Picture(path: "shoe.png")
///     print(picture.width, picture.height, picture.channels)
public struct Picture: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// How many samples a pixel has, 1 to 4.
  public let channels: Int
  /// The bits of a sample, 8 or 16.
  public let depth: Int
  /// The samples, row by row, a pixel's together; of depth 16 two bytes each, little-endian.
  public let bytes: [UInt8]

  /// A picture of these samples.
  public init(
    _ bytes: [UInt8], width: Int, height: Int, channels: Int, depth: Int = 8
  ) throws(TensorError) {
    guard width > 0, height > 0, (1...4).contains(channels), depth == 8 || depth == 16,
      let count = Self.byteCount(width, height, channels, depth), count == bytes.count
    else {
      throw TensorError(
        .argument, "Picture",
        "\(bytes.count) bytes for \(height) rows of \(width) pixels of \(channels) samples of "
          + "\(depth) bits")
    }
    self.init(checked: bytes, width: width, height: height, channels: channels, depth: depth)
  }

  /// Reads the PNG or JPEG file at `path`, told apart by how they begin.
  ///
  /// - Throws: `TensorError`: `io` if the file cannot be read, `corruptFile` if it is damaged,
  ///   `unsupportedFile` if it is of another sort.
  public init(path: String) throws(TensorError) {
    let file = try InputFile(path: path, operation: "Picture")
    try self.init(file.bytes(at: 0, count: file.byteCount), name: path)
  }

  /// Reads what `bytes`, the contents of the PNG or JPEG file called `name`, hold.
  public init(_ bytes: [UInt8], name: String) throws(TensorError) {
    if bytes.starts(with: PNGReader.signature) {
      self = try PNGReader.read(bytes, name: name)
    } else if bytes.starts(with: JPEGReader.signature) {
      self = try JPEGReader.read(bytes, name: name)
    } else if PNGReader.signature.starts(with: bytes) || JPEGReader.signature.starts(with: bytes) {
      throw TensorError(
        .corruptFile, "Picture", "\(name): \(bytes.count) bytes are too few for a picture")
    } else {
      throw TensorError(
        .unsupportedFile, "Picture", "\(name): begins neither as a PNG nor as a JPEG file does")
    }
  }

  init(checked bytes: [UInt8], width: Int, height: Int, channels: Int, depth: Int) {
    self.bytes = bytes
    self.width = width
    self.height = height
    self.channels = channels
    self.depth = depth
  }

  /// The size of the samples; nil if it is more than a gibibyte.
  static func byteCount(_ width: Int, _ height: Int, _ channels: Int, _ depth: Int) -> Int? {
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= 1 << 30 else { return nil }
    let count = pixels * channels * (depth / 8)
    return count <= 1 << 30 ? count : nil
  }
}

extension Picture {
  /// The picture with samples of 8 bits: of 16 bits, the upper ones.
  public var withEightBits: Picture {
    guard depth == 16 else { return self }
    let upper = stride(from: 1, to: bytes.count, by: 2).map { bytes[$0] }
    return Picture(checked: upper, width: width, height: height, channels: channels, depth: 8)
  }

  /// The picture of 8 bits with that many channels.
  ///
  /// Grey is repeated for colours, and 0.299 red + 0.587 green + 0.114 blue of them; alpha is left
  /// out, or opaque where there was none.
  public func withChannels(_ wanted: Int) throws(TensorError) -> Picture {
    guard (1...4).contains(wanted) else {
      throw TensorError(.argument, "Picture", "\(wanted) channels, expected 1 to 4")
    }
    let source = withEightBits
    guard wanted != channels else { return source }
    let count = width * height
    let converted = [UInt8](unsafeUninitializedCapacity: count * wanted) { target, initialized in
      source.bytes.withUnsafeBufferPointer { samples in
        for pixel in 0..<count {
          let from = pixel * channels
          let to = pixel * wanted
          let alpha = channels % 2 == 0 ? samples[from + channels - 1] : 255
          if wanted >= 3 {
            for channel in 0..<3 {
              target[to + channel] = samples[from + (channels >= 3 ? channel : 0)]
            }
          } else {
            target[to] = channels >= 3 ? Self.luma(samples, from) : samples[from]
          }
          if wanted % 2 == 0 { target[to + wanted - 1] = alpha }
        }
      }
      initialized = count * wanted
    }
    return Picture(checked: converted, width: width, height: height, channels: wanted, depth: 8)
  }

  /// Grey as Pillow and libjpeg compute it: in 16.16 fixed point, rounded.
  @inline(__always)
  private static func luma(_ samples: UnsafeBufferPointer<UInt8>, _ at: Int) -> UInt8 {
    let sum =
      UInt32(samples[at]) * 19595 + UInt32(samples[at + 1]) * 38470
      + UInt32(samples[at + 2]) * 7471
    return UInt8((sum + 0x8000) >> 16)
  }
}
