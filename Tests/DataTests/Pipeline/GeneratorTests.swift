import Data
import Geometry
import Testing

@Suite struct GeneratorTests {
  @Test func afterAnErrorInTheGeneratorThePassIsOver() throws {
    struct Broken: Error {}
    let data = Dataset<Int>.generated { _ in
      var number = 0
      return {
        number += 1
        if number == 4 { throw Broken() }
        return number
      }
    }
    let iterator = try data.prefetched(2).makeIterator()
    for number in 1...3 { #expect(try iterator.next() == number) }
    let error = #expect(throws: TensorError.self) { try iterator.next() }
    #expect(error?.description.contains("element 3") == true)
  }

  @Test func generatorsMayGoOnForEver() throws {
    let iterator = try Dataset<Int>.generated { epoch in
      var number = epoch
      return {
        defer { number += 1 }
        return number
      }
    }.map { $0 * 2 }.prefetched(4).makeIterator(epoch: 5)
    for number in 5..<50 { #expect(try iterator.next() == number * 2) }
  }
}
