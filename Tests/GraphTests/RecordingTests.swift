import Geometry
import Tensors
import Testing

/// Recordings, gradients taken in them, and what happens when something fails.
@Suite struct RecordingTests {
  let device: Device

  init() throws { device = try Device.isolated("cpu") }

  private func vector(_ values: [Float]) throws -> Tensor {
    try Tensor(values, shape: [values.count], on: device)
  }

  @Test func gradientsNeedARecording() throws {
    let x = try vector([1, 2])
    #expect {
      try gradients(of: x * x, for: [x])
    } throws: { "\($0)".contains("outside a recording") }
  }

  @Test func earlierValuesAreConstants() throws {
    let x = try vector([1, 2])
    let y = try x * x
    let g = try recorded { try gradients(of: y * x, for: [x])[0] }
    #expect(try g.scalars() == [1, 4])
  }

  @Test func evaluatingMidwayLosesNothing() throws {
    let x = try vector([1, 2, 3])
    let (value, found) = try valueAndGradients(at: [x]) { x in
      let h = try x[0] * x[0]
      _ = try h.scalars()
      return try (h * h).sum()
    }
    #expect(try found[0].scalars() == [4, 32, 108])
    #expect(try value.scalar() == 98)
  }

  @Test func secondDerivativesSurviveEvaluation() throws {
    let x = try vector([3, 2])
    let second = try recorded {
      let first = try gradients(of: x * x * x, for: [x])[0]
      #expect(try first.scalars() == [27, 12])
      return try gradients(of: first, for: [x])[0]
    }
    #expect(try second.scalars() == [18, 12])
  }

  @Test func theHessianOfABowl() throws {
    // f(x, y) = x⁴ - 32 x² + y⁴ - 18 y² at (3, 2): gradient (-84, -40), Hessian diag(44, 12).
    let point = try vector([3, 2])
    let weights = try vector([32, 18])
    func bowl(_ p: Tensor) throws -> Tensor {
      let q = try p * p
      return try (q * q - weights * q).sum()
    }
    let h = try hessian(of: bowl, at: point)
    #expect(try h.scalars() == [44, 0, 0, 12])
    let along = try hessianVectorProduct(of: bowl, at: point, along: vector([1, 2]))
    #expect(try along.gradient.scalars() == [-84, -40])
    #expect(try along.product.scalars() == [44, 24])
  }

  @Test func theJacobianOfARotation() throws {
    let turn = try Tensor([0, -1, 1, 0], shape: [2, 2], on: device)
    let j = try jacobian(of: { try matmul(turn, $0) }, at: vector([5, 7]))
    #expect(try j.scalars() == [0, -1, 1, 0])
  }

  @Test func innerValuesAndInputsHaveGradientsTogether() throws {
    let x = try vector([2, 3])
    let g = try recorded {
      let drive = try x * x
      return try gradients(of: drive * drive, for: [drive, x])
    }
    #expect(try g[0].scalars() == [8, 18])
    #expect(try g[1].scalars() == [32, 108])
  }

  @Test func stoppedGradientsStop() throws {
    let x = try vector([2])
    let g = try recorded { try gradients(of: stopGradient(x * x) * x, for: [x])[0] }
    #expect(try g.scalars() == [4])
  }

  @Test func whatNothingDependsOnHasAZeroGradient() throws {
    let x = try vector([2])
    let y = try vector([3, 4])
    let g = try recorded { try gradients(of: x * x, for: [x, y]) }
    #expect(try g[1].scalars() == [0, 0])
  }

  @Test func aCustomGradientIsUsedAndCanBeDifferentiated() throws {
    let x = try vector([2, 3])
    let second = try recorded {
      let y = try customGradient(of: [x]) {
        try $0[0] * $0[0]
      } backward: { upstream, x, _ in
        [try upstream * x[0] * x[0] * 10]
      }
      let first = try gradients(of: y, for: [x])[0]
      #expect(try first.scalars() == [40, 90])
      return try gradients(of: first, for: [x])[0]
    }
    #expect(try second.scalars() == [40, 60])
  }

  @Test func aGradientPenaltyTrainsThroughAGradient() throws {
    let w = Parameter(try vector([1, 2]))
    let x = try vector([3, 4])
    // d/dw (Σ (∂/∂x Σ (w x)²)²) with ∂/∂x = 2 w² x is 16 w³ x².
    let (_, g) = try valueAndGradients(of: [w]) {
      let inner = try gradients(of: (w.value * x) * (w.value * x), for: [x])[0]
      return try (inner * inner).sum()
    }
    #expect(try g[0].scalars() == [144, 2048])
  }

  @Test func aThrownClosurePutsParametersBack() throws {
    struct Stop: Error {}
    let box = Parameter(try vector([1, 2]))
    #expect(throws: TensorError.self) {
      _ = try valueAndGradients(of: [box]) {
        try box.assign(box.value * 5)
        throw Stop()
      }
    }
    #expect(try box.value.scalars() == [1, 2])
    try evaluateAssignments(on: device)
    #expect(try box.value.scalars() == [1, 2])
  }

  @Test func aFailedEvaluationPutsParametersBackAndMayBeRepeated() throws {
    let box = Parameter(try vector([1, 2]))
    let before = try device.memory
    try device.setMemoryLimit(bytes: before.inUse + 1024)
    try device.emptyCache()
    let large = try Tensor.ones([4096], on: device)
    try box.assign(box.value + exp(large).sum() * 0 + 1)
    let other = try exp(large) + 1
    #expect {
      try evaluate(other)
    } throws: { ($0 as? TensorError)?.kind == .outOfMemory }
    #expect(try box.value.scalars() == [1, 2])
    try device.setMemoryLimit(bytes: 1 << 30)
    #expect(try other.scalars()[0] > 3.7)
  }

  @Test func theValueComesWithItsGradients() throws {
    let w = Parameter(try vector([1, 2, 3]))
    let (value, g) = try valueAndGradients(of: [w]) { try exp(w.value).sum() }
    try evaluate(g[0])
    let launches = device.engine.statistics.launches
    _ = try value.scalar()
    #expect(device.engine.statistics.launches == launches)
  }

  @Test func aSharedParameterGathersBothGradients() throws {
    let w = Parameter(try vector([2]))
    let (_, g) = try valueAndGradients(of: [w]) { try (w.value * w.value * w.value).sum() }
    #expect(try g[0].scalars() == [12])
  }
}
