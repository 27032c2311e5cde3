internal import Tensors

/// A workload whose data is on the device, ready to run again and again.
struct PreparedWorkload {
  /// What a run is counted as; nil if there is no sensible number.
  enum Cost {
    case operations(Double)
    case bytes(Double)
  }

  let cost: Cost?
  /// Records and starts the work, from the first operation on; does not wait for it.
  let run: () throws -> Void
}

/// How long the runs of a workload took, in milliseconds.
struct Timing {
  enum Rate {
    case gigaflops(Double)
    case gigabytes(Double)
  }

  let median: Double
  let minimum: Double
  let runs: Int
  let rate: Rate?

  private static let untimedRuns = 3
  private static let leastRuns = 5
  private static let mostRuns = 200

  /// Runs `workload` three times untimed, then until `seconds` have passed and there are five
  /// timed runs, but at most two hundred.
  init(of workload: PreparedWorkload, on device: Device, seconds: Double) throws {
    for _ in 0..<Self.untimedRuns {
      try workload.run()
      try device.synchronize()
    }
    let clock = ContinuousClock()
    let end = clock.now + .seconds(seconds)
    var times: [Double] = []
    while times.count < Self.mostRuns, times.count < Self.leastRuns || clock.now < end {
      let start = clock.now
      try workload.run()
      try device.synchronize()
      times.append((clock.now - start) / .milliseconds(1))
    }
    times.sort()
    median = (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
    minimum = times[0]
    runs = times.count
    switch workload.cost {
    case .operations(let count): rate = .gigaflops(count / median / 1e6)
    case .bytes(let count): rate = .gigabytes(count / median / 1e6)
    case nil: rate = nil
    }
  }
}
