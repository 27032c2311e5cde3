internal import Geometry
internal import Tensors

/// Adds the same random number to all pixels of an image: between `-amount` and `amount`, in the
/// unit of the pixels.
public struct RandomBrightness: Preparation {
  let amount: Float
  let seed: UInt64

  public init(_ amount: Float, seed: UInt64) {
    self.amount = amount
    self.seed = Random.seed(seed, for: "brightness")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try block.changeImages("brightness", rows, seed: seed) { random, image in
      let change = random.uniform(-amount, amount)
      for index in image.pixels.indices { image.pixels[index] += change }
    }
  }
}

/// Multiplies the distance of each pixel to the mean of its image and channel by a random number
/// between `1 - amount` and `1 + amount`.
public struct RandomContrast: Preparation {
  let amount: Float
  let seed: UInt64

  public init(_ amount: Float, seed: UInt64) {
    self.amount = amount
    self.seed = Random.seed(seed, for: "contrast")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try block.changeImages("contrast", rows, seed: seed) { random, image in
      let factor = random.uniform(1 - amount, 1 + amount)
      for channel in 0..<image.channels {
        let places = stride(from: channel, to: image.pixels.count, by: image.channels)
        var sum = 0.0
        for place in places { sum += Double(image.pixels[place]) }
        let mean = Float(sum / Double(image.height * image.width))
        for place in places { image.pixels[place] = (image.pixels[place] - mean) * factor + mean }
      }
    }
  }
}

/// Adds normally distributed noise to the first input, which may have any shape.
public struct RandomNoise: Preparation {
  let deviation: Float
  let seed: UInt64

  public init(_ deviation: Float, seed: UInt64) {
    self.deviation = deviation
    self.seed = Random.seed(seed, for: "noise")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let input = block.inputs.first else { return }
    var numbers = input.floats
    let size = input.rowShape.count
    for row in 0..<input.rowCount {
      var random = rows.random(row, seed: seed)
      for place in row * size..<(row + 1) * size { numbers[place] += deviation * random.normal() }
    }
    block.inputs[0] = try Values(rounding: numbers, shape: input.shape, as: input.scalarType)
  }
}

/// Overwrites a square at a random place of each image; part of it may lie outside.
public struct Cutout: Preparation {
  let size: Int
  let fill: Float
  let seed: UInt64

  public init(_ size: Int, fill: Float = 0, seed: UInt64) {
    self.size = max(0, size)
    self.fill = fill
    self.seed = Random.seed(seed, for: "cutout")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try block.changeImages("cutout", rows, seed: seed) { random, image in
      let top = random.below(image.height) - size / 2
      let left = random.below(image.width) - size / 2
      for row in max(0, top)..<max(0, min(image.height, top + size)) {
        for column in max(0, left)..<max(0, min(image.width, left + size)) {
          for channel in 0..<image.channels { image[row, column, channel] = fill }
        }
      }
    }
  }
}
