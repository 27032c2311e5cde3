import CPUBackend
import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// What normalisation promises beyond its formula.
@Suite struct NormalizationTests {
  private struct Truth {
    var mean = 0.0, variance = 0.0
  }

  private static func truth(_ values: [Float]) -> Truth {
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    let squares = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return Truth(mean: mean, variance: squares / Double(values.count))
  }

  private static func numbers(_ count: Int, offset: Float) -> [Float] {
    var generator = Generator(seed: 77)
    return (0..<count).map { _ in offset + Float(generator.normal()) }
  }

  /// Rows and channels; so short that they are taken at once, and so long that they are cut.
  @Test(arguments: [300, 5000], [1, 3, 64])
  func aLargeMeanCostsNoDigitsOfTheVariance(_ rows: Int, _ channels: Int) throws {
    // The first of all is far from the others, and what distances are counted from at first.
    for first in [nil, Float(0)] {
      var values = Self.numbers(rows * channels, offset: 1e4)
      if let first { values[0] = first }
      for device in TestDevice.allCases {
        let x = try Tensor(values, shape: [rows, channels], on: device.device)
        let (_, mean, variance) = try batchNorm(x)
        let (means, variances) = (try mean.scalars(), try variance.scalars())
        for channel in 0..<channels {
          let truth = Self.truth((0..<rows).map { values[$0 * channels + channel] })
          #expect(abs(Double(means[channel]) - truth.mean) < 1e-3 * 1e-3 * truth.mean)
          // Far from what they are counted from, numbers have fewer digits left.
          let allowed = first == nil || channel > 0 ? 1e-5 : 1e-3
          #expect(
            abs(Double(variances[channel]) / truth.variance - 1) < allowed,
            "channel \(channel) of \(channels) on \(device): \(variances[channel]), \(truth)")
        }
      }
    }
  }

  /// As many elements as are cut into segments on every device, along rows and along columns.
  @Test(arguments: TestDevice.allCases)
  func longAxesAreBroughtTogether(_ device: TestDevice) throws {
    let count = 300_000
    let values = Self.numbers(count, offset: 3)
    let truth = Self.truth(values)
    let device = try device.device
    let column = try batchNorm(Tensor(values, shape: [count, 1], on: device))
    #expect(abs(Double(try column.mean.scalar()) - truth.mean) < 2e-6)
    #expect(abs(Double(try column.variance.scalar()) - truth.variance) < 2e-6)
    let row = try layerNorm(Tensor(values, shape: [1, count], on: device), epsilon: 0).scalars()
    let expected = (Double(values[count - 1]) - truth.mean) / truth.variance.squareRoot()
    #expect(abs(Double(row[count - 1]) - expected) < 4e-6)
    let wide = try batchNorm(Tensor(values, shape: [count / 50, 50], on: device))
    let mean = try wide.mean.scalars().reduce(0) { $0 + Double($1) } / 50
    #expect(abs(mean - truth.mean) < 2e-6)
  }

  @Test func threadsDoNotChangeABit() throws {
    let before = CPUBackend.threadCount
    defer { CPUBackend.threadCount = before }
    func bits(_ threads: Int) throws -> [UInt8] {
      CPUBackend.threadCount = threads
      let x = try Tensor(Self.numbers(6000 * 50, offset: 1), shape: [6000, 50], on: .cpu)
      let (y, gradients) = try valueAndGradients(at: [x]) { try batchNorm($0[0]).result * $0[0] }
      return try y.bytes() + gradients[0].bytes()
    }
    let alone = try bits(1)
    #expect(try bits(2) == alone)
    #expect(try bits(8) == alone)
  }

  /// Statistics that nobody asked for at first can be had later.
  @Test(arguments: TestDevice.allCases)
  func statisticsComeInAnyOrder(_ device: TestDevice) throws {
    let x = try Tensor([1, 2, 3, 6], shape: [4, 1], on: device.device)
    let (_, mean, variance) = try batchNorm(x)
    try evaluate(mean)
    #expect(try variance.scalars() == [3.5])
    #expect(try mean.scalars() == [3])
  }

  @Test func whatFollowsIsFusedWithIt() throws {
    let x = try Tensor.ones([8, 4, 4, 16], on: .cpu)
    let statistic = try Tensor.ones([16], on: .cpu)
    let inference = try relu(batchNorm(x + 1, mean: statistic, variance: statistic))
    // One over all elements, the others over channels.
    let plan = try explain(inference)
    #expect(plan.split(separator: "\n").filter { $0.contains("2048") }.count == 1, "\(plan)")
    let y = try Tensor(Self.numbers(2048, offset: 0), shape: x.shape)
    let training = try explain(relu(batchNorm(y, scale: statistic, shift: statistic).result + y))
    #expect(
      training.split(separator: "\n").filter { $0.contains("2048") }.count == 1, "\(training)")
  }
}
