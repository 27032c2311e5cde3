import Data
import Geometry
import Tensors
import Testing

@Suite struct PaddingTests {
  static let sentences = Dataset([3, 1, 2, 5, 4, 9, 1]).map { length in
    Example(
      input: try Values((0..<length).map { Int32($0 + 1) }, shape: [length]),
      target: Values(Int32(length)))
  }

  @Test func shorterSequencesAreFilledUp() throws {
    let batches = try Self.sentences.paddedBatch(3, fill: -1).elements()
    #expect(batches.map { Array($0.inputs[0].shape) } == [[3, 3], [3, 9], [1, 1]])
    #expect(try batches[0].inputs[0].scalars() == [1, 2, 3, 1, -1, -1, 1, 2, -1])
    #expect(try batches[0].targets[0].scalars() == [3, 1, 2])
    #expect(batches[0].inputs[0].scalarType == .int32)
  }

  @Test func lengthsOrAMaskComeAlong() throws {
    let lengths = try Self.sentences.paddedBatch(3, adding: .lengths).elements()
    #expect(try lengths[1].inputs[1].scalars() == [5, 4, 9])
    let masked = try Self.sentences.paddedBatch(3, length: 4, adding: .mask, dropRemainder: true)
      .take(1).elements()
    #expect(Array(masked[0].inputs[1].shape) == [3, 4])
    #expect(masked[0].inputs[1].scalarType == .bool)
    #expect(try masked[0].inputs[1].scalars() == [1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0])
  }

  @Test func everyAxisIsFilled() throws {
    let images = try [
      Example(input: Values([1, 2, 3, 4] as [Float], shape: [2, 2])),
      Example(input: Values([5, 6, 7] as [Float], shape: [1, 3])),
    ]
    let batch = try Dataset(images).paddedBatch(2, fill: 9).elements()[0]
    #expect(try batch.inputs[0].scalars() == [1, 2, 9, 3, 4, 9, 5, 6, 7, 9, 9, 9])
  }

  @Test func rejectsSequencesLongerThanTheLength() throws {
    let error = #expect(throws: TensorError.self) {
      try Self.sentences.paddedBatch(7, length: 5).elements()
    }
    #expect(error?.description.contains("9 steps, more than the 5") == true)
  }

  @Test func bucketsHoldSimilarLengths() throws {
    let groups = try Self.sentences.bucketed(2, boundaries: [2, 4]).elements()
    #expect(groups.map { $0.map { $0.label ?? 0 } } == [[1, 2], [3, 4], [5, 9], [1]])
    let batches = try Self.sentences.bucketed(2, boundaries: [2, 4]).padded().elements()
    #expect(batches.map { $0.inputs[0].shape[1] } == [2, 4, 9, 1])
    #expect(throws: TensorError.self) { try Self.sentences.bucketed(2, boundaries: [4, 2]) }
  }
}
