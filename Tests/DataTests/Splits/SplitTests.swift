import Data
import Geometry
import Testing

@Suite struct SplitTests {
  static let numbers = Dataset(Array(0..<1000))

  @Test func partsHaveTheirSharesAndNothingTwice() throws {
    let parts = try Self.numbers.split(validation: 0.1, test: 0.25, seed: 1)
    let elements = try [parts.train, parts.validation, parts.test].map { try $0.elements() }
    #expect(elements.map(\.count) == [650, 100, 250])
    #expect(elements.flatMap { $0 }.sorted() == Array(0..<1000))
    let again = try Self.numbers.split(validation: 0.1, test: 0.25, seed: 1)
    #expect(try again.test.elements() == elements[2])
    let other = try Self.numbers.split(validation: 0.1, test: 0.25, seed: 2)
    #expect(try other.test.elements() != elements[2])
    #expect(throws: TensorError.self) {
      try Self.numbers.split(validation: 0.7, test: 0.5, seed: 1)
    }
  }

  @Test func strataAreEquallyFrequentInAllParts() throws {
    // Nine of ten by day.
    let parts = try Self.numbers.split(validation: 0.2, test: 0.1, seed: 3) { $0 % 10 == 0 ? 1 : 0 }
    for (part, size) in [(parts.train, 700), (parts.validation, 200), (parts.test, 100)] {
      let elements = try part.elements()
      #expect(elements.count == size)
      #expect(elements.count { $0 % 10 == 0 } == size / 10)
    }
    let digits = try Dataset.drawnDigits(count: 200, seed: 1)
    let labels = try digits.stratifiedSplit(validation: 0.25, seed: 1).validation.elements()
    #expect((0..<10).allSatisfy { digit in labels.count { $0.label == digit } == 5 })
  }

  @Test func smallStrataKeepTheSharesOfTheWhole() throws {
    // Each class has three elements, of which a tenth cannot be taken.
    let parts = try Self.numbers.split(validation: 0.1, test: 0.1, seed: 3) { $0 / 3 }
    #expect(try (99...101).contains(parts.validation.elements().count))
    #expect(try (99...101).contains(parts.test.elements().count))
  }

  @Test func fourPartsOfTwoSources() throws {
    let plenty = Dataset(Array(10_000..<12_000))
    let parts = try Self.numbers.split(
      trainingOn: plenty, bridge: 0.1, test: 0.4, train: 0.2, seed: 1)
    let train = try parts.train.elements()
    let bridge = try #require(parts.bridge).elements()
    let validation = try parts.validation.elements()
    let test = try parts.test.elements()
    #expect(train.count == 2000 && bridge.count == 200)
    #expect(validation.count == 400 && test.count == 400)
    #expect(train.count { $0 < 10_000 } == 200)
    #expect(bridge.allSatisfy { $0 >= 10_000 })
    #expect((validation + test).allSatisfy { $0 < 10_000 })
    #expect(Set(train + bridge + validation + test).count == 3000)
  }

  @Test(arguments: [2, 3, 7, 10]) func eachElementIsHeldOutOnce(_ count: Int) throws {
    let data = Dataset(Array(0..<50))
    let folds = try data.folds(count, seed: 4)
    #expect(folds.count == count)
    var held: [Int] = []
    for fold in folds {
      let validation = try fold.validation.elements()
      #expect(try (fold.train.elements() + validation).sorted() == Array(0..<50))
      #expect(validation.count == 50 / count || validation.count == 50 / count + 1)
      held += validation
    }
    #expect(held.sorted() == Array(0..<50))
  }

  @Test func foldsMayBeStratified() throws {
    let folds = try Dataset(Array(0..<60)).folds(5, seed: 1) { $0 < 10 ? 1 : 0 }
    for fold in folds { #expect(try fold.validation.elements().count { $0 < 10 } == 2) }
    #expect(throws: TensorError.self) { try Dataset([1, 2]).folds(3, seed: 1) }
    #expect(throws: TensorError.self) { try Dataset([1, 2]).folds(1, seed: 1) }
  }
}
