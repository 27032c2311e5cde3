internal import Foundation
internal import Geometry
internal import Tensors

/// Arithmetic and elementary functions, one element at a time.
enum ElementwiseCases {
  static let records: [OperationRecord] = arithmetic + functions + powers + scalars

  private static let numeric = Shapes.everyFloat + Shapes.everyInteger

  private static let arithmetic: [OperationRecord] = [
    Pointwise(
      name: "+", values: [.normal(1), .normal(1)], tolerance: .exact, types: numeric,
      call: { try $0[0] + $0[1] }, function: { $0[0] + $0[1] }
    ).binary(errorName: "add"),
    Pointwise(
      name: "-", values: [.normal(1), .normal(1)], tolerance: .exact, types: numeric,
      integers: [.integers(100, 200), .integers(0, 99)],
      call: { try $0[0] - $0[1] }, function: { $0[0] - $0[1] }
    ).binary(errorName: "subtract"),
    Pointwise(
      name: "*", values: [.normal(1), .normal(1)], tolerance: .exact, types: numeric,
      call: { try $0[0] * $0[1] }, function: { $0[0] * $0[1] }
    ).binary(errorName: "multiply"),
    Pointwise(
      name: "/", values: [.normal(1), .awayFromZero(0.5, 3)], tolerance: .ulps(2.5), price: 4,
      call: { try $0[0] / $0[1] }, function: { $0[0] / $0[1] }
    ).binary(errorName: "divide", rejecting: [.bool, .int32, .int64, .uint8]),
    Pointwise(
      name: "minimum", values: [.normal(1), .normal(1)], tolerance: .exact, types: numeric,
      call: { try minimum($0[0], $0[1]) },
      function: { $0[0].isNaN || $0[1].isNaN ? .nan : Swift.min($0[0], $0[1]) }
    ).binary(),
    Pointwise(
      name: "maximum", values: [.normal(1), .normal(1)], tolerance: .exact, types: numeric,
      call: { try maximum($0[0], $0[1]) },
      function: { $0[0].isNaN || $0[1].isNaN ? .nan : Swift.max($0[0], $0[1]) }
    ).binary(),
    Pointwise(
      name: "remainder", values: [.normal(5), .awayFromZero(0.5, 3)], tolerance: .absolute(8),
      types: numeric, integers: [.integers(0, 99), .integers(1, 9)],
      specials: [1, -1, 2.5, -2.5, 7, -7, 0.5, -0.5], price: 4,
      call: { try remainder($0[0], $0[1]) }, function: { floored($0[0], $0[1]) }
    ).binary(),
    Pointwise(
      name: "negate", values: [.normal(1)], tolerance: .exact,
      types: Shapes.everyFloat + [.int32, .int64], call: { try -$0[0] }, function: { -$0[0] }
    ).unary(functions: ["-"], rejecting: [.bool, .uint8]),
  ]

