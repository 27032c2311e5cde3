import Data
import Geometry
import Tensors
import Testing

@Suite struct BatchingTests {
  static func block(_ count: Int) throws -> ExampleBlock {
    let inputs = try Values((0..<count * 6).map { Float($0) }, shape: [count, 3, 2])
    let targets = try Values((0..<count).map { Int32($0) }, shape: [count])
    return try ExampleBlock(inputs: [inputs], targets: [targets])
  }

  @Test(arguments: [1, 3, 7, 10, 11]) func batchesHoldTheExamplesInOrder(_ size: Int) throws {
    let data = Dataset(try Self.block(10)).batched(size)
    let batches = try data.elements()
    #expect(data.count == batches.count)
    #expect(batches.map(\.count).reduce(0, +) == 10)
    #expect(batches.dropLast().allSatisfy { $0.count == size })
    var inputs: [Float] = []
    var targets: [Int32] = []
    for batch in batches {
      #expect(Array(batch.inputs[0].shape) == [batch.count, 3, 2])
      #expect(Array(batch.targets[0].shape) == [batch.count])
      #expect(batch.inputs[0].device == .cpu)
      inputs += try batch.inputs[0].scalars()
      targets += try batch.targets[0].scalars(as: Int32.self)
    }
    #expect(inputs == (0..<60).map(Float.init))
    #expect(targets == (0..<10).map(Int32.init))
  }

  @Test(arguments: [1, 3, 7, 10, 11]) func aRemainderMayBeDropped(_ size: Int) throws {
    let data = Dataset(try Self.block(10)).batched(size, dropRemainder: true)
    #expect(data.count == 10 / size)
    #expect(try data.elements().allSatisfy { $0.count == size })
    #expect(try data.elements().count == 10 / size)
    let stream = Dataset(try Self.block(10)).filter { _ in true }.batched(size, dropRemainder: true)
    #expect(try stream.elements().count == 10 / size)
  }

  @Test func columnsAndSingleExamplesGiveTheSameBatches() throws {
    let block = try Self.block(10)
    let columns = Dataset(block).shuffled(seed: 8)
    let single = Dataset(block).map { $0 }.shuffled(seed: 8)
    let stream = Dataset(block).filter { _ in true }.shuffled(seed: 8)
    for epoch in 0..<3 {
      let expected = try columns.batched(4).elements(epoch: epoch)
      for other in [single, stream] {
        let batches = try other.batched(4).elements(epoch: epoch)
        #expect(batches.count == expected.count)
        for (batch, expected) in zip(batches, expected) {
          #expect(try batch.inputs[0].scalars() == expected.inputs[0].scalars())
          #expect(try batch.targets[0].scalars() == expected.targets[0].scalars())
        }
      }
    }
  }

  @Test func weightsComeAlong() throws {
    let inputs = try Values([1, 2, 3] as [Float], shape: [3, 1])
    let batch = try Dataset(inputs: inputs, weights: [0.5, 1, 2]).batched(2).elements()
    #expect(try batch[0].weights?.scalars() == [0.5, 1])
    #expect(try batch[1].weights?.scalars() == [2])
  }

  @Test func tensorsAreASource() throws {
    let images = try Tensor((0..<8).map { Float($0) }, shape: [4, 2])
    let labels = try Tensor([3, 2, 1, 0] as [Int32], shape: [4])
    let batch = try Dataset(inputs: images, targets: labels).batched(4).elements()[0]
    #expect(try batch.inputs[0].scalars() == images.scalars())
    #expect(try batch.targets[0].scalars(as: Int32.self) == [3, 2, 1, 0])
  }

  @Test func rejectsBatchesOfNothing() throws {
    for size in [0, -3] {
      let data = Dataset(try Self.block(10)).batched(size)
      let error = #expect(throws: TensorError.self) { try data.makeIterator() }
      #expect(error?.kind == .argument)
    }
  }

  @Test func rejectsExamplesOfDifferentShapes() throws {
    let shapes = [2, 3].map { Example(input: Values([Float](repeating: 0, count: $0))) }
    let error = #expect(throws: TensorError.self) {
      try Dataset(shapes).batched(2).elements()
    }
    #expect(error?.kind == .shape)
    #expect(error?.description.contains("[2] float32 and [3] float32") == true)
  }

  @Test func rejectsColumnsOfDifferentLengths() throws {
    let inputs = try Values([1, 2, 3] as [Float], shape: [3, 1])
    #expect(throws: TensorError.self) {
      try Dataset(inputs: inputs, targets: Values([1, 2] as [Float], shape: [2]))
    }
    #expect(throws: TensorError.self) { try Dataset(inputs: inputs, weights: [1]) }
    #expect(throws: TensorError.self) { try Dataset(inputs: inputs, targets: Values(Float(1))) }
  }
}
