import Data
import Geometry
import Testing

@Suite struct MadeTests {
  static let sets: [(String, @Sendable (UInt64) throws -> Dataset<Example>)] = [
    ("blobs", { try .blobs(count: 60, seed: $0) }), ("moons", { try .moons(count: 60, seed: $0) }),
    ("circles", { try .circles(count: 60, seed: $0) }),
    ("spirals", { try .spirals(count: 60, seed: $0) }), ("xor", { try .xor(count: 60, seed: $0) }),
    ("digits", { try .drawnDigits(count: 60, seed: $0) }),
    ("shapes", { try .drawnShapes(count: 60, seed: $0) }),
    ("sines", { try .sineSeries(count: 60, seed: $0) }),
    ("copy", { try .copyTask(count: 60, seed: $0) }),
    ("reverse", { try .reverseTask(count: 60, seed: $0) }),
  ]

  @Test func seedsDecide() throws {
    for (name, make) in Self.sets {
      let one = try make(1).elements()
      let again = try make(1).elements()
      let other = try make(2).elements()
      #expect(one.count == 60, "\(name)")
      #expect(one.map { $0.inputs[0].floats } == again.map { $0.inputs[0].floats }, "\(name)")
      #expect(one.map { $0.inputs[0].floats } != other.map { $0.inputs[0].floats }, "\(name)")
      #expect(one.allSatisfy { $0.inputs[0].floats.allSatisfy(\.isFinite) }, "\(name)")
    }
  }

  @Test func pointsLieWhereTheirClassIs() throws {
    for example in try Dataset.xor(count: 200, seed: 1).elements() {
      let point = example.inputs[0].floats
      #expect((point[0] * point[1] < 0) == (example.label == 1))
    }
    for example in try Dataset.circles(count: 200, noise: 0, seed: 1).elements() {
      let point = example.inputs[0].floats
      let radius = (point[0] * point[0] + point[1] * point[1]).squareRoot()
      #expect(abs(radius - (example.label == 0 ? 1 : 0.5)) < 1e-5)
    }
  }

  @Test func tasksHaveTheirAnswers() throws {
    for example in try Dataset.copyTask(count: 20, seed: 3).elements() {
      #expect(example.targets[0].integers == example.inputs[0].integers)
      #expect(example.inputs[0].integers.allSatisfy { (1...10).contains($0) })
    }
    for example in try Dataset.reverseTask(count: 20, length: 5, seed: 3).elements() {
      #expect(example.targets[0].integers == example.inputs[0].integers.reversed())
    }
    let series = try Dataset.sineSeries(count: 3, window: 9, noise: 0, seed: 1).elements()[0]
    #expect(series.inputs[0].shape == [9, 1] && series.targets[0].shape == [1])
  }

  @Test func shapesShowAllClasses() throws {
    let data = try Dataset.drawnShapes(count: 40, size: 24, seed: 2)
    let classes = try data.elements().flatMap { $0.targets[0].integers }
    for kind in 0..<4 { #expect(classes.contains(kind)) }
    #expect(classes.count { $0 == 0 } > classes.count / 3)
  }

  /// Hard enough that something must be learnt: a nearest mean image errs, neighbours do not.
  @Test func digitsAreLearnable() throws {
    let data = try Dataset.drawnDigits(count: 4500, seed: 7).prepared(Rescale(1 / 255))
    let examples = try data.elements()
    let images = examples.map { $0.inputs[0].floats }
    let labels = examples.map { $0.label ?? -1 }
    func distance(_ one: [Float], _ other: [Float]) -> Float {
      one.withUnsafeBufferPointer { one in
        other.withUnsafeBufferPointer { other in
          var sum = SIMD8<Float>()
          for start in stride(from: 0, to: 784, by: 8) {
            for lane in 0..<8 {
              let step = one[start + lane] - other[start + lane]
              sum[lane] += step * step
            }
          }
          return sum.sum()
        }
      }
    }
    var means = (0..<10).map { _ in [Float](repeating: 0, count: 784) }
    for number in 0..<4000 {
      for place in 0..<784 { means[labels[number]][place] += images[number][place] / 400 }
    }
    var byMean = 0
    var byNeighbour = 0
    for number in 4000..<4300 {
      let nearest = (0..<10).min {
        distance(means[$0], images[number]) < distance(means[$1], images[number])
      }
      if nearest == labels[number] { byMean += 1 }
      var best = (Float.infinity, -1)
      for other in 0..<4000 {
        let length = distance(images[other], images[number])
        if length < best.0 { best = (length, labels[other]) }
      }
      if best.1 == labels[number] { byNeighbour += 1 }
    }
    print("drawn digits: \(byMean) of 300 by the nearest mean, \(byNeighbour) by neighbours")
    #expect((150...260).contains(byMean), "\(byMean) of 300 by the nearest mean")
    #expect(byNeighbour >= 270, "\(byNeighbour) of 300 by the nearest neighbour")
  }

  @Test func rejectsSetsThatCannotBe() {
    #expect(throws: TensorError.self) { try Dataset.blobs(count: -1, seed: 0) }
    #expect(throws: TensorError.self) { try Dataset.spirals(count: 9, classes: 0, seed: 0) }
    #expect(throws: TensorError.self) { try Dataset.sineSeries(count: 9, window: 0, seed: 0) }
    #expect(throws: TensorError.self) { try Dataset.copyTask(count: 9, tokens: 0, seed: 0) }
    #expect(throws: TensorError.self) { try Dataset.drawnShapes(count: 9, size: 0, seed: 0) }
  }
}
