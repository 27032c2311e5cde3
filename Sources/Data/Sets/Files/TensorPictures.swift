public import Formats
public import Geometry
public import Tensors

extension Tensor {
  /// The samples of the PNG or JPEG file at `path`, `[rows, columns, channels]`: uint8, or int32 if
  /// they have 16 bits.
  ///
  ///     let shoe = try Tensor(image: "shoe.png")              // [28, 28, 1]
  public init(image path: String, on device: Device? = nil) throws(TensorError) {
    try self.init(try Picture(path: path), on: device)
  }

  /// The samples of a picture, `[rows, columns, channels]`: uint8, or int32 if they have 16 bits.
  public init(_ picture: Picture, on device: Device? = nil) throws(TensorError) {
    let shape: Shape = [picture.height, picture.width, picture.channels]
    guard picture.depth == 16 else {
      self = try Tensor(picture.bytes, shape: shape, on: device)
      return
    }
    let samples = (0..<shape.count).map { index in
      Int32(picture.bytes[2 * index]) | Int32(picture.bytes[2 * index + 1]) << 8
    }
    self = try Tensor(samples, shape: shape, on: device)
  }

  /// Writes an image `[rows, columns]` or `[rows, columns, channels]`, of 1 to 4 channels, to a PNG
  /// file.
  ///
  /// Bytes are written as they are, floats from 0 to 1 as 0 to 255; what is beyond becomes the
  /// nearest of these.
  public func writePNG(to path: String) throws(TensorError) {
    try Picture(self).writePNG(to: path)
  }
}

extension Picture {
  /// The picture of an image `[rows, columns]` or `[rows, columns, channels]`, of 1 to 4 channels:
  /// bytes as they are, floats from 0 to 1 as 0 to 255.
  public init(_ image: Tensor) throws(TensorError) {
    guard image.rank == 2 || image.rank == 3 && (1...4).contains(image.shape[2]) else {
      throw TensorError(
        .shape, "Picture", "not rows, columns and 1 to 4 channels: \(image.shape)",
        hint: image.rank == 4 ? "Picture(grid:) shows a batch" : nil)
    }
    try self.init(
      try samples(image), width: image.shape[1], height: image.shape[0],
      channels: image.rank == 3 ? image.shape[2] : 1)
  }

  /// The images of a batch `[count, rows, columns, channels]`, side by side from left to right and
  /// top to bottom, with black lines of one pixel between them. `columns` stand in a row;
  /// nil makes the grid about square.
  public init(grid images: Tensor, columns: Int? = nil) throws(TensorError) {
    guard images.rank == 4, (1...4).contains(images.shape[3]) else {
      throw TensorError(
        .shape, "Picture", "not images, rows, columns and 1 to 4 channels: \(images.shape)")
    }
    let shape = images.shape
    try self.init(
      tiles: try samples(images), count: shape[0], height: shape[1], width: shape[2],
      channels: shape[3], columns: columns)
  }

  /// The channels of feature maps `[rows, columns, channels]` as grey pictures side by side, each
  /// with its smallest value black and its largest white.
  public init(featureMaps maps: Tensor, columns: Int? = nil) throws(TensorError) {
    guard maps.rank == 3 else {
      throw TensorError(.shape, "Picture", "not rows, columns and channels: \(maps.shape)")
    }
    let (height, width, count) = (maps.shape[0], maps.shape[1], maps.shape[2])
    let values = try maps.scalars()
    var tiles = [UInt8](repeating: 0, count: values.count)
    for channel in 0..<count {
      let map = stride(from: channel, to: values.count, by: count).map { values[$0] }
      let finite = map.filter(\.isFinite)
      let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
      for (place, value) in map.enumerated() where high > low && value > low {
        tiles[channel * map.count + place] = byte((value - low) / (high - low))
      }
    }
    try self.init(
      tiles: tiles, count: count, height: height, width: width, channels: 1, columns: columns)
  }

  private init(
    tiles: [UInt8], count: Int, height: Int, width: Int, channels: Int, columns: Int?
  ) throws(TensorError) {
    let columns = min(columns ?? Int(Double(count).squareRoot().rounded(.up)), count)
    guard count > 0, height > 0, width > 0, columns > 0 else {
      throw TensorError(
        .argument, "Picture",
        "\(count) images of \(height) × \(width) in \(columns) columns make no picture")
    }
    let rows = (count + columns - 1) / columns
    let (fullWidth, fullHeight) = (columns * (width + 1) - 1, rows * (height + 1) - 1)
    var bytes = [UInt8](repeating: 0, count: fullWidth * fullHeight * channels)
    for tile in 0..<count {
      let (top, left) = (tile / columns * (height + 1), tile % columns * (width + 1))
      for row in 0..<height {
        let from = (tile * height + row) * width * channels
        let to = ((top + row) * fullWidth + left) * channels
        for sample in 0..<(width * channels) { bytes[to + sample] = tiles[from + sample] }
      }
    }
    try self.init(bytes, width: fullWidth, height: fullHeight, channels: channels)
  }
}

/// The elements as bytes: bytes as they are, floats from 0 to 1 as 0 to 255.
private func samples(_ image: Tensor) throws(TensorError) -> [UInt8] {
  if image.scalarType == .uint8 { return try image.bytes() }
  guard image.scalarType.isFloatingPoint || image.scalarType == .bool else {
    throw TensorError(
      .dtype, "Picture", "\(image.scalarType) cannot be shown, uint8 and floats can")
  }
  return try image.scalars().map(byte)
}

private func byte(_ value: Float) -> UInt8 {
  value > 0 ? UInt8(min(value * 255, 255).rounded()) : 0
}
