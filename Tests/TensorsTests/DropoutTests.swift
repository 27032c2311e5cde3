import Geometry
import Tensors
import TestSupport
import Testing

/// What the masks of dropout promise.
@Suite struct DropoutTests {
  @Test(arguments: TestDevice.allCases)
  func theGradientHasTheMaskOfTheValue(_ device: TestDevice) throws {
    let x = try Tensor([Float](repeating: 1, count: 1000), shape: [40, 25], on: device.device)
    let (y, gradients) = try valueAndGradients(at: [x]) { try dropout($0[0], rate: 0.3) }
    let (kept, slopes) = (try y.scalars(), try gradients[0].scalars())
    #expect(kept == slopes)
    let count = kept.filter { $0 != 0 }.count
    #expect((600...800).contains(count))
    #expect(kept.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
  }

  /// One key has all the weight of a query: where it is dropped, all numbers of the row are 0.
  @Test(arguments: TestDevice.allCases)
  func attentionDropsWeights(_ device: TestDevice) throws {
    let query = try Tensor.ones([200, 4], on: device.device)
    let key = try Tensor.ones([1, 4], on: device.device)
    let value = try Tensor([1, 2, 3], shape: [1, 3], on: device.device)
    let rows = try scaledDotProductAttention(query, key, value, dropout: 0.5).scalars()
    let kept = (0..<200).filter { rows[3 * $0] != 0 }
    #expect((70...130).contains(kept.count))
    for row in 0..<200 {
      let expected: [Float] = kept.contains(row) ? [2, 4, 6] : [0, 0, 0]
      #expect(Array(rows[(3 * row)..<(3 * row + 3)]) == expected)
    }
    #expect(try scaledDotProductAttention(query, key, value).scalars().prefix(3) == [1, 2, 3])
  }

  @Test func devicesDrawTheSameMask() throws {
    func masked(_ device: TestDevice) throws -> [[Float]] {
      let x = try Tensor.ones([6, 5, 7], on: device.device)
      return try withSeed(8) {
        [
          try dropout(x, rate: 0.5).scalars(), try spatialDropout(x, rate: 0.5).scalars(),
          try alphaDropout(x, rate: 0.5).scalars(),
        ]
      }
    }
    #expect(try masked(.cpu) == masked(.opencl))
  }

  /// The plan of the first step serves the others, each with a mask of its own.
  @Test func everyStepDrawsAnew() throws {
    let x = try Tensor.ones([1000], on: .cpu)
    var masks: Set<[Float]> = []
    try withSeed(2) {
      for _ in 0..<4 { masks.insert(try dropout(x, rate: 0.5).scalars()) }
    }
    #expect(masks.count == 4)
  }

  @Test func wholeChannelsAreDropped() throws {
    let x = try Tensor.ones([20, 3, 3, 10], on: .cpu)
    let y = try withSeed(4) { try spatialDropout(x, rate: 0.4) }.scalars()
    var dropped = 0
    for batch in 0..<20 {
      for channel in 0..<10 {
        let values = Set((0..<9).map { y[(batch * 9 + $0) * 10 + channel] })
        #expect(values.count == 1)
        dropped += values == [0] ? 1 : 0
      }
    }
    #expect((50...110).contains(dropped))
  }

  @Test func alphaDropoutKeepsMeanAndVariance() throws {
    let y = try withSeed(6) { try alphaDropout(Tensor.normal([200_000], on: .cpu), rate: 0.3) }
    #expect(abs(try y.mean().scalar()) < 0.02)
    #expect(abs(try y.variance().scalar() - 1) < 0.03)
  }

  @Test func extremeRatesDrawNothing() throws {
    let source = RandomSource(seed: 1)
    let x = try Tensor([1, 2, 3], shape: [3], on: .cpu)
    #expect(try dropout(x, rate: 0, source: source).scalars() == [1, 2, 3])
    #expect(try dropout(x, rate: 1, source: source).scalars() == [0, 0, 0])
    #expect(try alphaDropout(x, rate: 1, source: source).scalars() == [0, 0, 0])
    #expect(source.position == 0)
  }

  @Test func nothingButTheMaskStandsBetween() throws {
    let x = try Tensor.ones([1000], on: .cpu)
    let plan = try explain(relu(dropout(x * 2, rate: 0.5)) + 1)
    #expect(plan.contains("plan: 1 steps"), "\(plan)")
  }
}
