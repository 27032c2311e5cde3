public import Geometry
internal import Tensors

extension Dataset where Element == Example {
  /// Images of discs, squares and triangles for segmentation: float32 `[size, size, 1]` from 0 to
  /// 1, and the class of each pixel, int32 `[size, size]`: 0 is ground, 1 disc, 2 square, 3
  /// triangle.
  ///
  /// One to three shapes an image; later ones cover earlier ones. Shapes, ground and noise have
  /// random brightness, so that a pixel alone does not tell its class.
  public static func drawnShapes(
    count: Int, size: Int = 32, seed: UInt64
  ) throws(TensorError) -> Dataset {
    let count = try checkedCount(count, "drawnShapes")
    guard size >= 8, size <= 4096 else {
      throw TensorError(.argument, "drawnShapes", "images from 8 to 4096 pixels, not \(size)")
    }
    let seed = Random.seed(seed, for: "drawnShapes")
    var pixels: [Float] = []
    var classes: [Int32] = []
    pixels.reserveCapacity(count * size * size)
    classes.reserveCapacity(count * size * size)
    for number in 0..<count {
      var random = Random(seed: seed, number: number)
      var image = ShapeImage(size: size, ground: random.uniform(0, 0.35))
      for _ in 0...random.below(3) { image.draw(&random) }
      for (pixel, name) in zip(image.pixels, image.classes) {
        pixels.append(pixel + 0.05 * random.normal())
        classes.append(name)
      }
    }
    return try Dataset(
      inputs: Values(pixels, shape: [count, size, size, 1]),
      targets: Values(classes, shape: [count, size, size]))
  }
}

private struct ShapeImage {
  let size: Int
  var pixels: [Float]
  var classes: [Int32]

  init(size: Int, ground: Float) {
    self.size = size
    pixels = Array(repeating: ground, count: size * size)
    classes = Array(repeating: 0, count: size * size)
  }

  mutating func draw(_ random: inout Random) {
    let kind = Int32(1 + random.below(3))
    let radius = random.uniform(0.14, 0.26) * Float(size)
    let (x, y) = (random.uniform(0.2, 0.8) * Float(size), random.uniform(0.2, 0.8) * Float(size))
    let angle = random.uniform(0, 2 * .pi)
    let brightness = random.uniform(0.55, 1)
    let (cosine, sine) = (angle.cosine, angle.sine)
    for row in 0..<size {
      for column in 0..<size {
        let (dx, dy) = (Float(column) + 0.5 - x, Float(row) + 0.5 - y)
        let (u, v) = ((dx * cosine + dy * sine) / radius, (dy * cosine - dx * sine) / radius)
        let isInside =
          switch kind {
          case 1: u * u + v * v <= 1
          case 2: abs(u) <= 0.86 && abs(v) <= 0.86
          // Three half planes at equal angles.
          default: v >= -0.6 && 0.866 * u - 0.5 * v >= -0.6 && -0.866 * u - 0.5 * v >= -0.6
          }
        guard isInside else { continue }
        pixels[row * size + column] = brightness
        classes[row * size + column] = kind
      }
    }
  }
}
