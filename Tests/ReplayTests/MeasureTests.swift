import Geometry
import Replay
import Testing

@Suite struct MeasureTests {
  private func expected(_ values: [Double], isInteger: Bool = false) -> Expected {
    Expected(name: "y", shape: [values.count], isInteger: isInteger, values: values)
  }

  private func error(
    _ actual: [Double], _ values: [Double], isPointwise: Bool = false, otherScale: Double = 0
  ) -> Double {
    relativeError(
      of: actual, expected: expected(values), isPointwise: isPointwise, otherScale: otherScale)
  }

  @Test func theScaleIsTheRootMeanSquare() {
    // rms(3, 4, 0, 0) is 2.5.
    #expect(error([3, 4, 0, 1], [3, 4, 0, 0]) == 1 / 2.5)
    #expect(error([3, 5, 0, 0], [3, 4, 0, 0]) == 1 / 6.5)
  }

  @Test func pointwiseOperationsAreMeasuredAgainstOneAtMost() {
    #expect(error([3, 4, 0, 1], [3, 4, 0, 0], isPointwise: true) == 1)
    #expect(error([0.5, 0.25], [0.5, 0.5], isPointwise: true) == 0.25)
  }

  @Test func zerosAreMeasuredAgainstTheOtherTensors() {
    #expect(error([0, 1], [0, 0]) == 1)
    #expect(error([0, 1], [0, 0], otherScale: 4) == 0.25)
    #expect(error([0, 1], [0, 0], isPointwise: true, otherScale: 4) == 1)
  }

  @Test func whatIsNotFiniteMustBeExpected() {
    #expect(error([.nan], [1]) == .infinity)
    #expect(error([.infinity], [1]) == .infinity)
    #expect(error([1], [.nan]) == .infinity)
    #expect(error([.infinity], [-.infinity]) == .infinity)
    #expect(error([.nan, .infinity], [.nan, .infinity]) == 0)
    #expect(error([], []) == 0)
  }

  @Test func exactStaysExact() {
    let moved = Tolerances.movement
    #expect(moved.allowed(expected([1]), isGradient: false, referenceError: 1) == 0)
    #expect(moved.allowed(expected([1]), isGradient: true, referenceError: 1e-9) == 2e-6)
    let product = Tolerances.matrixProduct
    #expect(product.allowed(expected([1]), isGradient: false, referenceError: 1e-5) == 8e-5)
    let integers = expected([1], isInteger: true)
    #expect(product.allowed(integers, isGradient: false, referenceError: 1) == 0)
  }

  @Test func exactMeansRoundedToFloat32() {
    #expect(expected([0.1]).roundedToFloat32.values == [Double(Float(0.1))])
  }
}
