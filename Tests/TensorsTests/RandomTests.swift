import Catalogue
import Foundation
import Geometry
import Tensors
import TestSupport
import Testing

/// Random tensors: the same everywhere, and distributed as they should be.
@Suite struct RandomTests {
  @Test(arguments: [
    "uniform", "normal", "truncatedNormal", "bernoulli", "categorical", "permutation",
  ])
  func devicesDrawTheSameBits(_ name: String) throws {
    let operation = try #require(Catalogue.operations.first { $0.name == name })
    let other = try TestDevice.opencl.device
    for sample in operation.samples {
      let here = try sample.evaluated(on: .cpu).values[0].array
      let there = try sample.evaluated(on: other).values[0].array
      #expect(here == there, "\(sample)")
    }
  }

  @Test(arguments: TestDevice.allCases)
  func oneSeedGivesOneSeriesOfNumbers(_ device: TestDevice) throws {
    func drawn(_ seed: UInt64) throws -> [[Float]] {
      try withDevice(try device.device) {
        try withSeed(seed) {
          let first = try Tensor.uniform([100])
          let second = try Tensor.normal([7, 3])
          let third = try Tensor.uniform([100])
          // Computed in another order than recorded.
          return [try third.scalars(), try first.scalars(), try second.scalars()]
        }
      }
    }
    let once = try drawn(42)
    #expect(try drawn(42) == once)
    #expect(try drawn(43) != once)
    #expect(once[0] != once[1])
  }

  @Test func drawsDoNotOverlap() throws {
    let source = RandomSource(seed: 9)
    let together = try Tensor.uniform([12], source: RandomSource(seed: 9)).scalars()
    var apart: [Float] = []
    for _ in 0..<3 { apart += try Tensor.uniform([4], source: source).scalars() }
    #expect(apart == together)
  }

  @Test func aSourceContinuesWhereItStood() throws {
    let source = RandomSource(seed: 5)
    _ = try Tensor.uniform([10], source: source)
    let position = source.position
    let next = try Tensor.uniform([10], source: source).scalars()
    source.position = position
    #expect(try Tensor.uniform([10], source: source).scalars() == next)
  }

  @Test func numbersOfOneTensorComeTwiceTheSame() throws {
    try recorded {
      let x = try Tensor.normal([50], source: RandomSource(seed: 3))
      let doubled = try (x * 2).scalars()
      #expect(try x.scalars().map { $0 * 2 } == doubled)
    }
  }

  /// 256 bins of 256 numbers each: beyond these bounds falls one run in ten thousand.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func uniformNumbersFillTheIntervalEvenly(_ seed: UInt64) throws {
    let count = 65536
    let numbers = try Tensor.uniform([count], source: RandomSource(seed: seed)).scalars()
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    var bins = [Double](repeating: 0, count: 256)
    for number in numbers { bins[Int(number * 256)] += 1 }
    let square = bins.reduce(0) { $0 + ($1 - 256) * ($1 - 256) / 256 }
    #expect(square > 177 && square < 345)
    let pairs = zip(numbers, numbers.dropFirst()).reduce(0.0) {
      $0 + (Double($1.0) - 0.5) * (Double($1.1) - 0.5)
    }
    #expect(abs(pairs / Double(count)) < 0.0015)
  }

  @Test func normalNumbersHaveTheirMoments() throws {
    let count = 65536
    let numbers = try Tensor.normal([count], source: RandomSource(seed: 8)).scalars(as: Double.self)
    func moment(_ power: Double) -> Double {
      numbers.reduce(0) { $0 + pow($1, power) } / Double(count)
    }
    #expect(abs(moment(1)) < 0.016)
    #expect(abs(moment(2) - 1) < 0.023)
    #expect(abs(moment(3)) < 0.061)
    #expect(abs(moment(4) - 3) < 0.16)
    let truncated = try Tensor.truncatedNormal([count], source: RandomSource(seed: 8)).scalars()
    #expect(truncated.allSatisfy { abs($0) <= 2 })
    let variance = truncated.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(count)
    #expect(abs(variance - 0.7737) < 0.02)
  }

  @Test func categoriesComeAsOftenAsTheirProbabilitiesSay() throws {
    let probabilities = [0.5, 0.25, 0.125, 0.125]
    let count = 16384
    let logits = try Tensor(probabilities.map { Float(log($0)) }, shape: [1, 4])
      .broadcast(to: [count, 4])
    let drawn = try Tensor.categorical(logits, source: RandomSource(seed: 21)).scalars(
      as: Int32.self)
    for (category, probability) in probabilities.enumerated() {
      let share = Double(drawn.filter { $0 == Int32(category) }.count) / Double(count)
      #expect(abs(share - probability) < 0.016)
    }
    let trues = try Tensor.bernoulli([count], probability: 0.3, source: RandomSource(seed: 22))
      .scalars(as: Float.self).reduce(0, +)
    #expect(abs(trues / Float(count) - 0.3) < 0.015)
  }

  @Test func permutationsHoldEveryNumberOnce() throws {
    let order = try Tensor.permutation(1000, source: RandomSource(seed: 1)).scalars(as: Int32.self)
    #expect(order.sorted() == (0..<1000).map { Int32($0) })
    #expect(order != order.sorted())
  }
}
