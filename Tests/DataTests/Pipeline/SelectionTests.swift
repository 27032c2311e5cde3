import Data
import Geometry
import Tensors
import Testing

/// Each step on elements that can be had by number and on a stream of the same elements.
@Suite struct SelectionTests {
  static let array = Dataset(Array(0..<23))
  static let stream = Dataset<Int>.generated { _ in
    var number = -1
    return {
      number += 1
      return number < 23 ? number : nil
    }
  }

  @Test(arguments: [0, 1, 7, 23, 40, -2]) func takeAndSkipPartThePass(_ count: Int) throws {
    for data in [Self.array, Self.stream] {
      let head = try data.take(count).elements()
      let tail = try data.skip(count).elements()
      #expect(head == Array((0..<23).prefix(max(0, count))))
      #expect(head + tail == Array(0..<23))
    }
    #expect(Self.array.take(count).count == min(23, max(0, count)))
    #expect(Self.array.skip(count).count == 23 - min(23, max(0, count)))
  }

  @Test(arguments: 1...6) func sharesHaveEachElementOnce(_ count: Int) throws {
    for data in [Self.array, Self.stream] {
      var all: [Int] = []
      for index in 0..<count {
        let share = try data.shard(index, of: count)
        let elements = try share.elements()
        #expect(elements.allSatisfy { $0 % count == index })
        if let known = share.count { #expect(known == elements.count) }
        all += elements
      }
      #expect(all.sorted() == Array(0..<23))
    }
    #expect(throws: TensorError.self) { try Self.array.shard(count, of: count) }
  }

  @Test(arguments: [(1, 1, 1), (3, 1, 1), (4, 2, 1), (3, 3, 2), (2, 5, 1), (2, 1, 4), (30, 1, 1)])
  func windowsBeginWhereTheyShould(_ size: Int, _ shift: Int, _ stride: Int) throws {
    for drops in [true, false] {
      var expected: [[Int]] = []
      for start in Swift.stride(from: 0, to: 23, by: shift) {
        let window = (0..<size).map { start + $0 * stride }.filter { $0 < 23 }
        if !drops || window.count == size { expected.append(window) }
      }
      for data in [Self.array, Self.stream] {
        let windows = try data.window(size, shift: shift, stride: stride, dropRemainder: drops)
        #expect(try windows.elements() == expected)
        if let count = windows.count { #expect(count == expected.count) }
      }
    }
  }

  @Test func concatenationAndPairsKeepTheOrder() throws {
    let letters = Dataset(["a", "b", "c"])
    for data in [Self.array, Self.stream] {
      let both = data.concatenated(with: Self.array.take(2))
      #expect(try both.elements() == Array(0..<23) + [0, 1])
      let pairs = try zip(data.skip(5), letters).elements()
      #expect(pairs.map(\.0) == [5, 6, 7])
      #expect(pairs.map(\.1) == ["a", "b", "c"])
    }
    #expect(zip(Self.array, letters).count == 3)
  }

  @Test func repetitionsAreShuffledAnew() throws {
    for data in [Self.array, Self.stream] {
      let elements = try data.shuffled(seed: 3).repeated(3).elements(epoch: 1)
      let passes = try (3..<6).map { try data.shuffled(seed: 3).elements(epoch: $0) }
      #expect(elements == passes.flatMap { $0 })
      #expect(Set(passes).count == 3)
      let endless = try data.repeated().makeIterator()
      for number in 0..<100 { #expect(try endless.next() == number % 23) }
      #expect(try data.repeated(0).elements().isEmpty)
      #expect(try data.take(0).repeated().elements().isEmpty)
    }
    #expect(Self.array.repeated(3).count == 69)
    #expect(Self.array.repeated().count == nil)
  }

  @Test func batchesGoAcrossRepetitions() throws {
    let block = try BatchingTests.block(10)
    let batches = try Dataset(block).shuffled(seed: 1).repeated(2).batched(8).elements()
    #expect(batches.map(\.count) == [8, 8, 4])
    let labels = try batches.flatMap { try $0.targets[0].scalars() }
    #expect(labels[..<10].sorted() == (0..<10).map(Float.init))
    #expect(labels[10...].sorted() == (0..<10).map(Float.init))
    let single = try Dataset(block).map { $0 }.shuffled(seed: 1).repeated(2).elements()
    #expect(single.map { Float($0.label ?? -1) } == labels)
  }

  @Test func concatenatedColumnsAreBatchedAsOne() throws {
    let block = try BatchingTests.block(10)
    let data = Dataset(block).take(3).concatenated(with: Dataset(block).skip(7))
    let batch = try data.shuffled(seed: 2).batched(6).elements()[0]
    let singly = try data.map { $0 }.shuffled(seed: 2).elements()
    #expect(try batch.targets[0].scalars() == singly.map { Float($0.label ?? -1) })
    #expect(try batch.inputs[0].scalars() == singly.flatMap { $0.inputs[0].floats })
  }

  @Test func filesAreReadOneAfterTheOther() throws {
    let data = Dataset([3, 0, 2]).flatMap { count in
      Dataset((0..<count).map { count * 10 + $0 })
    }
    #expect(try data.elements() == [30, 31, 32, 20, 21])
    #expect(try data.prefetched(2, workers: 3).elements() == [30, 31, 32, 20, 21])
  }

  @Test func aChainOfStepsMayHaveAName() throws {
    func evenOnly(_ data: Dataset<Int>) -> Dataset<Int> { data.filter { $0 % 2 == 0 } }
    #expect(
      try Self.array.apply(evenOnly).elements() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22])
  }

  @Test func chosenElementsComeInTheOrderOfTheirNumbers() throws {
    #expect(try Self.array.selected([5, 5, 0, 22]).elements() == [5, 5, 0, 22])
    #expect(throws: TensorError.self) { try Self.array.selected([23]) }
    let error = #expect(throws: TensorError.self) { try Self.stream.selected([1]).elements() }
    #expect(error?.description.contains("stream") == true)
  }
}
