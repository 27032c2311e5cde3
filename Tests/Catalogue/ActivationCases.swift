internal import Foundation
internal import Geometry
internal import Tensors

/// The nonlinear functions between layers.
enum ActivationCases {
  static let records: [OperationRecord] = [
    record("relu", .exact, rejecting: [.bool]) {
      try relu($0)
    } _: {
      $0.isNaN ? $0 : max($0, 0)
    },
    record("step", .exact, mayBeZero: true, rejecting: [.bool]) {
      try step($0)
    } _: {
      $0 > 0 ? 1 : 0
    },
    record(
      "leakyRelu", .ulps(1),
      more: [
        (
          "slope 0.01", { try leakyRelu($0, slope: 0.01) },
          {
            $0 > 0 ? $0 : 0.01 * $0
          }
        )
      ]
    ) {
      try leakyRelu($0)
    } _: {
      $0 > 0 ? $0 : 0.2 * $0
    },
    record(
      "elu", .absolute(4),
      more: [
        (
          "alpha 0.5", { try elu($0, alpha: 0.5) },
          {
            $0 > 0 ? $0 : 0.5 * Foundation.expm1($0)
          }
        )
      ]
    ) {
      try elu($0)
    } _: {
      $0 > 0 ? $0 : Foundation.expm1($0)
    },
    record("selu", .absolute(8)) {
      try selu($0)
    } _: {
      1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * Foundation.expm1($0))
    },
    record(
      "gelu", .absolute(4),
      more: [
        (
          "approximate", { try gelu($0, approximate: true) },
          { x in
            let inner = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
            return 0.5 * x * (1 + Foundation.tanh(inner))
          }
        )
      ]
    ) {
      try gelu($0)
    } _: {
      0.5 * $0 * Foundation.erfc(-$0 / 2.0.squareRoot())
    },
    record("sigmoid", .ulps(8)) {
      try sigmoid($0)
    } _: {
      logistic($0)
    },
    record("softplus", .ulps(8)) {
      try softplus($0)
    } _: {
      $0.isNaN ? $0 : max($0, 0) + Foundation.log1p(Foundation.exp(-Swift.abs($0)))
    },
    record("silu", .ulps(8)) {
      try silu($0)
    } _: {
      $0 == -.infinity ? .nan : $0 * logistic($0)
    },
    record("mish", .absolute(8)) {
      try mish($0)
    } _: {
      $0 * Foundation.tanh(max($0, 0) + Foundation.log1p(Foundation.exp(-Swift.abs($0))))
    },
    record("softsign", .ulps(4)) {
      try softsign($0)
    } _: {
      $0 / (1 + Swift.abs($0))
    },
    record("hardSigmoid", .absolute(4)) {
      try hardSigmoid($0)
    } _: {
      min(max($0 / 6 + 0.5, 0), 1)
    },
    record("hardTanh", .exact) {
      try hardTanh($0)
    } _: {
      min(max($0, -1), 1)
    },
  ]

  private static func logistic(_ x: Double) -> Double {
    x >= 0 ? 1 / (1 + Foundation.exp(-x)) : Foundation.exp(x) / (1 + Foundation.exp(x))
  }

  private typealias Form = (
    String, @Sendable (Tensor) throws -> Tensor, @Sendable (Double) -> Double
  )

  private static func record(
    _ name: String, _ tolerance: Tolerance, mayBeZero: Bool = false, more: [Form] = [],
    rejecting types: [ScalarType] = [.int32, .int64, .uint8, .bool],
    call: @escaping @Sendable (Tensor) throws -> Tensor,
    _ function: @escaping @Sendable (Double) -> Double
  ) -> OperationRecord {
    func pointwise(_ form: Form) -> Pointwise {
      Pointwise(
        name: name, family: "Activation", attributes: form.0, values: [.normal(2)],
        tolerance: tolerance, gradientTolerance: .absolute(32),
        specials: [0, -0.0, 1, -1, 20, -20, 100, -100, 1e30, -1e30],
        mayBeZero: mayBeZero, isTwiceDifferentiable: !mayBeZero, price: 16,
        call: { try form.1($0[0]) }, function: { form.2($0[0]) })
    }
    let coefficients: [BadCall] = [Double.nan, .infinity].compactMap { coefficient in
      guard name == "leakyRelu" || name == "elu" else { return nil }
      return BadCall("coefficient \(coefficient)", [.argument], [Input([2, 3])]) {
        _ =
          try name == "elu"
          ? elu($0[0], alpha: coefficient) : leakyRelu($0[0], slope: coefficient)
      }
    }
    let main = pointwise(("", call, function))
    let record = main.unary(rejecting: types)
    let others = more.map(pointwise).enumerated().flatMap { number, form in
      Shapes.few.enumerated().map { form.sample([$1], .float32, 500 + 10 * number + $0) }
        + [
          form.sample([[33]], .float16, 590).with {
            $0.differentiable = []
            $0.runsEverywhere = false
          }
        ]
    }
    return OperationRecord(
      name, family: "Activation", samples: record.samples + others,
      badCalls: record.badCalls + coefficients,
      benchmarks: record.benchmarks)
  }
}
