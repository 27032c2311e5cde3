import Geometry
import Tensors
import Testing

/// Operations on constants are simplified when they are recorded; gradients must not notice.
@Suite struct ConstantTests {
  @Test func constantsAreDifferentiatedLikeOtherTensors() throws {
    let result = try valueAndGradients(at: [Tensor(3), Tensor.full(2, [2])]) { inputs in
      try square(inputs[0]) * (inputs[1] * inputs[1]).sum()
    }
    #expect(try result.value.scalar() == 72)
    let gradients = try result.gradients.map { try $0.scalars() }
    #expect(gradients == [[48], [36, 36]])
    let curvature = try hessian(of: { try ($0 * $0 * $0).sum() }, at: Tensor.full(2, [2]))
    #expect(try curvature.scalars() == [12, 0, 0, 12])
  }

  @Test func parametersThatBeginAsConstantsHaveGradients() throws {
    let weights = [
      Parameter(try Tensor.full(2, [3])), Parameter(try Tensor.zeros([3])),
      Parameter(try Tensor.ones([3])),
    ]
    try weights[2].assign(Tensor.full(4, [3]))
    let gradients = try valueAndGradients(of: weights) {
      let values = weights.map(\.value)
      let halves = try values[2].cast(to: .float64).cast(to: .float32)
      return try (square(values[0]) + values[1].reshaped(to: [1, 3]) + square(halves)).sum()
    }.gradients.map { try $0.scalars() }
    #expect(gradients == [[4, 4, 4], [1, 1, 1], [8, 8, 8]])
  }

  @Test func gradientsForABareConstantAreAnError() throws {
    let constant = try Tensor.ones([2])
    #expect(throws: TensorError.self) {
      try recorded { try gradients(of: (constant * 3).sum(), for: [constant]) }
    }
  }
}
