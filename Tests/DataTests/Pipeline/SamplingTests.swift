import Data
import Geometry
import Tensors
import Testing

@Suite struct SamplingTests {
  @Test func elementsComeAsOftenAsTheirWeightsSay() throws {
    let data = try Dataset(["a", "b", "c", "d"])
      .sampled(weights: [1, 0, 2, 5], count: 8000, seed: 4)
    let drawn = try data.elements()
    #expect(drawn.count == 8000)
    for (name, share) in [("a", 1000), ("b", 0), ("c", 2000), ("d", 5000)] {
      let count = drawn.count { $0 == name }
      #expect(abs(count - share) <= (share == 0 ? 0 : 200), "\(name): \(count)")
    }
    #expect(try data.elements(epoch: 1) != drawn)
    #expect(try data.elements(epoch: 0) == drawn)
  }

  @Test func classesAreBalanced() throws {
    let labels = (0..<1000).map { Int32($0 % 100 == 0 ? 1 : $0 % 50 == 1 ? 2 : 0) }
    let data = try Dataset(
      inputs: Values(labels.map { Float($0) }, shape: [1000, 1]),
      targets: Values(labels, shape: [1000]))
    let drawn = try data.balanced(count: 3000, seed: 1).batched(3000).elements()[0]
    let classes = try drawn.targets[0].scalars()
    for label in 0..<3 { #expect((900...1100).contains(classes.count { $0 == Float(label) })) }
    #expect(try drawn.inputs[0].scalars() == classes)
  }

  @Test func setsAreMixedByWeight() throws {
    let mixed = try Dataset.mixed(
      [Dataset([0]).repeated(), Dataset([1]).repeated()], weights: [3, 1], seed: 2)
    let drawn = try mixed.take(4000).elements()
    #expect((2850...3150).contains(drawn.count { $0 == 0 }))
    #expect(try mixed.take(4000).prefetched(3, workers: 2).elements() == drawn)
  }

  @Test func rejectsWeightsThatMeanNothing() throws {
    let data = Dataset([1, 2])
    for weights in [[1, -1], [0, 0], [.nan, 1], [1, 2, 3], []] as [[Double]] {
      #expect(throws: TensorError.self) { try data.sampled(weights: weights, seed: 0) }
    }
  }

  @Test func brokenElementsAreSkippedAndCounted() throws {
    struct Broken: Error {}
    for workers in [1, 3] {
      let skipped = SkippedErrors()
      let data = Dataset(Array(0..<100)).map(workers: workers) { number in
        if number % 10 == 7 { throw Broken() }
        return number
      }.skippingErrors(skipped).chunked(9)
      #expect(try data.elements().flatMap { $0 } == (0..<100).filter { $0 % 10 != 7 })
      #expect(skipped.count == 10)
      #expect(skipped.errors[3].description.contains("element 37"))
      let strict = Dataset(Array(0..<100)).map { number in
        if number % 10 == 7 { throw Broken() }
        return number
      }.skippingErrors(limit: 2)
      let error = #expect(throws: TensorError.self) { try strict.elements() }
      #expect(error?.description.contains("element 27") == true)
    }
  }

  @Test func examplesAreCheckedAgainstTheirSignature() throws {
    let data = Dataset(Array(1..<6)).map { number in
      Example(input: Values([Float](repeating: 0, count: number == 4 ? 3 : 2)))
    }
    #expect(try data.checked(inputs: [ValuesSignature([nil])]).elements().count == 5)
    let error = #expect(throws: TensorError.self) {
      try data.checked(inputs: [ValuesSignature([2])]).elements()
    }
    #expect(error?.description.contains("element 3") == true)
    #expect(error?.description.contains("[3] float32, declared is [2] float32") == true)
    #expect(throws: TensorError.self) {
      try data.checked(inputs: [ValuesSignature([nil], .int32)]).elements()
    }
  }
}
