public import Geometry
internal import Tensors

extension Dataset where Element == Example {
  /// Points in normally distributed heaps, one class each; the centres lie on a circle.
  ///
  ///     let data = try Dataset.blobs(count: 300, classes: 3, seed: 1)     // inputs [2], targets int32
  public static func blobs(
    count: Int, classes: Int = 3, deviation: Float = 0.3, seed: UInt64
  ) throws(TensorError) -> Dataset {
    guard classes > 0 else {
      throw TensorError(.argument, "blobs", "\(classes) classes are none")
    }
    return try points(count, classes, Random.seed(seed, for: "blobs"), "blobs") {
      label, random in
      let angle = 2 * Float.pi * Float(label) / Float(classes)
      return (
        2 * angle.cosine + deviation * random.normal(), 2 * angle.sine + deviation * random.normal()
      )
    }
  }

  /// Two half circles that reach into one another.
  public static func moons(
    count: Int, noise: Float = 0.1, seed: UInt64
  ) throws(TensorError) -> Dataset {
    try points(count, 2, Random.seed(seed, for: "moons"), "moons") { label, random in
      let angle = Float.pi * random.uniform()
      let (x, y) =
        label == 0
        ? (angle.cosine, angle.sine) : (1 - angle.cosine, 0.5 - angle.sine)
      return (x + noise * random.normal(), y + noise * random.normal())
    }
  }

  /// A circle inside another.
  ///
  /// - Parameters:
  ///   - count: how many points there are, on both circles together.
  ///   - factor: the radius of the inner circle; that of the outer is 1.
  ///   - noise: the standard deviation of what is added to both coordinates.
  ///   - seed: decides what is drawn.
  public static func circles(
    count: Int, factor: Float = 0.5, noise: Float = 0.05, seed: UInt64
  ) throws(TensorError) -> Dataset {
    try points(count, 2, Random.seed(seed, for: "circles"), "circles") { label, random in
      let angle = 2 * Float.pi * random.uniform()
      let radius = label == 0 ? 1 : factor
      return (
        radius * angle.cosine + noise * random.normal(),
        radius * angle.sine + noise * random.normal()
      )
    }
  }

  /// Arms that wind around the origin.
  public static func spirals(
    count: Int, classes: Int = 2, turns: Float = 1.5, noise: Float = 0.03, seed: UInt64
  ) throws(TensorError) -> Dataset {
    guard classes > 0 else {
      throw TensorError(.argument, "spirals", "\(classes) classes are none")
    }
    return try points(count, classes, Random.seed(seed, for: "spirals"), "spirals") {
      label, random in
      let way = random.uniform(0.05, 1)
      let angle = 2 * Float.pi * (turns * way + Float(label) / Float(classes))
      return (
        way * angle.cosine + noise * random.normal(), way * angle.sine + noise * random.normal()
      )
    }
  }

  /// Points in the square from -1 to 1; the class is whether exactly one coordinate is positive.
  public static func xor(
    count: Int, noise: Float = 0, seed: UInt64
  ) throws(TensorError) -> Dataset {
    try points(count, 2, Random.seed(seed, for: "xor"), "xor") { label, random in
      let x = random.uniform(0.001, 1)
      let y = random.uniform(0.001, 1)
      let side: Float = random.chance(0.5) ? 1 : -1
      return (
        side * x + noise * random.normal(),
        (label == 0 ? side : -side) * y + noise * random.normal()
      )
    }
  }

  /// Points in the plane, `[2]`, with their class, an int32; as many of each class, in turn.
  private static func points(
    _ count: Int, _ classes: Int, _ seed: UInt64, _ operation: String,
    _ place: (Int, inout Random) -> (Float, Float)
  ) throws(TensorError) -> Dataset {
    let count = try checkedCount(count, operation)
    var coordinates: [Float] = []
    coordinates.reserveCapacity(2 * count)
    for number in 0..<count {
      var random = Random(seed: seed, number: number)
      let (x, y) = place(number % classes, &random)
      coordinates += [x, y]
    }
    let labels = (0..<count).map { Int32($0 % classes) }
    return try Dataset(
      inputs: Values(coordinates, shape: [count, 2]), targets: Values(labels, shape: [count]))
  }
}

func checkedCount(_ count: Int, _ operation: String) throws(TensorError) -> Int {
  guard count >= 0, count <= Int(Int32.max) else {
    throw TensorError(.argument, operation, "there cannot be \(count) examples")
  }
  return count
}
