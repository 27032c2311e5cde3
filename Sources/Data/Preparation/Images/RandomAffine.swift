internal import Geometry
internal import Tensors

/// Turns, scales and shifts images at random, around their centre; what comes from outside is
/// `fill`.
///
/// Pixels are interpolated between their four neighbours. Targets that go along, masks for
/// instance, take the nearest pixel, so that classes stay classes.
public struct RandomAffine: Preparation {
  let degrees: Float
  let zoom: ClosedRange<Float>
  let shift: Float
  let fill: Float
  let withTargets: Bool
  let seed: UInt64

  /// - Parameters:
  ///   - degrees: the largest turn, either way.
  ///   - zoom: the factors; above 1 things become larger.
  ///   - shift: the largest shift along each axis, as a share of the image.
  ///   - fill: what stands where the image does not reach.
  ///   - seed: decides what is drawn, together with the epoch and the example.
  ///   - withTargets: true where the first target is an image too.
  public init(
    degrees: Float = 0, zoom: ClosedRange<Float> = 1...1, shift: Float = 0, fill: Float = 0,
    seed: UInt64, withTargets: Bool = false
  ) {
    self.degrees = degrees
    self.zoom = zoom
    self.shift = shift
    self.fill = fill
    self.withTargets = withTargets
    self.seed = Random.seed(seed, for: "affine")
  }

  /// Turns images by up to that many degrees, either way.
  public static func rotation(_ degrees: Float, fill: Float = 0, seed: UInt64) -> RandomAffine {
    RandomAffine(degrees: degrees, fill: fill, seed: seed)
  }

  /// Makes things larger or smaller by a factor of that range.
  public static func zoom(
    _ factors: ClosedRange<Float>, fill: Float = 0, seed: UInt64
  ) -> RandomAffine {
    RandomAffine(zoom: factors, fill: fill, seed: seed)
  }

  /// Shifts images by up to that share of their size along each axis.
  public static func translation(_ share: Float, fill: Float = 0, seed: UInt64) -> RandomAffine {
    RandomAffine(shift: share, fill: fill, seed: seed)
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let input = block.inputs.first else { return }
    guard zoom.lowerBound > 0 else {
      throw TensorError(.argument, "affine", "images cannot be scaled by \(zoom.lowerBound)")
    }
    block.inputs[0] = try changed(input, rows, isSmooth: true)
    if withTargets, let target = block.targets.first {
      block.targets[0] = try changed(target, rows, isSmooth: false)
    }
  }

  private func changed(_ images: Values, _ rows: RowNumbers, isSmooth: Bool) throws -> Values {
    var before: [Float] = []
    return try changedImages(images, "affine") { row, image in
      var random = rows.random(row, seed: seed)
      let angle = random.uniform(-degrees, degrees) * .pi / 180
      let factor = random.uniform(zoom.lowerBound, zoom.upperBound)
      let down = random.uniform(-shift, shift) * Float(image.height)
      let right = random.uniform(-shift, shift) * Float(image.width)
      before = Array(image.pixels)
      let source = before
      let cosine = angle.cosine / factor
      let sine = angle.sine / factor
      let centerRow = Float(image.height - 1) / 2
      let centerColumn = Float(image.width - 1) / 2
      source.withUnsafeBufferPointer { source in
        let sampler = PixelSampler(image: image, source: source, fill: fill)
        for row in 0..<image.height {
          for column in 0..<image.width {
            let y = Float(row) - centerRow - down
            let x = Float(column) - centerColumn - right
            let sourceRow = cosine * y - sine * x + centerRow
            let sourceColumn = sine * y + cosine * x + centerColumn
            sampler.write(row, column, sourceRow, sourceColumn, isSmooth: isSmooth)
          }
        }
      }
    }
  }
}

/// Reads an image between its pixels.
private struct PixelSampler {
  let image: ImagePixels
  let source: UnsafeBufferPointer<Float>
  let fill: Float

  func write(_ row: Int, _ column: Int, _ y: Float, _ x: Float, isSmooth: Bool) {
    // Coordinates that far away, or NaN, read the fill.
    guard y > -2, x > -2, y < Float(image.height + 1), x < Float(image.width + 1) else {
      for channel in 0..<image.channels { image[row, column, channel] = fill }
      return
    }
    if !isSmooth {
      let (near, across) = (Int(y.rounded()), Int(x.rounded()))
      for channel in 0..<image.channels {
        image[row, column, channel] = pixel(near, across, channel)
      }
      return
    }
    let top = y.rounded(.down)
    let left = x.rounded(.down)
    let (upper, side) = (Int(top), Int(left))
    let (below, beside) = (y - top, x - left)
    for channel in 0..<image.channels {
      let first =
        pixel(upper, side, channel) * (1 - beside) + pixel(upper, side + 1, channel) * beside
      let second =
        pixel(upper + 1, side, channel) * (1 - beside)
        + pixel(upper + 1, side + 1, channel) * beside
      image[row, column, channel] = first * (1 - below) + second * below
    }
  }

  private func pixel(_ row: Int, _ column: Int, _ channel: Int) -> Float {
    guard row >= 0, row < image.height, column >= 0, column < image.width else { return fill }
    return source[(row * image.width + column) * image.channels + channel]
  }
}
