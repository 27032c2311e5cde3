import Data
import Geometry
import Tensors
import Testing

@Suite struct ImageTests {
  static let image = try? Values([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 2, 3, 1])

  static func prepared(_ step: any Preparation) throws -> [Float] {
    let image = try #require(Self.image)
    return try Dataset(inputs: image).prepared(step).elements()[0].inputs[0].floats
  }

  @Test func imagesAreMirrored() throws {
    #expect(try Self.prepared(RandomFlip(probability: 1, seed: 0)) == [3, 2, 1, 6, 5, 4])
    #expect(
      try Self.prepared(RandomFlip(.vertical, probability: 1, seed: 0)) == [4, 5, 6, 1, 2, 3])
    #expect(try Self.prepared(RandomFlip(probability: 0, seed: 0)) == [1, 2, 3, 4, 5, 6])
  }

  @Test func aMirroredSignChangesItsClass() throws {
    let count = 200
    let pixels = (0..<count).flatMap { _ in [1, 0] as [Float] }
    let labels = (0..<count).map { Int32($0 % 3) }
    let data = try Dataset(
      inputs: Values(pixels, shape: [count, 1, 2, 1]), targets: Values(labels, shape: [count]))
    let flip = RandomFlip(seed: 5, classes: [0: 1, 1: 0])
    let numbers = try data.prepared(flip).elements()
    let oneHot = try data.prepared(OneHot(classes: 3), flip).elements()
    var flipped = 0
    for number in 0..<count {
      let isFlipped = numbers[number].inputs[0].floats == [0, 1]
      if isFlipped { flipped += 1 }
      let label = number % 3
      let expected = isFlipped && label < 2 ? 1 - label : label
      #expect(numbers[number].label == expected)
      #expect(oneHot[number].label == expected)
      #expect(oneHot[number].targets[0].floats.reduce(0, +) == 1)
    }
    #expect((60...140).contains(flipped))
  }

  @Test func imagesAreTurnedAndShifted() throws {
    #expect(try Self.prepared(RandomAffine(seed: 1)) == [1, 2, 3, 4, 5, 6])
    let pixels = (0..<49).map { Float($0 == 10 ? 1 : 0) }
    let data = try Dataset(inputs: Values(pixels, shape: [1, 7, 7, 1])).repeated(40)
    // Whatever moves, the ink stays: the pixel is never turned out of the image.
    for image in try data.prepared(RandomAffine.rotation(25, seed: 3)).elements() {
      #expect(abs(image.inputs[0].floats.reduce(0, +) - 1) < 0.25)
    }
    let turned = try data.prepared(RandomAffine.rotation(25, seed: 3)).elements().map {
      $0.inputs[0].floats
    }
    #expect(Set(turned).count == 40)
    for image in try data.prepared(RandomAffine.translation(0.1, seed: 3)).elements() {
      #expect(abs(image.inputs[0].floats.reduce(0, +) - 1) < 1e-3)
    }
    let large = try data.prepared(RandomAffine.zoom(1.4...1.4, seed: 3)).elements()[0].inputs[0]
      .floats
    #expect(large.reduce(0, +) > 1.5)
    #expect(throws: TensorError.self) {
      try data.prepared(RandomAffine.zoom(0...1, seed: 3)).elements()
    }
  }

  @Test func masksGoAlongAndStayClasses() throws {
    let data = try Dataset.drawnShapes(count: 10, seed: 1).map { example in
      Example(
        input: example.inputs[0], target: try example.targets[0].reshaped([32, 32, 1]))
    }
    let steps: [any Preparation] = [
      RandomFlip(seed: 1, withTargets: true),
      RandomAffine(degrees: 20, zoom: 0.8...1.2, shift: 0.1, seed: 2, withTargets: true),
      Crop(24, 24, seed: 3, withTargets: true),
    ]
    for example in try data.prepared(steps).elements() {
      let classes = example.targets[0].integers
      #expect(example.targets[0].shape == [24, 24, 1])
      #expect(classes.allSatisfy { (0...3).contains($0) })
      // Shapes are brighter than the ground, still.
      let pixels = example.inputs[0].floats
      let marked = classes.indices.filter { classes[$0] > 0 && pixels[$0] > 0.45 }.count
      #expect(marked * 10 >= classes.count { $0 > 0 } * 7)
    }
  }

  @Test func cropsAreCutOut() throws {
    #expect(try Self.prepared(Crop(1, 1)) == [2])
    #expect(try Self.prepared(Crop(2, 1)) == [2, 5])
    let padded = try Self.prepared(Crop(4, 5, padding: 1))
    #expect(padded == [0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0])
    let image = try #require(Self.image)
    let crops = try Dataset(inputs: image).repeated(100).prepared(Crop(1, 2, seed: 4)).elements()
    #expect(Set(crops.map { $0.inputs[0].floats }) == [[1, 2], [2, 3], [4, 5], [5, 6]])
    #expect(throws: TensorError.self) { try Self.prepared(Crop(3, 1)) }
  }

  @Test func lightChanges() throws {
    let brighter = try Self.prepared(RandomBrightness(0.5, seed: 2))
    let change = brighter[0] - 1
    #expect(change != 0 && abs(change) <= 0.5)
    for (place, pixel) in brighter.enumerated() {
      #expect(abs(pixel - Float(place + 1) - change) < 1e-5)
    }
    let contrast = try Self.prepared(RandomContrast(0.5, seed: 2))
    #expect(abs(contrast.reduce(0, +) - 21) < 1e-4)
    let factor = contrast[5] - contrast[4]
    #expect((0.5...1.5).contains(factor) && factor != 1)
    let bytes = try Values([250, 5, 128, 0] as [UInt8], shape: [1, 2, 2, 1])
    let light = try Dataset(inputs: bytes).repeated(50).prepared(RandomBrightness(90, seed: 1))
    for example in try light.elements() { #expect(example.inputs[0].scalarType == .uint8) }
  }

  @Test func noiseHasItsDeviation() throws {
    let zeros = try Values([Float](repeating: 0, count: 40_000), shape: [4, 10_000])
    let noise = try Dataset(inputs: zeros).prepared(RandomNoise(0.5, seed: 1)).elements()
      .flatMap { $0.inputs[0].floats }
    let mean = noise.reduce(0, +) / 40_000
    let square = noise.reduce(0) { $0 + $1 * $1 } / 40_000
    #expect(abs(mean) < 0.015)
    #expect(abs(square - 0.25) < 0.01)
  }

  @Test func aSquareIsCutOut() throws {
    let ones = try Values([Float](repeating: 1, count: 100), shape: [1, 10, 10, 1])
    for example in try Dataset(inputs: ones).repeated(30).prepared(Cutout(4, seed: 1)).elements() {
      let missing = example.inputs[0].floats.count { $0 == 0 }
      #expect((4...16).contains(missing))
    }
  }

  @Test func samplesAreMixed() throws {
    let data = try Dataset(
      inputs: Values((0..<40).map { Float($0) }, shape: [40, 1]),
      targets: Values((0..<40).map { Int32($0) }, shape: [40]))
    let batches = data.prepared(OneHot(classes: 40)).batched(8).mixedUp(alpha: 0.4, seed: 3)
    for batch in try batches.elements() {
      let inputs = try batch.inputs[0].scalars()
      let targets = try batch.targets[0].scalars()
      for row in 0..<8 {
        let shares = Array(targets[row * 40..<(row + 1) * 40])
        #expect(abs(shares.reduce(0, +) - 1) < 1e-5)
        let mixed = zip(0..., shares).reduce(0) { $0 + Float($1.0) * $1.1 }
        #expect(abs(mixed - inputs[row]) < 1e-3)
      }
    }
    let first = try batches.elements()[0].inputs[0].scalars()
    #expect(first.contains { $0 != $0.rounded() })
    #expect(try batches.prefetched(2, workers: 2).elements()[0].inputs[0].scalars() == first)
    #expect(throws: TensorError.self) { try data.batched(4).mixedUp(seed: 1).elements() }
  }

  @Test func rejectsWhatIsNoImage() throws {
    let row = try Dataset(inputs: Values([1, 2] as [Float], shape: [1, 2]))
    let steps: [any Preparation] = [
      RandomFlip(seed: 1), RandomAffine(seed: 1), Crop(1, 1), Cutout(2, seed: 1),
      RandomBrightness(1, seed: 1),
    ]
    for step in steps {
      let error = #expect(throws: TensorError.self) { try row.prepared(step).elements() }
      #expect(error?.kind == .shape)
    }
  }
}
