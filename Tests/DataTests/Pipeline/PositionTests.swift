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
    for text in ["", "3", "3:", ":4", "3:4:", "-1:2", "+1:2", " 1:2", "1:99999999999999999999"] {
      #expect(DataPosition(text) == nil, "\(text)")
    }
  }

  @Test func aPositionOfAnotherDataSetIsAnError() throws {
    let error = #expect(throws: TensorError.self) {
      try Self.source.makeIterator(from: DataPosition(epoch: 0, number: 104))
    }
    #expect(error?.kind == .argument)
  }

  private static func batches(
    _ count: Int = 40, seed: UInt64 = 1, size: Int = 4, flip: UInt64 = 5
  ) throws -> Dataset<Batch> {
    let pictures = try Values([Float](repeating: 0, count: count * 4), shape: [count, 2, 2, 1])
    return try Dataset(inputs: pictures).shuffled(seed: seed).prepared(RandomFlip(seed: flip))
      .batched(size)
  }

  /// A position of `batches()` in the middle of an epoch, as a checkpoint holds it.
  private func position() throws -> DataPosition {
    let iterator = try Self.batches().makeIterator()
    for _ in 0..<3 { _ = try iterator.next() }
    return try #require(DataPosition(iterator.position.description))
  }

  @Test func aPositionOfAnotherPipelineIsRefusedWithWhatDiffers() throws {
    let position = try position()
    let others: [(Dataset<Batch>, String)] = [
      (try Self.batches(44), #"step 1 is "44 examples of [2, 2, 1] float32", there it was "40"#),
      (try Self.batches(seed: 2), #"step 2 is "shuffled seed 2", there it was "shuffled seed 1""#),
      (try Self.batches(flip: 6), #"step 3 is "prepared RandomFlip("#),
      (try Self.batches(size: 5), #"step 4 is "batched 5", there it was "batched 4""#),
      (
        try Dataset(inputs: Values([Float](repeating: 0, count: 160), shape: [40, 2, 2, 1]))
          .prepared(RandomFlip(seed: 5)).shuffled(seed: 1).batched(4),
        #"step 2 is "prepared RandomFlip("#
      ),
      (
        try Self.batches().take(8), #"step 5 is "take 8", there it was missing"#
      ),
      (
        try Dataset(inputs: Values([Float](repeating: 0, count: 160), shape: [40, 2, 2, 1]))
          .shuffled(seed: 1).batched(4), #"step 3 is "batched 4", there it was "prepared"#
      ),
    ]
    for (data, expected) in others {
      let error = #expect(throws: TensorError.self) { try data.makeIterator(from: position) }
      #expect(error?.kind == .argument)
      #expect(error?.detail.contains(expected) == true, "\(error?.detail ?? "")")
    }
  }

  @Test func threadsAndPrefetchingMayDiffer() throws {
    let iterator = try Self.batches().prefetched(3, workers: 2).makeIterator(from: position())
    #expect(iterator.position.number == 3)
    let plain = try Self.batches().makeIterator(from: DataPosition("0:3") ?? iterator.position)
    #expect(try plain.next()?.count == iterator.next()?.count)
  }

  /// Each of these gives other elements, or in another order, than all the others.
  @Test func pipelinesThatDifferHaveOutlinesThatDiffer() throws {
    let data = Self.source
    let pipelines: [Dataset<Int>] = [
      data, Dataset(Array(0..<102)), Dataset(count: 101) { $0 }, Self.stream,
      data.shuffled(seed: 1), data.shuffled(seed: 2), data.shuffled(buffer: 5, seed: 1),
      data.shuffled(seed: 1, anew: false), data.take(5), data.take(6), data.skip(5),
      try data.shard(0, of: 2), try data.shard(1, of: 2), try data.shard(1, of: 3),
      try data.selected([1, 2]), try data.selected([2, 1]), data.repeated(), data.repeated(2),
      data.filter { $0 > 1 }, data.map { $0 + 1 }, data.map(seed: 1) { $0 + $1.below(2) },
      data.map(seed: 2) { $0 + $1.below(2) }, data.flatMap { Dataset([$0, $0]) },
      data.concatenated(with: data), data.concatenated(with: data.shuffled(seed: 1)),
      zip(data, data).map { $0 + $1 }, zip(data, data.take(4)).map { $0 + $1 },
      try data.sampled(weights: data.elements().map(Double.init), seed: 1),
      try data.sampled(weights: data.elements().map { Double(103 - $0) }, seed: 1),
      try data.sampled(weights: data.elements().map(Double.init), seed: 2),
      try data.sampled(weights: data.elements().map(Double.init), count: 7, seed: 1),
      data.balanced(seed: 1) { $0 % 2 }, data.balanced(seed: 2) { $0 % 2 },
      data.balanced(count: 5, seed: 1) { $0 % 2 },
      try .mixed([data, data], seed: 1), try .mixed([data, data], weights: [1, 2], seed: 1),
      data.shuffled(seed: 1).cached(), data.skippingErrors(),
      try data.window(2).map { $0[0] }, try data.window(2, shift: 1).map { $0[0] },
      try data.window(2, stride: 2).map { $0[0] },
      try data.window(2, dropRemainder: false).map { $0[0] },
      data.chunked(2).map { $0[0] }, data.chunked(2, dropRemainder: true).map { $0[0] },
      try data.bucketed(2, boundaries: [5]) { $0 }.map { $0[0] },
      try data.bucketed(3, boundaries: [5]) { $0 }.map { $0[0] },
      try data.bucketed(3, boundaries: [6]) { $0 }.map { $0[0] },
    ]
    var seen: Set<String> = []
    for pipeline in pipelines {
      let text = try pipeline.makeIterator().position.description
      #expect(seen.insert(text).inserted, "\(text)")
      #expect(try pipeline.makeIterator().position.description == text)
    }
  }
}
