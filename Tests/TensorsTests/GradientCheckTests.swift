import Catalogue
import Geometry
import Tensors
import Testing

/// Every gradient of the catalogue against central differences, and the gradients of gradients.
@Suite struct GradientCheckTests {
  static let differentiable = Catalogue.chosen.filter { operation in
    operation.samples.contains { !$0.differentiable.isEmpty }
  }

  /// Samples that are small enough, spread over all there are.
  private static func chosen(_ operation: OperationRecord, _ count: Int) -> [Sample] {
    let small = operation.samples.filter {
      !$0.differentiable.isEmpty && $0.isSmooth && $0.comparesGradients && $0.elements > 0
        && $0.elements <= 130
    }
    let stride = max(1, (small.count + count - 1) / count)
    return small.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
  }

  @Test(arguments: differentiable)
  func gradientsAreTheSlopes(_ operation: OperationRecord) throws {
    let samples = Self.chosen(operation, 12)
    #expect(!samples.isEmpty)
    for sample in samples {
      expectNone(try GradientCheck(sample).failures().map { "\(sample): \($0)" })
    }
  }

  @Test(arguments: differentiable)
  func gradientsOfGradientsAreTheirSlopes(_ operation: OperationRecord) throws {
    for sample in Self.chosen(operation, 6) where sample.isTwiceDifferentiable {
      expectNone(try GradientCheck(sample).ofGradient.failures().map { "\(sample): \($0)" })
    }
  }

  /// What the checks above would say of a function whose gradient is off by a factor.
  @Test(arguments: [1, 1.01, -1, 0])
  func aWrongGradientIsFound(_ factor: Double) throws {
    let check = GradientCheck(
      at: [Reference([3], [0.5, -0.25, 1])], [.float64], for: [0]
    ) { operands in
      [
        try customGradient(of: operands) {
          try exp($0[0])
        } backward: { upstream, _, output in
          [try upstream * output * factor]
        }
      ]
    }
    #expect(try check.failures().isEmpty == (factor == 1))
  }

  /// Right the first time, wrong the second: the gradient hides that it depends on its input.
  @Test func aWrongSecondGradientIsFound() throws {
    let check = GradientCheck(at: [Reference([2], [0.5, 2])], [.float64], for: [0]) { operands in
      [
        try customGradient(of: operands) {
          try square($0[0])
        } backward: { upstream, inputs, _ in
          [try upstream * stopGradient(inputs[0]) * 2]
        }
      ]
    }
    #expect(try check.failures().isEmpty)
    #expect(try !check.ofGradient.failures().isEmpty)
  }
}