  private static let functions: [OperationRecord] = [
    unary("exp", .ulps(3), .normal(2), 16) {
      try exp($0)
    } _: {
      Foundation.exp($0)
    },
    unary("expm1", .ulps(3), .normal(1), 16) {
      try expm1($0)
    } _: {
      Foundation.expm1($0)
    },
    unary("log", .ulps(3), .uniform(0.1, 9), 16) {
      try log($0)
    } _: {
      Foundation.log($0)
    },
    unary("log1p", .ulps(2), .uniform(-0.8, 5), 16) {
      try log1p($0)
    } _: {
      Foundation.log1p($0)
    },
    unary("sqrt", .ulps(3), .uniform(0.1, 9), 4) {
      try sqrt($0)
    } _: {
      $0.squareRoot()
    },
    unary("rsqrt", .ulps(3), .uniform(0.1, 9), 4) {
      try rsqrt($0)
    } _: {
      1 / $0.squareRoot()
    },
    unary("reciprocal", .ulps(2.5), .awayFromZero(0.3, 4), 4) {
      try reciprocal($0)
    } _: {
      1 / $0
    },
    unary("sin", .ulps(4), .normal(3), 16, specials: trigonometric) {
      try sin($0)
    } _: {
      Foundation.sin($0)
    },
    unary("cos", .ulps(4), .normal(3), 16, specials: trigonometric) {
      try cos($0)
    } _: {
      Foundation.cos($0)
    },
    unary("tanh", .ulps(5), .normal(1.5), 16) {
      try tanh($0)
    } _: {
      Foundation.tanh($0)
    },
    unary("erf", .ulps(16), .normal(1), 16) {
      try erf($0)
    } _: {
      Foundation.erf($0)
    },
    unary(
      "erfInverse", .ulps(16), .uniform(-0.98, 0.98), 32,
      specials: [.nan, 0, -0.0, 1, -1, 0.5, -0.5, 0.999, -0.999, 2e-38]
    ) {
      try erfInverse($0)
    } _: {
      inverseErf($0)
    },
    Pointwise(
      name: "square", values: [.normal(2)], tolerance: .exact, types: numeric,
      integers: [.integers(0, 9)], call: { try square($0[0]) }, function: { $0[0] * $0[0] }
    ).unary(rejecting: [.bool]),
    stepped("floor") {
      try floor($0)
    } _: {
      $0.rounded(.down)
    },
    stepped("ceil") {
      try ceil($0)
    } _: {
      $0.rounded(.up)
    },
    stepped("round") {
      try round($0)
    } _: {
      $0.rounded(.toNearestOrEven)
    },
    Pointwise(
      name: "abs", values: [.normal(1)], tolerance: .exact,
      types: Shapes.everyFloat + [.int32, .int64], integers: [.integers(-9, 9)],
      call: { try abs($0[0]) }, function: { Swift.abs($0[0]) }
    ).unary(rejecting: [.bool, .uint8]),
    Pointwise(
      name: "sign", values: [.normal(1)], tolerance: .exact,
      types: Shapes.everyFloat + [.int32, .int64], integers: [.integers(-2, 2)],
      mayBeZero: true, isTwiceDifferentiable: false,
      call: { try sign($0[0]) },
      function: { $0[0].isNaN ? .nan : $0[0] > 0 ? 1 : $0[0] < 0 ? -1 : 0 }
    ).unary(rejecting: [.bool, .uint8]),
  ]

  private static let powers: [OperationRecord] = [
    {
      let tensors = Pointwise(
        name: "pow", values: [.uniform(0.3, 3), .uniform(-2, 3)], tolerance: .ulps(16),
        gradientTolerance: .scaled(128),
        specials: [0, 1, -1, 2, -2, 0.5, 3, .infinity, -.infinity, .nan], price: 32,
        call: { try pow($0[0], $0[1]) }, function: { Foundation.pow($0[0], $0[1]) })
      var samples = tensors.binarySamples
      for exponent in [-2.0, -1, -0.5, 0, 0.5, 1, 1.7, 2, 3] {
        var constant = Pointwise(
          name: "pow", attributes: "exponent \(exponent)", values: [.uniform(0.3, 3)],
          tolerance: .ulps(16), price: 32,
          call: { try pow($0[0], exponent) }, function: { Foundation.pow($0[0], exponent) })
        constant.mayBeZero = true
        samples += [[], [0], [33]].enumerated().map {
          constant.sample([$1], .float32, 400 + $0)
        }
      }
      let record = tensors.binary(rejecting: [.bool, .int32, .int64, .uint8])
      return OperationRecord(
        "pow", family: "Elementwise", samples: samples,
        badCalls: record.badCalls
          + BadCall.types([.bool, .int32]) { _ = try pow($0[0], 2.5) },
        benchmarks: record.benchmarks)
    }()
  ]

