import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// Reductions that are computed in one pass, of tensors so large that they are cut into segments.
@Suite struct ReductionTests {
  private static func numbers(_ count: Int) -> [Float] {
    var generator = Generator(seed: 5)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  /// Of its own, so that nobody else's steps are counted.
  private static func isolated(_ device: TestDevice) throws -> Device {
    try Device.isolated(device == .cpu ? "cpu" : "opencl:0")
  }

  /// How many steps computing them took.
  private static func steps(_ results: [Tensor]) throws -> Int {
    let before = results[0].device.engine.statistics.launches
    try evaluate(results)
    return results[0].device.engine.statistics.launches - before
  }

  /// Long rows, wide columns, few columns, rows longer than what is at hand at a time.
  @Test(
    arguments: [([1, 600_000], 1), ([300, 2051], 0), ([100_000, 3], 0), ([7, 30_000], 1)],
    TestDevice.allCases)
  func aPassGivesWhatEachReductionGives(_ form: (shape: [Int], axis: Int), _ device: TestDevice)
    throws
  {
    let count = form.shape.reduce(1, *)
    var values = Self.numbers(count)
    let device = try Self.isolated(device)
    func results(_ x: Tensor) throws -> [Tensor] {
      [
        try x.sum(axes: [form.axis]), try x.max(axes: [form.axis]), try x.min(axes: [form.axis]),
      ]
    }
    for hasNaN in [false, true] {
      if hasNaN { values[count / 2] = .nan }
      let x = try Tensor(values, shape: Shape(form.shape), on: device)
      let together = try results(x)
      #expect(try Self.steps(together) == 1)
      // Each in a plan of its own.
      let alone = try results(x)
      for (number, (one, other)) in zip(together, alone).enumerated() {
        let (found, expected) = (try one.scalars(), try other.scalars())
        var worst: Float = 0
        for (a, b) in zip(found, expected) where !(a.isNaN && b.isNaN) {
          worst = a.isNaN || b.isNaN ? .infinity : Swift.max(worst, abs(a - b))
        }
        #expect(worst <= (number == 0 ? 1e-3 : 0), "result \(number) of \(form) on \(device)")
        #expect(found.contains { $0.isNaN } == hasNaN)
      }
    }
  }

  @Test(arguments: TestDevice.allCases)
  func whatIsNotOfOneTensorIsNotOnePass(_ device: TestDevice) throws {
    let x = try Tensor([3, 1, 2, 6, 5, 4], shape: [2, 3], on: Self.isolated(device))
    let rows = [1]
    let same = [try x.sum(axes: rows), try x.max(axes: rows), try x.sum(axes: rows)]
    #expect(try Self.steps(same) == 1)
    #expect(try Self.steps([try x.sum(axes: rows), try x.max(axes: [0])]) == 2)
    #expect(try Self.steps([try x.max(axes: rows), try x.argmax(axis: 1)]) == 2)
    #expect(try Self.steps([try x.sum(axes: rows), try (x * x).sum(axes: rows)]) == 2)
    let five = [
      try x.sum(axes: rows), try x.max(axes: rows), try x.min(axes: rows),
      try x.product(axes: rows), try x.sum(axes: rows, keepingAxes: true),
    ]
    #expect(try Self.steps(five) == 2)
    #expect(try five.map { try $0.scalars() } == [[6, 15], [3, 6], [1, 4], [6, 120], [6, 15]])
  }
}
