import Apus

/// One operand, odd sizes: the kernels have a vector body and a tail.
private func unary(
  _ name: String, _ range: ClosedRange<Double> = -2...2,
  _ f: @escaping @Sendable (Tensor) throws -> Tensor
) -> KernelCase {
  KernelCase(name, of: [Sample(shape: [3, 37], range: range)]) { try f($0[0]) }
}

let functionCases: [KernelCase] = [
  unary("exp") { try exp($0) },
  unary("expm1") { try expm1($0) },
  unary("log", 0.1...4) { try log($0) },
  unary("log1p", -0.9...4) { try log1p($0) },
  unary("sqrt", 0.1...4) { try sqrt($0) },
  unary("rsqrt", 0.1...4) { try rsqrt($0) },
  unary("reciprocal", 0.1...4) { try reciprocal($0) },
  unary("abs and sign") { try abs($0) + sign($0) },
  unary("rounding") { try floor($0) + ceil($0) + round($0) },
  unary("sin and cos", -20...20) { try sin($0) * cos($0) },
  unary("tanh and sigmoid") { try tanh($0) + sigmoid($0) },
  unary("softplus") { try softplus($0) },
  unary("erf") { try erf($0) },
  unary("erfInverse", -0.99...0.99) { try erfInverse($0) },
  unary("relu and step") { try relu($0) + step($0) },
  unary("leakyRelu, elu, selu") { try leakyRelu($0) + elu($0) + selu($0) },
  unary("gelu") { try gelu($0) + gelu($0, approximate: true) },
  unary("silu and mish") { try silu($0) + mish($0) },
  unary("softsign and hard functions") { try softsign($0) + hardSigmoid($0) + hardTanh($0) },
  unary("clip") { try clip($0, min: -1, max: 1) },
  unary("pow with a number", 0.1...3) { try pow($0, 2.5) },
]

/// Two operands that broadcast in every way: rows, columns, a scalar, both.
private func binary(
  _ name: String, _ range: ClosedRange<Double> = 0.5...2,
  _ f: @escaping @Sendable (Tensor, Tensor) throws -> Tensor
) -> [KernelCase] {
  let shapes: [(Shape, Shape)] = [
    ([37], [37]), ([3, 1, 5], [4, 1]), ([2, 9], []), ([1, 9], [2, 9]),
  ]
  return shapes.map { left, right in
    let inputs = [Sample(shape: left, range: range), Sample(shape: right, range: range)]
    return KernelCase("\(name) \(left) \(right)", of: inputs) { try f($0[0], $0[1]) }
  }
}

let operatorCases: [KernelCase] =
  binary("arithmetic") { try ($0 + $1) * $0 - $1 / $0 }
  + binary("pow") { try pow($0, $1) }
  + binary("extremes") { try minimum($0, $1) + maximum($0, $1) }
  + binary("remainder") { try remainder($0, $1) }
  + binary("select") { try select(less($0, $1), $0, $1) }
  + [
    KernelCase("comparisons", of: [Sample(shape: [5, 7]), Sample(shape: [7])], gradients: false) {
      let (a, b) = ($0[0], $0[1])
      let order = try logicalOr(logicalAnd(less(a, b), notEqual(a, b)), greaterEqual(a, b))
      let rest = try logicalXor(greater(a, b), logicalNot(lessEqual(a, b)))
      return try logicalOr(logicalXor(order, rest), logicalAnd(isNaN(a), isFinite(b)))
    },
    KernelCase("a large chain", of: [Sample(shape: [40, 50]), Sample(shape: [40, 50])]) {
      try tanh($0[0] * $0[1] + 0.5) * sigmoid($0[0]) - $0[1]
    },
    KernelCase("strided operands", of: [Sample(shape: [6, 7]), Sample(shape: [7, 6])]) {
      try $0[0].transposed() * $0[1].flipped(axes: [0])
    },
  ]

/// Every scalar type as another, and arithmetic in it.
let typeCases: [KernelCase] =
  ScalarType.allCases.map { from in
    KernelCase("casts of \(from)") {
      let x = try Sample(shape: [2, 19], range: 0...9, type: from).tensor(seed: 1)
      return try ScalarType.allCases.map { try x.cast(to: $0) }
    }
  }
  + ScalarType.allCases.filter { $0 != .bool }.map { type in
    KernelCase("arithmetic in \(type)") {
      let x = try Sample(shape: [37], range: 1...9, type: type).tensor(seed: 1)
      let y = try Sample(shape: [37], range: 1...9, type: type).tensor(seed: 2)
      return [try maximum(x * y, x + y), try equal(x, y)]
    }
  }
