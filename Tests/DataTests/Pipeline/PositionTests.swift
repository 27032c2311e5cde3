import Data
import Geometry
import Testing

@Suite struct PositionTests {
  struct Pipeline: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let data: Dataset<[Int]>
  }

  static let source = Dataset(Array(0..<103))
  static let stream = Dataset<Int>.generated { epoch in
    var number = epoch * 1000
    return {
      number += 1
      return number % 1000 <= 103 ? number : nil
    }
  }

  static let pipelines: [Pipeline] = [
    Pipeline(testDescription: "array", data: source.chunked(4)),
    Pipeline(testDescription: "shuffled", data: source.shuffled(seed: 3).chunked(4)),
    Pipeline(testDescription: "buffer", data: source.shuffled(buffer: 10, seed: 3).chunked(7)),
    Pipeline(
      testDescription: "workers",
      data: source.shuffled(seed: 3).map(seed: 5, workers: 3) { $0 + $1.below(1000) }
        .chunked(5).prefetched(3, workers: 2)),
    Pipeline(
      testDescription: "filter",
      data: source.map(workers: 2) { $0 * 3 }.filter { $0 % 2 == 0 }.shuffled(seed: 2).chunked(4)
        .prefetched()),
    Pipeline(
      testDescription: "stream",
      data: stream.shuffled(buffer: 16, seed: 9).map(seed: 1, workers: 2) { $0 + $1.below(9) }
        .chunked(4).prefetched(4)),
  ]

  @Test(arguments: pipelines) func continuesExactlyFromEachPosition(_ pipeline: Pipeline) throws {
    let iterator = try pipeline.data.makeIterator(epoch: 2)
    var positions = [iterator.position]
    var elements: [[Int]] = []
    while let element = try iterator.next() {
      elements.append(element)
      positions.append(iterator.position)
    }
    #expect(elements.count > 10)
    for (number, position) in positions.enumerated() {
      let read = try #require(DataPosition(position.description))
      #expect(read == position)
      let rest = try pipeline.data.makeIterator(from: read)
      var seen: [[Int]] = []
      while let element = try rest.next() { seen.append(element) }
      #expect(seen == Array(elements[number...]))
      #expect(rest.position == positions.last)
    }
  }

  @Test func positionsAreReadStrictly() {
    #expect(DataPosition("3:1024") == DataPosition(epoch: 3, number: 1024))
    for text in ["", "3", "3:", ":4", "3:4:5", "-1:2", "+1:2", " 1:2", "1:99999999999999999999"] {
      #expect(DataPosition(text) == nil, "\(text)")
    }
  }

  @Test func aPositionOfAnotherDataSetIsAnError() throws {
    let error = #expect(throws: TensorError.self) {
      try Self.source.makeIterator(from: DataPosition(epoch: 0, number: 104))
    }
    #expect(error?.kind == .argument)
  }
}
