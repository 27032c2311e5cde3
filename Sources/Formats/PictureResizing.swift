public import Geometry

extension Picture {
  /// The picture of 8 bits in another size, by a triangle filter as wide as a pixel of the smaller
  /// one: averages when shrinking, interpolates when growing. Pillow calls it bilinear.
  public func resized(width: Int, height: Int) throws(TensorError) -> Picture {
    try checkSize(width, height, "resized")
    let source = withEightBits
    guard width != self.width || height != self.height else { return source }
    var samples = source.bytes.map(Float.init)
    if width != self.width {
      samples = filtered(
        samples, from: self.width, to: width, outer: self.height, inner: channels)
    }
    if height != self.height {
      samples = filtered(
        samples, from: self.height, to: height, outer: 1, inner: width * channels)
    }
    let bytes = samples.map { UInt8(max(0, min(255, $0.rounded()))) }
    return Picture(checked: bytes, width: width, height: height, channels: channels, depth: 8)
  }

  /// The picture of 8 bits in another size, each pixel that of the nearest place: for masks, whose
  /// values must not be mixed.
  public func sampled(width: Int, height: Int) throws(TensorError) -> Picture {
    try checkSize(width, height, "sampled")
    let source = withEightBits
    guard width != self.width || height != self.height else { return source }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * channels)
    for row in 0..<height {
      let from = (2 * row + 1) * self.height / (2 * height) * self.width
      for column in 0..<width {
        let pixel = from + (2 * column + 1) * self.width / (2 * width)
        bytes += source.bytes[pixel * channels..<(pixel + 1) * channels]
      }
    }
    return Picture(checked: bytes, width: width, height: height, channels: channels, depth: 8)
  }

  private func checkSize(
    _ width: Int, _ height: Int, _ operation: String
  ) throws(TensorError) {
    guard width > 0, height > 0, Picture.byteCount(width, height, channels, 8) != nil else {
      throw TensorError(
        .argument, "Picture.\(operation)",
        "a picture cannot have \(height) rows of \(width) pixels")
    }
  }
}

/// `samples`, `[outer, from, inner]`, filtered along the middle axis to `[outer, to, inner]`.
private func filtered(
  _ samples: [Float], from: Int, to: Int, outer: Int, inner: Int
) -> [Float] {
  let windows = (0..<to).map { window(at: $0, from: from, to: to) }
  return [Float](unsafeUninitializedCapacity: outer * to * inner) { target, initialized in
    target.initialize(repeating: 0)
    samples.withUnsafeBufferPointer { samples in
      for block in 0..<outer {
        for (place, window) in windows.enumerated() {
          let result = (block * to + place) * inner
          for (offset, weight) in window.weights.enumerated() {
            let start = (block * from + window.first + offset) * inner
            for index in 0..<inner { target[result + index] += weight * samples[start + index] }
          }
        }
      }
    }
    initialized = outer * to * inner
  }
}

/// The places that count for place `index` of `to`, and how much.
private func window(at index: Int, from: Int, to: Int) -> (first: Int, weights: [Float]) {
  let scale = Double(from) / Double(to)
  let radius = max(scale, 1)
  let center = (Double(index) + 0.5) * scale
  let first = max(0, Int(center - radius + 0.5))
  let end = max(first + 1, min(from, Int(center + radius + 0.5)))
  var weights = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - center) / radius)) }
  let sum = weights.reduce(0, +)
  if sum > 0 { weights = weights.map { $0 / sum } }
  return (first, weights.map(Float.init))
}