  /// Arithmetic with a number in the place of a tensor.
  private static let scalars: [OperationRecord] = [
    {
      typealias Case = (
        String, @Sendable ([Tensor]) throws -> Tensor, @Sendable ([Double]) -> Double
      )
      let cases: [Case] = [
        ("x + 1.5", { try $0[0] + 1.5 }, { $0[0] + 1.5 }),
        ("1.5 + x", { try 1.5 + $0[0] }, { $0[0] + 1.5 }),
        ("x - 1.5", { try $0[0] - 1.5 }, { $0[0] - 1.5 }),
        ("1.5 - x", { try 1.5 - $0[0] }, { 1.5 - $0[0] }),
        ("x * 1.5", { try $0[0] * 1.5 }, { $0[0] * 1.5 }),
        ("1.5 * x", { try 1.5 * $0[0] }, { $0[0] * 1.5 }),
        ("x / 4", { try $0[0] / 4 }, { $0[0] / 4 }),
        ("3 / x", { try 3 / $0[0] }, { 3 / $0[0] }),
        ("constant + x", { try Tensor(0.25) + $0[0] }, { $0[0] + 0.25 }),
      ]
      let samples = cases.enumerated().flatMap { number, item in
        let pointwise = Pointwise(
          name: "scalar arithmetic", attributes: item.0, values: [.awayFromZero(0.5, 3)],
          tolerance: .ulps(1), call: item.1, function: item.2)
        return [[], [0], [1], [257], [3, 5]].enumerated().map {
          pointwise.sample([$1], .float32, 10 * number + $0)
        } + [pointwise.sample([[5]], .float64, 10 * number + 9)]
      }
      return OperationRecord(
        "scalar arithmetic", family: "Elementwise", functions: ["+", "-", "*", "/"],
        samples: samples,
        badCalls: BadCall.types([.bool, .int32, .uint8]) { _ = try $0[0] * 1.5 }
          + BadCall.types([.bool]) { _ = try 2 * $0[0] }, errorName: "multiply")
    }()
  ]

  private static let trigonometric: [Double] = [
    .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 100, -100, 2e-38, 1.5707964, 3.1415927, 1000,
  ]

  private static func unary(
    _ name: String, _ tolerance: Tolerance, _ values: Values, _ price: Double,
    specials: [Double]? = nil, call: @escaping @Sendable (Tensor) throws -> Tensor,
    _ function: @escaping @Sendable (Double) -> Double
  ) -> OperationRecord {
    var pointwise = Pointwise(
      name: name, values: [values], tolerance: tolerance, price: price,
      call: { try call($0[0]) }, function: { function($0[0]) })
    if let specials { pointwise.specials = specials }
    return pointwise.unary()
  }

  /// Functions that are constant between their jumps: their gradient is zero.
  private static func stepped(
    _ name: String, call: @escaping @Sendable (Tensor) throws -> Tensor,
    _ function: @escaping @Sendable (Double) -> Double
  ) -> OperationRecord {
    var pointwise = Pointwise(
      name: name, values: [.normal(5)], tolerance: .exact, mayBeZero: true,
      isTwiceDifferentiable: false, call: { try call($0[0]) }, function: { function($0[0]) })
    pointwise.specials += [1.5, 2.5, -1.5, -2.5, 0.49999997, 8388607.5, 1e9]
    return pointwise.unary()
  }

  /// What is left of dividing towards minus infinity.
  private static func floored(_ a: Double, _ b: Double) -> Double {
    let rest = Foundation.fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// By Newton's method on the complement, which keeps its precision near ±1.
  static func inverseErf(_ y: Double) -> Double {
    guard Swift.abs(y) < 1 else { return Swift.abs(y) == 1 ? y * .infinity : .nan }
    guard Swift.abs(y) > 1e-9 else { return y * 0.886226925452758 }
    let size = Swift.abs(y)
    let logarithm = Foundation.log1p(-size * size)
    let middle = 2 / (Double.pi * 0.147) + logarithm / 2
    var x = ((middle * middle - logarithm / 0.147).squareRoot() - middle).squareRoot()
    for _ in 0..<4 {
      let error = size < 0.5 ? Foundation.erf(x) - size : (1 - size) - Foundation.erfc(x)
      let slope = 2 / Double.pi.squareRoot() * Foundation.exp(-x * x)
      let step = error / slope
      x -= step / (1 + x * step)
    }
    return y < 0 ? -x : x
  }
}
