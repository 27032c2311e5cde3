import Geometry
import Tensors
import Testing

/// What is computed when, and what is planned once.
@Suite struct EvaluationTests {
  let device: Device

  init() throws { device = try Device.isolated("cpu") }

  private func vector(_ values: [Float]) throws -> Tensor {
    try Tensor(values, shape: [values.count], on: device)
  }

  @Test func nothingIsComputedBeforeItIsRead() throws {
    let x = try vector([1, 2, 3])
    let y = try exp(x) * 2
    #expect(device.engine.statistics.launches == 0)
    _ = try y.scalars()
    #expect(device.engine.statistics.launches == 1)
    _ = try y.scalars()
    #expect(device.engine.statistics.launches == 1)
  }

  @Test func aPlanServesNewLeavesAndNewNumbers() throws {
    for step in 1...5 {
      let x = try vector([1, 2, Float(step)])
      let y = try x * (Double(step) * 0.5 + 3) + 1
      #expect(try y.scalars()[0] == Float(step) * 0.5 + 4)
    }
    #expect(device.engine.statistics.plans == 1)
    #expect(device.engine.statistics.replays == 4)
  }

  @Test func anotherShapeIsAnotherPlan() throws {
    _ = try (vector([1, 2]) + 1).scalars()
    _ = try (vector([1, 2, 3]) + 1).scalars()
    #expect(device.engine.statistics.plans == 2)
  }

  @Test func aHeldIntermediateIsNotComputedAgain() throws {
    let x = try vector([1, 2, 3])
    let held = try x.sum()
    _ = try (held * 2).scalars()
    let before = device.engine.statistics.launches
    #expect(try held.scalar() == 6)
    #expect(device.engine.statistics.launches == before)
  }

  @Test func aChainIsOneKernel() throws {
    let x = try vector([0.5, 1, 2])
    let y = try tanh(x * x + 0.5) * sigmoid(x) - x
    let plan = try explain(y)
    #expect(plan.contains("plan: 1 steps"))
    _ = try y.scalars()
    #expect(device.engine.statistics.launches == 1)
  }

  @Test func aProductTakesBiasAndActivationAlong() throws {
    let x = try Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let y = try relu(matmul(x, x) + vector([1, -100]))
    #expect(try explain(y).contains("plan: 1 steps"))
    #expect(try y.scalars() == [8, 0, 16, 0])
  }

  @Test func aReductionTakesTheChainBeforeItAlong() throws {
    let x = try vector([1, 2, 3])
    let y = try (x * x).sum()
    #expect(try explain(y).contains("plan: 1 steps"))
    #expect(try y.scalar() == 14)
  }

  @Test func explainingComputesNothingAndChangesNothing() throws {
    let y = try exp(vector([0, 0]))
    _ = try explain(y)
    #expect(device.engine.statistics.launches == 0)
    #expect(try y.scalars() == [1, 1])
  }

  @Test func intermediatesShareMemory() throws {
    var y = try Tensor.ones([64, 64], on: device)
    for _ in 0..<20 { y = try matmul(y, y) * 0.01 }
    let plan = try explain(y)
    #expect(plan.contains("share 2 buffers") && plan.contains("20 intermediates"), "\(plan)")
  }

  @Test func viewsMoveNothing() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    let y = try x.transposed() + x.reshaped(to: [3, 2])
    #expect(try explain(y).contains("plan: 1 steps"))
    #expect(try y.scalars() == [2, 6, 5, 9, 8, 12])
  }

  @Test func aHeldViewIsNotCopied() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    let base = try x * 2
    let view = try base.transposed()
    #expect(try matmul(x, view).scalars() == [28, 64, 64, 154])
    #expect(try view.scalars() == [2, 8, 4, 10, 6, 12])
  }

  @Test func randomNumbersComeOutTheSameTwice() throws {
    let x = try withSeed(5) { try Tensor.uniform([16], on: device) }
    let doubled = try x * 2
    let tripled = try x * 3
    let a = try doubled.scalars()
    let b = try tripled.scalars()
    #expect(zip(a, b).allSatisfy { abs($0 / 2 - $1 / 3) < 1e-6 })
    let again = try withSeed(5) { try Tensor.uniform([16], on: device) }
    #expect(try again.scalars() == x.scalars())
  }

  @Test func drawsReplayWithNewNumbers() throws {
    let draws = try withSeed(9) {
      try (0..<4).map { _ in try Tensor.uniform([8], on: device).scalars() }
    }
    #expect(Set(draws).count == 4)
    #expect(device.engine.statistics.plans == 1)
  }

  @Test func emptyTensorsAreFine() throws {
    let x = try Tensor.zeros([0, 3], on: device)
    #expect(try (exp(x) + 1).scalars() == [])
    #expect(try x.sum(axes: [0]).scalars() == [0, 0, 0])
    #expect(try matmul(x.transposed(), x).scalars() == [Float](repeating: 0, count: 9))
    #expect(try concatenate([x, Tensor.ones([1, 3], on: device)]).scalars() == [1, 1, 1])
  }
}
