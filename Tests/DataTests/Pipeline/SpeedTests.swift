import Data
import Geometry
import Glibc
import Tensors
import TestSupport
import Testing

/// As many images as Fashion-MNIST has, from memory.
@Suite(.serialized) struct SpeedTests {
  static func batches() throws -> Dataset<Batch> {
    let images = try Values(shape: [60_000, 28, 28, 1], as: .uint8) { pixels in
      for place in pixels.indices {
        pixels[place] = UInt8(truncatingIfNeeded: place &* 2_654_435_761 >> 7)
      }
    }
    let labels = try Values((0..<60_000).map { Int32($0 % 10) }, shape: [60_000])
    return try Dataset(inputs: images, targets: labels).shuffled(seed: 1)
      .prepared(Rescale(1 / 255)).batched(64)
  }

  @Test func imagesAreNormalisedShuffledAndBatchedQuickly() throws {
    let data = try Self.batches()
    // In the time of this thread, which does not tell of what else the machine does.
    var rates: [Double] = []
    for epoch in 0..<5 {
      let begin = threadSeconds()
      #expect(try Self.pass(data, epoch) == 60_000)
      rates.append(60_000 / (threadSeconds() - begin))
    }
    let time = try ContinuousClock().measure {
      _ = try Self.pass(data.prefetched(4, workers: 2), 5)
    }
    let median = rates.sorted()[2]
    print("images a second of one thread: \(Int(median))")
    print("images a second of two threads ahead: \(Int(60_000 / (time / .seconds(1))))")
    // Far below what the pipeline does: 700,000 and more.
    #expect(median > 200_000 / processorSlowness())
  }

  private static func pass(_ data: Dataset<Batch>, _ epoch: Int) throws -> Int {
    let iterator = try data.makeIterator(epoch: epoch)
    var count = 0
    while let batch = try iterator.next() { count += batch.count }
    return count
  }

  /// In a process of its own: in this one, other tests take and return memory meanwhile.
  @Test func memoryStaysFlatOverAHundredEpochs() async {
    await #expect(processExitsWith: .success) {
      let data = try Self.batches().prefetched(4, workers: 2)
      for epoch in 0..<5 { _ = try Self.pass(data, epoch) }
      let before = Self.residentBytes()
      for epoch in 5..<105 { _ = try Self.pass(data, epoch) }
      let growth = Self.residentBytes() - before
      // An epoch that leaked its batches would leave 180 MiB.
      #expect(growth < 16 << 20)
    }
  }

  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
  }
}
