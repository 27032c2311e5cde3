import Catalogue
import Geometry
import Tensors
import Testing

/// Gradients where a function has a kink, a tie or a zero, which random numbers never meet.
@Suite struct KinkTests {
  private func gradient(
    at numbers: [Float], _ function: (Tensor) throws -> Tensor
  ) throws -> [Float] {
    try recorded {
      let x = try Tensor(numbers, shape: [numbers.count], on: .cpu)
      return try gradients(of: function(x), for: [x])[0].scalars()
    }
  }

  @Test func kinksAtZeroHaveTheSlopeThatTheyAreDocumentedToHave() throws {
    #expect(try gradient(at: [-1, 0, 1]) { try relu($0) } == [0, 0, 1])
    #expect(try gradient(at: [-1, 0, 1]) { try abs($0) } == [-1, 0, 1])
    #expect(try gradient(at: [-1, 0, 1]) { try leakyRelu($0, slope: 0.25) } == [0.25, 0.25, 1])
    #expect(try gradient(at: [-1, 0, 1]) { try sign($0) } == [0, 0, 0])
    #expect(try gradient(at: [-1, 0, 1]) { try step($0) } == [0, 0, 0])
  }

  @Test func equalExtremesShareTheGradient() throws {
    #expect(try gradient(at: [1, 3, 3]) { try $0.max() } == [0, 0.5, 0.5])
    #expect(try gradient(at: [2, 2, 2, 5]) { try $0.min() * 3 } == [1, 1, 1, 0])
    #expect(try gradient(at: [1, 2]) { try maximum($0, $0.flipped(axes: [0])) } == [0, 2])
    #expect(try gradient(at: [2, 2]) { try minimum($0, Tensor(2)) } == [0.5, 0.5])
    #expect(try gradient(at: [-3, 1, 3]) { try $0.norm(.infinity) } == [-0.5, 0, 0.5])
  }

  @Test func clippingPassesTheGradientInsideItsBounds() throws {
    #expect(try gradient(at: [-2, 0, 2]) { try clip($0, min: -1, max: 1) } == [0, 1, 0])
    #expect(try gradient(at: [-2, 0, 2]) { try hardTanh($0) } == [0, 1, 0])
  }

  @Test func theLengthOfAZeroVectorIsFlat() throws {
    #expect(try gradient(at: [0, 0]) { try $0.norm() } == [0, 0])
    #expect(try gradient(at: [0, 0]) { try $0.norm(.one) } == [0, 0])
  }

  @Test func powersOfZeroHaveTheirSlopes() throws {
    #expect(try gradient(at: [0, 2]) { try pow($0, 2) } == [0, 4])
    #expect(
      try gradient(at: [0, 2]) { try pow($0, Tensor([2, 3], shape: [2], on: .cpu)) } == [0, 12])
    #expect(try gradient(at: [0, 2]) { try pow($0, 0) } == [0, 0])
    #expect(
      try gradient(at: [1, 2]) { try pow(Tensor([0, 1], shape: [2], on: .cpu), $0) } == [0, 0])
  }

  @Test func eluIsSmoothFarFromZero() throws {
    #expect(try gradient(at: [200, -200]) { try elu($0) } == [1, 0])
    #expect(try gradient(at: [1000, -1000]) { try softplus($0) } == [1, 0])
    #expect(try gradient(at: [1000, -1000]) { try sigmoid($0) } == [0, 0])
    #expect(try gradient(at: [1000, 0]) { try $0.logSumExp() } == [1, 0])
  }

  /// Products are polynomials: their slopes exist where factors are zero.
  @Test(arguments: [[2, 0, 3, 4], [0, 0, 3, 4], [2, 3, 4, 0], [0, 1, 2, 3]] as [[Double]])
  func productsOfZerosHaveTheirSlopes(_ numbers: [Double]) throws {
    let point = [Reference([numbers.count], numbers)]
    let product = GradientCheck(at: point, [.float64], for: [0]) { [try $0[0].product()] }
    expectNone(try product.failures())
    expectNone(try product.ofGradient.failures())
    for exclusive in [false, true] {
      for reverse in [false, true] {
        let running = GradientCheck(at: point, [.float64], for: [0]) {
          [try $0[0].cumprod(axis: 0, exclusive: exclusive, reverse: reverse)]
        }
        expectNone(try running.failures())
        expectNone(try running.ofGradient.failures())
      }
    }
  }
}
