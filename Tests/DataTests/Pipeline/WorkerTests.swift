import Data
import Geometry
import Glibc
import Synchronization
import Testing

@Suite struct WorkerTests {
  final class Counter: Sendable {
    let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .sequentiallyConsistent) }
    @discardableResult func add() -> Int {
      value.add(1, ordering: .sequentiallyConsistent).newValue
    }
  }

  @Test(arguments: [1, 2, 3, 8]) func theOrderIsKept(_ workers: Int) throws {
    let data = Dataset(Array(0..<500)).map(seed: 2, workers: workers) { number, random in
      // Work of uneven length.
      var sum = 0
      for step in 0..<(number * 7919 % 2000) { sum &+= step }
      return number * 10 + random.below(10) + (sum == -1 ? 1 : 0)
    }
    let plain = Dataset(Array(0..<500)).map(seed: 2) { number, random in
      number * 10 + random.below(10)
    }
    #expect(try data.elements(epoch: 4) == plain.elements(epoch: 4))
  }

  @Test func aSlowReaderHoldsTheWorkersBack() throws {
    let made = Counter()
    let data = Dataset(Array(0..<1000)).map { number in
      made.add()
      return number
    }.prefetched(5, workers: 2)
    let iterator = try data.makeIterator()
    for read in 1...50 {
      #expect(try iterator.next() == read - 1)
      #expect(made.count <= read + 5)
    }
  }

  @Test func elementsArePreparedBeforeTheyAreAskedFor() throws {
    let made = Counter()
    let iterator = try Dataset(Array(0..<10)).map { number in
      made.add()
      return number
    }.prefetched(3).makeIterator()
    for _ in 0..<5000 where made.count < 3 { usleep(1000) }
    #expect(made.count == 3)
    #expect(try iterator.next() == 0)
  }

  @Test func cancellingEndsAWaitingReader() throws {
    let data = Dataset<Int>.generated { _ in
      { while true { usleep(1000) } }
    }.prefetched(1)
    let iterator = try data.makeIterator()
    iterator.cancel()
    let error = #expect(throws: TensorError.self) { try iterator.next() }
    #expect(error?.kind == .cancelled)
  }

  @Test(arguments: [0, 2]) func cancelledPassesPrepareNothingMore(_ ahead: Int) throws {
    let made = Counter()
    let iterator = try Dataset(count: 100_000) { number in
      made.add()
      return number
    }.prefetched(ahead).makeIterator()
    #expect(try iterator.next() == 0)
    iterator.cancel()
    #expect(throws: TensorError.self) { try iterator.next() }
    let count = made.count
    #expect(count <= 5)
  }

  @Test(arguments: [1, 3]) func anErrorNamesItsElementAndTheNextComesAfterIt(_ workers: Int) throws
  {
    struct Broken: Error {}
    let data = Dataset(Array(0..<20)).shuffled(seed: 1).map(workers: workers) { number in
      if number == 13 { throw Broken() }
      return number
    }
    let iterator = try data.makeIterator()
    var seen: [Int] = []
    var errors: [TensorError] = []
    while true {
      do {
        guard let number = try iterator.next() else { break }
        seen.append(number)
      } catch { errors.append(error) }
    }
    #expect(seen.sorted() == Array(0..<20).filter { $0 != 13 })
    #expect(errors.count == 1)
    #expect(errors[0].description.contains("map: element 13: closure: threw Broken()"))
    #expect(iterator.position.number == 20)
  }

  @Test func waitingIsMeasured() throws {
    let slow = try Dataset(Array(0..<20)).map { number in
      usleep(10_000)
      return number
    }.makeIterator()
    while try slow.next() != nil {}
    #expect(slow.waited >= .milliseconds(200))
    let quick = try Dataset(Array(0..<5)).makeIterator()
    while try quick.next() != nil {}
    #expect(quick.waited < slow.waited)
  }
}
