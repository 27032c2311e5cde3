import Optimizers
import Testing

@Suite struct ScheduleTests {
  private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }

  @Test func stepsAndPieces() {
    let step = Schedule.step(from: 1, every: 10, factor: 0.5)
    #expect([0, 9, 10, 25].map { step($0) } == [1, 1, 0.5, 0.25])
    let pieces = Schedule.piecewise(boundaries: [5, 8], rates: [1, 0.1, 0.01])
    #expect([4, 5, 7, 8, 99].map { pieces($0) } == [1, 0.1, 0.1, 0.01, 0.01])
  }

  @Test func smoothDecays() {
    #expect(close(Schedule.exponential(from: 1, factor: 0.5, steps: 10)(20), 0.25))
    #expect(
      close(Schedule.exponential(from: 1, factor: 0.5, steps: 10, isStaircase: true)(19), 0.5))
    #expect(close(Schedule.polynomial(from: 1, to: 0.2, steps: 10, power: 2)(5), 0.4))
    #expect(close(Schedule.polynomial(from: 1, to: 0.2, steps: 10)(50), 0.2))
    #expect(close(Schedule.inverseTime(from: 1, factor: 1, steps: 10)(30), 0.25))
    #expect(close(Schedule.cosine(from: 1, to: 0.5, steps: 10)(5), 0.75))
  }

  @Test func cyclesComeBackToTheTop() {
    let restarts = Schedule.cosineWithRestarts(from: 1, steps: 10, growth: 2, decay: 0.5)
    #expect(close(restarts(0), 1) && close(restarts(5), 0.5))
    #expect(close(restarts(10), 0.5) && close(restarts(20), 0.25) && close(restarts(30), 0.25))
    let same = Schedule.cosineWithRestarts(from: 1, steps: 10, growth: 1)
    #expect(close(same(1_000_000_000), 1))
    let triangle = Schedule.cyclical(from: 0, to: 1, steps: 10)
    #expect([0, 5, 10, 15, 20].map { triangle($0) } == [0, 0.5, 1, 0.5, 0])
    let cycle = Schedule.oneCycle(largest: 1, steps: 100)
    #expect(close(cycle(0), 0.04) && close(cycle(29), 1) && close(cycle(99), 0.04 / 1e4))
  }

  @Test func warmUpLeadsInALine() {
    let warm = Schedule.constant(2).warmedUp(steps: 4)
    #expect([0, 1, 2, 3, 4, 5].map { warm($0) } == [0, 0.5, 1, 1.5, 2, 2])
    let noam = Schedule.noam(features: 16, warmup: 4)
    #expect(close(noam(3), 0.125) && close(noam(0), 0.03125) && noam(20) < noam(3))
  }

  @Test func plateausLowerTheRateAfterPatience() {
    var plateau = Plateau(factor: 0.5, patience: 2, smallest: 0.2)
    var rate = 1.0
    var rates: [Double] = []
    for loss in [3.0, 2, 2, 2, 1.5, 1.6, .nan, 1.7, 1.7, 1.7, 1.7] {
      rate = plateau.rate(after: loss, rate)
      rates.append(rate)
    }
    #expect(rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2])
    #expect(plateau.best == 1.5)
  }
}
