internal import Glibc

/// The learning rate as a function of the number of steps taken.
///
///     let schedule = Schedule.cosine(from: 0.1, steps: 10_000).warmedUp(steps: 500)
///     optimizer.learningRate = schedule(optimizer.stepCount)
public struct Schedule: Sendable {
  private let rate: @Sendable (Int) -> Double

  /// Any function of the number of steps taken, 0 at the first step.
  public init(_ rate: @escaping @Sendable (_ step: Int) -> Double) { self.rate = rate }

  /// The rate of a step, the first being 0.
  public func callAsFunction(_ step: Int) -> Double { rate(max(0, step)) }

  /// The same rate for ever.
  public static func constant(_ rate: Double) -> Schedule { Schedule { _ in rate } }

  /// `rate · factorᵏ` in the k-th stretch of that many steps.
  public static func step(from rate: Double, every steps: Int, factor: Double = 0.1) -> Schedule {
    Schedule { rate * pow(factor, Double($0 / max(1, steps))) }
  }

  /// `rates[k]` from step `boundaries[k - 1]` on, `rates[0]` before the first.
  public static func piecewise(boundaries: [Int], rates: [Double]) -> Schedule {
    Schedule { step in
      let passed = boundaries.prefix { $0 <= step }.count
      return rates.isEmpty ? 0 : rates[min(passed, rates.count - 1)]
    }
  }

  /// `rate · factor ^ (step / steps)`; with `isStaircase` the exponent is a whole number.
  public static func exponential(
    from rate: Double, factor: Double, steps: Int, isStaircase: Bool = false
  ) -> Schedule {
    Schedule { step in
      let exponent = Double(step) / Double(max(1, steps))
      return rate * pow(factor, isStaircase ? floor(exponent) : exponent)
    }
  }

  /// From one rate to another in that many steps, along a power; in a line with power 1.
  public static func polynomial(
    from rate: Double, to end: Double = 0, steps: Int, power: Double = 1
  ) -> Schedule {
    Schedule { step in
      let left = 1 - min(1, Double(step) / Double(max(1, steps)))
      return end + (rate - end) * pow(left, power)
    }
  }

  /// `rate / (1 + factor · step / steps)`; with `isStaircase` the quotient is a whole number.
  public static func inverseTime(
    from rate: Double, factor: Double, steps: Int, isStaircase: Bool = false
  ) -> Schedule {
    Schedule { step in
      let time = Double(step) / Double(max(1, steps))
      return rate / (1 + factor * (isStaircase ? floor(time) : time))
    }
  }

  /// From one rate to another along half a cosine, and from there on at the end.
  public static func cosine(from rate: Double, to end: Double = 0, steps: Int) -> Schedule {
    Schedule { step in
      let time = min(1, Double(step) / Double(max(1, steps)))
      return end + (rate - end) * (1 + cos(.pi * time)) / 2
    }
  }

  /// Half cosines one after the other (Loshchilov and Hutter 2017).
  ///
  /// - Parameters:
  ///   - rate: what the first begins at.
  ///   - end: what each falls to.
  ///   - steps: the length of the first.
  ///   - growth: how much longer each is than the one before.
  ///   - decay: how much lower each begins than the one before.
  public static func cosineWithRestarts(
    from rate: Double, to end: Double = 0, steps: Int, growth: Double = 2, decay: Double = 1
  ) -> Schedule {
    Schedule { step in
      var (rest, length, top) = (Double(step), Double(max(1, steps)), rate)
      // Stretches that do not grow come round for ever; those that do are few.
      if growth == 1 {
        let rounds = floor(rest / length)
        (rest, top) = (rest - rounds * length, rate * pow(decay, rounds))
      } else {
        while rest >= length, growth > 1 {
          rest -= length
          length *= growth
          top *= decay
        }
      }
      return end + (top - end) * (1 + cos(.pi * min(1, rest / length))) / 2
    }
  }

  /// Up to the largest rate and down again far below the first (Smith and Topin 2018).
  ///
  /// - Parameters:
  ///   - largest: the rate at the top.
  ///   - steps: how many the way up and the way down have together; after them the last rate stays.
  ///   - rise: the share of the steps on the way up.
  ///   - start: the first rate is the largest divided by this.
  ///   - end: the last rate is the first divided by this.
  public static func oneCycle(
    largest: Double, steps: Int, rise: Double = 0.3, start: Double = 25, end: Double = 1e4
  ) -> Schedule {
    Schedule { step in
      let first = largest / start
      let peak = rise * Double(max(2, steps)) - 1
      let last = Double(max(2, steps) - 1)
      let time = min(Double(step), last)
      func between(_ from: Double, _ to: Double, _ share: Double) -> Double {
        to + (from - to) * (1 + cos(.pi * share)) / 2
      }
      return time <= peak
        ? between(first, largest, time / max(peak, 1))
        : between(largest, first / end, (time - peak) / max(last - peak, 1))
    }
  }

  /// Up and down between two rates, in a line, that many steps each way (Smith 2017).
  ///
  /// - Parameters:
  ///   - low: the rate that each cycle begins and ends at.
  ///   - high: the rate at the top of the first cycle.
  ///   - steps: how many the way up has, and as many the way down.
  ///   - decay: how much lower the top of each cycle is than that of the one before.
  public static func cyclical(
    from low: Double, to high: Double, steps: Int, decay: Double = 1
  ) -> Schedule {
    Schedule { step in
      let half = Double(max(1, steps))
      let cycle = floor(Double(step) / (2 * half))
      let height = 1 - Swift.abs(Double(step) / half - 2 * cycle - 1)
      return low + (high - low) * max(0, height) * pow(decay, cycle)
    }
  }

  /// `scale · features^-½ · min(n^-½, n · warmup^-³ᐟ²)` at the n-th step (Vaswani et al. 2017).
  public static func noam(features: Int, warmup: Int, scale: Double = 1) -> Schedule {
    Schedule { step in
      let n = Double(step + 1)
      return scale * pow(Double(features), -0.5)
        * min(pow(n, -0.5), n * pow(Double(max(1, warmup)), -1.5))
    }
  }

  /// From a share of its first rate up to it in that many steps, in a line; then this schedule.
  public func warmedUp(steps: Int, from share: Double = 0) -> Schedule {
    Schedule { step in
      guard step < steps else { return self(step - steps) }
      return self(0) * (share + (1 - share) * Double(step) / Double(steps))
    }
  }
}
