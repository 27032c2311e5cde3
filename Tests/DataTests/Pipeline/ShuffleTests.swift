import Data
import Geometry
import Testing

@Suite struct ShuffleTests {
  static let numbers = Dataset(Array(0..<200))
  static let stream = Dataset<Int>.generated { _ in
    var number = -1
    return {
      number += 1
      return number < 200 ? number : nil
    }
  }

  @Test(arguments: [nil, 1, 2, 17, 199, 200, 500] as [Int?])
  func everyElementComesOnceInEachEpoch(_ buffer: Int?) throws {
    let data = Self.numbers.shuffled(buffer: buffer, seed: 4)
    #expect(data.count == 200)
    let first = try data.elements(epoch: 0)
    let second = try data.elements(epoch: 1)
    #expect(first.sorted() == Array(0..<200))
    #expect(second.sorted() == Array(0..<200))
    #expect((first == second) == (buffer == 1))
    #expect(try data.elements(epoch: 0) == first)
  }

  @Test(arguments: [nil, 1, 2, 17, 200] as [Int?])
  func streamsAndArraysAreShuffledAlike(_ buffer: Int?) throws {
    let array = try Self.numbers.shuffled(buffer: buffer, seed: 4).elements(epoch: 3)
    let stream = try Self.stream.shuffled(buffer: buffer, seed: 4).elements(epoch: 3)
    #expect(array == stream)
  }

  @Test func noElementComesEarlierThanTheBufferAllows() throws {
    let order = try Self.numbers.shuffled(buffer: 10, seed: 1).elements()
    for (place, number) in order.enumerated() { #expect(number <= place + 9) }
    #expect(order.enumerated().contains { $0.element > $0.offset + 6 })
  }

  @Test func anOrderMayBeKept() throws {
    let data = Self.numbers.shuffled(seed: 4, anew: false)
    #expect(try data.elements(epoch: 0) == data.elements(epoch: 7))
  }

  @Test func seedsGiveDifferentOrders() throws {
    let one = try Self.numbers.shuffled(seed: 1).elements()
    let two = try Self.numbers.shuffled(seed: 2).elements()
    #expect(one != two)
  }

  @Test func allOrdersAreAboutEquallyLikely() throws {
    var seen: [[Int]: Int] = [:]
    let data = Dataset([0, 1, 2, 3]).shuffled(seed: 0)
    for epoch in 0..<4800 { seen[try data.elements(epoch: epoch), default: 0] += 1 }
    #expect(seen.count == 24)
    // 200 expected, a standard deviation of 14.
    #expect(seen.values.allSatisfy { (130...270).contains($0) })
  }

  /// Why batching comes after shuffling.
  @Test func shuffledBatchesKeepTheirNeighbours() throws {
    let batches = try Self.numbers.chunked(10).shuffled(seed: 1).elements()
    #expect(batches.allSatisfy { $0 == Array($0[0]..<$0[0] + 10) })
    #expect(batches != (try Self.numbers.chunked(10).elements()))
  }
}
