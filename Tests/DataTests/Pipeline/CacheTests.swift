import Data
import Geometry
import Tensors
import TestSupport
import Testing

@Suite struct CacheTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test(arguments: [true, false]) func laterPassesDoNotMapAgain(_ isStream: Bool) throws {
    let made = WorkerTests.Counter()
    let source = isStream ? SelectionTests.stream : SelectionTests.array
    let data = source.map(workers: 2) { number in
      made.add()
      return number * 2
    }.cached()
    let expected = (0..<23).map { $0 * 2 }
    for epoch in 0..<3 { #expect(try data.elements(epoch: epoch) == expected) }
    #expect(made.count == 23)
    #expect(data.count == 23)
    #expect(try data.shuffled(seed: 1).elements(epoch: 3).sorted() == expected)
    #expect(made.count == 23)
  }

  @Test func anUnfinishedPassKeepsWhatItMade() throws {
    let made = WorkerTests.Counter()
    let data = SelectionTests.stream.map { number in
      made.add()
      return number
    }.cached()
    let iterator = try data.makeIterator()
    for _ in 0..<10 { _ = try iterator.next() }
    #expect(try data.elements() == Array(0..<23))
    #expect(made.count == 23)
  }

  @Test func preparedColumnsAreKeptAsColumns() throws {
    let data = Dataset(try BatchingTests.block(10)).prepared(Rescale(0.5)).cached()
    for epoch in 0..<2 {
      let batch = try data.shuffled(seed: 1, anew: false).batched(10).elements(epoch: epoch)[0]
      let labels = try batch.targets[0].scalars()
      #expect(
        try batch.inputs[0].scalars()
          == labels.flatMap { label in
            (0..<6).map { (label * 6 + Float($0)) / 2 }
          })
    }
    #expect(try data.elements().map(\.label) == Array(0..<10))
  }

  @Test func aFileKeepsExamplesOverRuns() throws {
    let path = "\(folder.path)/cache"
    let made = WorkerTests.Counter()
    let examples = Dataset(Array(0..<12)).filter { $0 != 5 }.map { number in
      made.add()
      return Example(
        inputs: [
          try Values((0..<number).map { Float($0) }, shape: [number]),
          try Values([UInt8](repeating: 7, count: 4), shape: [2, 2]),
        ], targets: [Values(Int64(number))], weight: number == 3 ? 0.25 : nil)
    }
    for _ in 0..<2 {
      let data = examples.cached(inFile: path)
      for epoch in 0..<2 {
        let read = try data.shuffled(seed: 9, anew: false).elements(epoch: epoch)
        #expect(read.map { $0.label ?? -1 }.sorted() == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11])
        for example in read {
          #expect(example.inputs[0].floats == (0..<(example.label ?? 0)).map { Float($0) })
          #expect(example.inputs[1].shape == [2, 2])
          #expect(example.inputs[1].integers == [7, 7, 7, 7])
          #expect(example.weight == (example.label == 3 ? 0.25 : nil))
        }
      }
    }
    #expect(made.count == 11)
  }

  /// The numbers and labels of all examples, or nil if they are refused.
  private func content(_ data: Dataset<Example>) throws -> [[Float]]? {
    do throws(TensorError) {
      return try data.elements().map { $0.inputs[0].floats + [Float($0.label ?? -1)] }
    } catch {
      #expect(error.kind == .corruptFile || error.kind == .unsupportedFile)
      return nil
    }
  }

  /// Every byte of a cache, and every length: it is refused or made anew, never wrong.
  @Test func aDamagedFileNeverGivesWrongExamples() throws {
    let path = "\(folder.path)/cache"
    let source = Dataset(try BatchingTests.block(2))
    let expected = try content(source.cached(inFile: path))
    let whole = try folder.bytes("cache")
    var refused = 0
    for length in 0..<whole.count {
      try folder.file("cache", Array(whole[..<length]))
      guard let found = try content(source.cached(inFile: path)) else {
        refused += 1
        continue
      }
      #expect(found == expected)
      #expect(try folder.bytes("cache") == whole)
    }
    // A file that does not begin as a cache does may be anything.
    #expect(refused == 8)
    for place in whole.indices {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = whole
        damaged[place] ^= flip
        try folder.file("cache", damaged)
        if let found = try content(source.cached(inFile: path)) {
          #expect(found == expected, "byte \(place) ^ \(flip)")
          #expect(try folder.bytes("cache") == whole)
        } else {
          #expect(try folder.bytes("cache") == damaged)
        }
      }
    }
  }

  @Test func aFileOfOtherStepsIsMadeAnew() throws {
    let path = "\(folder.path)/cache"
    let source = Dataset(try BatchingTests.block(4))
    for data in [source, source.take(2), source.prepared(Rescale(2)), source.prepared(Rescale(3))] {
      let expected = try content(data)
      #expect(try content(data.cached(inFile: path)) == expected)
      #expect(try content(data.cached(inFile: path)) == expected)
    }
  }

  @Test func aFileThatIsNoCacheIsNotOverwritten() throws {
    let path = "\(folder.path)/cache"
    let letter = Array("Dear reader, this is no cache.".utf8)
    try folder.file("cache", letter)
    let error = #expect(throws: TensorError.self) {
      try Dataset(try BatchingTests.block(2)).cached(inFile: path).elements()
    }
    #expect(error?.kind == .unsupportedFile)
    #expect(try folder.bytes("cache") == letter)
  }
}
