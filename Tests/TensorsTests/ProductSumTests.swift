import Catalogue
import Geometry
import Tensors
import TestSupport
import Testing

/// Products that are added to something are one step on the CPU: each is rounded as it is alone.
@Suite struct ProductSumTests {
  /// Operands that lie in memory in each way: in one piece, one number, a row, a column, transposed.
  private static let operands: [(shape: [Int], view: Input.View)] = [
    ([37, 61], .plain), ([], .plain), ([61], .plain), ([37, 1], .plain), ([37, 61], .permuted),
  ]

  /// All that one expression computes; `step` sees each of its values.
  struct Form: CustomStringConvertible, Sendable {
    let description: String
    let value: @Sendable (_ x: [Tensor], _ step: (Tensor) throws -> Tensor) throws -> Tensor

    static let all = [
      Form(description: "x * y + z") { x, step in try step(step(x[0] * x[1]) + x[2]) },
      Form(description: "z + x * y") { x, step in try step(x[2] + step(x[0] * x[1])) },
      Form(description: "x * y - z") { x, step in try step(step(x[0] * x[1]) - x[2]) },
      Form(description: "z - x * y") { x, step in try step(x[2] - step(x[0] * x[1])) },
      Form(description: "x * y + y * z") { x, step in
        try step(step(x[0] * x[1]) + step(x[1] * x[2]))
      },
      Form(description: "x * x + x") { x, step in try step(step(x[0] * x[0]) + x[0]) },
      Form(description: "p + p of p = x * y") { x, step in
        let product = try step(x[0] * x[1])
        return try step(product + product)
      },
      Form(description: "(p - z) * p of p = x * y") { x, step in
        let product = try step(x[0] * x[1])
        return try step(step(product - x[2]) * product)
      },
      Form(description: "((x * y + z) * y + z) * y - x") { x, step in
        var sum = x[0]
        for _ in 0..<2 { sum = try step(step(sum * x[1]) + x[2]) }
        return try step(step(sum * x[1]) - x[0])
      },
      Form(description: "widened(narrow x * narrow y) + z") { x, step in
        let narrow = try [x[0], x[1]].map { try step($0.cast(to: .float16)) }
        let product = try step(step(narrow[0] * narrow[1]).cast(to: x[2].scalarType))
        return try step(product + x[2])
      },
    ]
  }

  /// Each operation computed before the next is recorded, on the same device, gives the same bits.
  @Test(arguments: Form.all, TestDevice.allCases)
  func togetherIsWhatEachGives(_ form: Form, _ device: TestDevice) throws {
    for type in [ScalarType.float32, .float64, .bfloat16] {
      for (number, operand) in Self.operands.enumerated() {
        // In each place on the CPU, where it matters; a new program is long in compiling elsewhere.
        for place in device == .cpu ? Array(0..<3) : [number % 3] {
          let x = try (0..<3).map {
            let own = $0 == place ? operand : Self.operands[0]
            return try Input(own.shape, type, view: own.view, seed: UInt64($0 + 1))
              .tensor(on: device.device)
          }
          let together = try form.value(x) { $0 }.cast(to: .float64).scalars(as: Double.self)
          let apart = try form.value(x) { value in
            try evaluate([value])
            return value
          }.cast(to: .float64).scalars(as: Double.self)
          #expect(together == apart, "\(type), \(operand) at \(place)")
          if number == 0 { #expect(Set(together).count > 30) }
        }
      }
    }
  }

  /// (1 + 2⁻¹²)² rounds to 1 + 2⁻¹¹: a fused multiply-add would leave 2⁻²⁴. Of constants too.
  @Test(arguments: [1, 16, 5000], TestDevice.allCases)
  func aProductIsRoundedBeforeTheSum(_ count: Int, _ device: TestDevice) throws {
    let base = try Tensor.full(1 + 0x1p-12, [count], on: device.device)
    let square = try Tensor.full(1 + 0x1p-11, [count], on: device.device)
    func stored(_ x: Tensor) throws -> Tensor {
      try Tensor(x.scalars(), shape: [count], on: device.device)
    }
    let pairs = try [(base, square), (stored(base), stored(square))]
    for (x, z) in pairs {
      #expect(try (x * x - z).scalars().allSatisfy { $0 == 0 })
      #expect(try (z - x * x).scalars().allSatisfy { $0 == 0 })
      #expect(try (x * x + -z).scalars().allSatisfy { $0 == 0 })
    }
  }

  /// A sum of constants that leaves the range of their type does so before anything is taken off it.
  @Test(arguments: TestDevice.allCases) func constantsAreOfTheirType(_ device: TestDevice) throws {
    let large = try Tensor.full(60_000, [3], as: .float16, on: device.device)
    #expect(try (large + large - large).scalars(as: Float16.self).allSatisfy { $0 == .infinity })
    let tenth = try Tensor.full(0.1, [3], on: device.device)
    let fifth = try Tensor.full(0.2, [3], on: device.device)
    #expect(try (tenth + fifth).scalars().allSatisfy { $0 == Float(0.1) + Float(0.2) })
    #expect(try (tenth * fifth).scalars().allSatisfy { $0 == Float(0.1) * Float(0.2) })
  }
}
