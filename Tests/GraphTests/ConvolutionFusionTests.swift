import Geometry
import Tensors
import Testing

/// What convolutions take along.
@Suite struct ConvolutionFusionTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let x: Shape, filter: Shape
    let stride: Int, groups: Int

    var testDescription: String { "\(x) × \(filter)" }
  }

  /// One for each method of the CPU.
  static let forms: [Form] = [
    Form(x: [4, 16, 16, 32], filter: [3, 3, 32, 40], stride: 1, groups: 1),
    Form(x: [2, 11, 11, 20], filter: [3, 3, 20, 35], stride: 2, groups: 1),
    Form(x: [2, 9, 9, 20], filter: [5, 5, 20, 3], stride: 1, groups: 1),
    Form(x: [2, 9, 9, 20], filter: [3, 3, 1, 20], stride: 1, groups: 20),
    Form(x: [2, 9, 9, 20], filter: [1, 1, 20, 24], stride: 1, groups: 1),
    Form(x: [2, 19, 19, 4], filter: [3, 3, 4, 4], stride: 9, groups: 1),
  ]

  @Test(arguments: forms) func biasActivationAndResidualAreOneLaunch(_ form: Form) throws {
    let device = try Device.isolated("cpu")
    let x = try withSeed(1) { try Tensor.normal(form.x, on: device) }
    let filter = try withSeed(2) { try Tensor.normal(form.filter, on: device) }
    let bias = try withSeed(3) { try Tensor.normal([form.filter.last], on: device) }
    let plain = try conv2D(
      x, filter, stride: form.stride, padding: .same, groups: form.groups)
    let other = try withSeed(4) { try Tensor.normal(plain.shape, on: device) }
    try evaluate(plain, other, bias)
    let chains: [(Tensor, Tensor) throws -> Tensor] = [
      { sum, _ in sum }, { sum, _ in try relu(sum) },
      { sum, other in try relu(sum + other) }, { sum, _ in try sum * sigmoid(sum) * 2 },
    ]
    for chain in chains {
      let summed = try plain + bias
      try evaluate(summed)
      let expected = try chain(summed, other).scalars()
      let before = device.engine.statistics.launches
      let fused = try chain(
        conv2D(
          x, filter, bias: bias, stride: form.stride, padding: .same, groups: form.groups), other)
      let found = try fused.scalars()
      #expect(device.engine.statistics.launches == before + 1)
      let largest = expected.reduce(1) { max($0, abs($1)) }
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }
  }
}
