import Geometry
import Optimizers
import Tensors
import Testing

@Suite struct CombiningTests {
  @Test func groupsHaveRatesOfTheirOwn() throws {
    let body = Parameter(try Tensor.zeros([1]))
    let head = Parameter(try Tensor.zeros([1]))
    let optimizer = try ParameterGroups([
      ([body], SGD(learningRate: 0.1)), ([head], SGD(learningRate: 1)),
    ])
    let gradient = try Tensor([1], shape: [1])
    try optimizer.update([head, body], along: [gradient, gradient])
    #expect(try body.value.scalar() == -0.1 && head.value.scalar() == -1)
    optimizer.learningRate = 0.05
    try optimizer.update([body, head], along: [gradient, gradient])
    #expect(try abs(head.value.scalar() + 1.5) < 1e-6)
    #expect(throws: TensorError.self) {
      try optimizer.update([Parameter(Tensor.zeros([1]))], along: [gradient])
    }
    #expect(throws: TensorError.self) {
      try ParameterGroups([([body], SGD()), ([body], SGD())])
    }
  }

  @Test func groupsKeepTheirRatiosThroughARateOfZero() throws {
    let (low, high) = (try SGD(learningRate: 1e-5), try SGD(learningRate: 1e-3))
    let (body, head) = (Parameter(try Tensor.zeros([1])), Parameter(try Tensor.zeros([1])))
    let optimizer = try ParameterGroups([([body], low), ([head], high)])
    for rate in [0, 2e-6] { optimizer.learningRate = rate }
    #expect(low.learningRate == 2e-6 && abs(high.learningRate - 2e-4) < 1e-12)
    // The first group is frozen.
    try optimizer.update([head], along: [Tensor([1], shape: [1])])
    #expect(optimizer.stepCount == 1)
  }

  @Test func minimizersKeepToConstraints() throws {
    for minimizer in [try LBFGS() as any Minimizer, try NewtonCG()] {
      let x = Parameter(try Tensor([2, 3], shape: [2]))
      x.constrain { try relu($0) }
      let shift = try Tensor([1, -1], shape: [2])
      try minimizer.minimize([x], steps: 20) { try square(x.value + shift).sum() }
      let found = try x.value.scalars()
      #expect(found[0] == 0 && abs(found[1] - 1) < 1e-2, "\(found)")
    }
    let y = Parameter(try Tensor([-2], shape: [1]))
    let average = try WeightAverage(of: [y])
    y.constrain { try relu($0) }
    try average.apply()
    #expect(try y.value.scalar() == 0)
  }

  @Test func accumulatedGradientsAreTheirMean() throws {
    let accumulation = try GradientAccumulation(count: 3)
    #expect(try accumulation.add([Tensor([1, 2], shape: [2])]) == nil)
    #expect(try accumulation.add([Tensor([3, 4], shape: [2])]) == nil)
    let mean = try #require(try accumulation.add([Tensor([5, 0], shape: [2])]))
    #expect(try mean[0].scalars() == [3, 2])
    #expect(try accumulation.finish() == nil)
    _ = try accumulation.add([Tensor([8], shape: [1])])
    #expect(try accumulation.finish()?[0].scalars() == [8])
  }

  @Test func averagesStandInForParametersWhileUsed() throws {
    let parameter = Parameter(try Tensor([0], shape: [1]))
    let plain = try WeightAverage(of: [parameter], kind: .plain)
    let moving = try WeightAverage(of: [parameter], kind: .moving(decay: 0.5))
    for value: Float in [2, 4, 6] {
      try parameter.assign(Tensor([value], shape: [1]))
      try plain.update()
      try moving.update()
    }
    #expect(try plain.values[0].scalar() == 4)
    #expect(try moving.values[0].scalar() == 4.25)
    #expect(try plain.use { try parameter.value.scalar() } == 4)
    #expect(try parameter.value.scalar() == 6)
  }

  @Test func secondOrderMethodsSolveAQuadraticInAFewSteps() throws {
    let matrix = try Tensor([4, 1, 1, 3], shape: [2, 2])
    let shift = try Tensor([1, 2], shape: [2])
    for device in [Device.cpu, try Device.openCL(0)] {
      let a = try matrix.moved(to: device)
      let b = try shift.moved(to: device)
      for minimizer in [try LBFGS() as any Minimizer, try NewtonCG()] {
        let x = Parameter(try Tensor([5, -5], shape: [2], on: device))
        let losses = try minimizer.minimize([x], steps: 15) {
          try dot(x.value, matmul(a, x.value)) * 0.5 - dot(b, x.value)
        }
        let found = try x.value.scalars()
        // The solution of A·x = b.
        #expect(abs(found[0] - 1.0 / 11) < 1e-3 && abs(found[1] - 7.0 / 11) < 1e-3, "\(losses)")
      }
    }
  }

  @Test func curvedValleysAreFollowed() throws {
    for minimizer in [try LBFGS() as any Minimizer, try NewtonCG()] {
      let x = Parameter(try Tensor([-1.2], shape: [1]))
      let y = Parameter(try Tensor([1], shape: [1]))
      try minimizer.minimize([x, y], steps: 80) {
        try (square(1 - x.value) + 100 * square(y.value - x.value * x.value)).sum()
      }
      #expect(try abs(x.value.scalar() - 1) < 0.01 && abs(y.value.scalar() - 1) < 0.02)
    }
  }

  @Test func perceptronSeparatesWhatALineCan() throws {
    let examples = try Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
    func mistakes(_ targets: [Int], epochs: Int) throws -> Int {
      let weights = Parameter(try Tensor.zeros([2]))
      let bias = Parameter(try Tensor.zeros([]))
      var last = 0
      for _ in 0..<epochs {
        let steps = try PerceptronRule().epoch(weights, bias, examples: examples, targets: targets)
        last = steps.filter(\.isMistake).count
      }
      return last
    }
    #expect(try mistakes([-1, -1, -1, 1], epochs: 20) == 0)
    #expect(try mistakes([-1, 1, 1, -1], epochs: 50) > 0)
  }
}
