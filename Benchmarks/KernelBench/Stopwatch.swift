internal import Geometry
internal import Tensors

/// Times something that a device may still be busy with when it returns.
struct Stopwatch {
  let device: Device
  let rounds: Int

  /// What the rounds gave, in seconds for one call.
  struct Times {
    let median: Double
    /// From the fastest round to the slowest, as a share of the median.
    let spread: Double

    init(_ seconds: [Double]) {
      let sorted = seconds.sorted()
      median = sorted[sorted.count / 2]
      spread = (sorted[sorted.count - 1] - sorted[0]) / median
    }
  }

  private static let clock = ContinuousClock()

  /// The time of one call of `body`; a round is as many as take 20 ms.
  func time(_ body: () throws -> Void) throws -> Times {
    // The first call makes plans and compiles kernels, the second fills caches.
    for _ in 0..<2 { try body() }
    let first = try seconds(of: 1, body)
    let count = Swift.max(1, Swift.min(1000, Int((0.02 / Swift.max(first, 1e-9)).rounded(.up))))
    var found: [Double] = []
    for _ in 0..<rounds { found.append(try seconds(of: count, body) / Double(count)) }
    return Times(found)
  }

  private func seconds(of count: Int, _ body: () throws -> Void) throws -> Double {
    try device.synchronize()
    let duration = try Self.clock.measure {
      for _ in 0..<count { try body() }
      try device.synchronize()
    }
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
