internal import Geometry
internal import Tensors

extension CaseRunner {
  static let elementwise: [String: CaseRunner] = {
    var cases = parameterized
    func unary(
      _ tolerances: Tolerances,
      _ functions: KeyValuePairs<String, @Sendable (Tensor) throws -> Tensor>
    ) {
      for (name, function) in functions {
        cases[name] = .one(tolerances) { try function($0.tensor("x")) }
      }
    }
    func binary(_ functions: KeyValuePairs<String, @Sendable (Tensor, Tensor) throws -> Tensor>) {
      for (name, function) in functions {
        cases[name] = .one(.arithmetic) { try function($0.tensor("a"), $0.tensor("b")) }
      }
    }

    binary([
      "add": { try $0 + $1 }, "sub": { try $0 - $1 }, "mul": { try $0 * $1 },
      "div": { try $0 / $1 }, "maximum": { try maximum($0, $1) },
      "minimum": { try minimum($0, $1) },
    ])
    unary(
      .arithmetic,
      [
        "relu": { try relu($0) }, "abs": { try abs($0) }, "sign": { try sign($0) },
        "sqrt": { try sqrt($0) }, "softsign": { try softsign($0) },
        "hardSigmoid": { try hardSigmoid($0) },
      ])
    unary(
      .transcendental,
      [
        "exp": { try exp($0) }, "log": { try log($0) }, "rsqrt": { try rsqrt($0) },
        "tanh": { try tanh($0) }, "sigmoid": { try sigmoid($0) }, "selu": { try selu($0) },
        "silu": { try silu($0) }, "softplus": { try softplus($0) },
      ])
    return cases
  }()

  private static let parameterized: [String: CaseRunner] = [
    "pow": .one(.transcendental) { arguments in
      let base = try arguments.tensor("a")
      if let exponent = try arguments.optionalNumber("exponent") { return try pow(base, exponent) }
      return try pow(base, arguments.tensor("b"))
    },
    "leakyRelu": .one(.arithmetic) { try leakyRelu($0.tensor("x"), slope: $0.number("alpha")) },
    "elu": .one(.transcendental) { try elu($0.tensor("x"), alpha: $0.number("alpha")) },
    "gelu": .one(.transcendental) { arguments in
      let isApproximate = try arguments.choice("approximate", ["none": false, "tanh": true])
      return try gelu(arguments.tensor("x"), approximate: isApproximate)
    },
    "clip": .one(.arithmetic) {
      try clip($0.tensor("x"), min: $0.optionalNumber("min"), max: $0.optionalNumber("max"))
    },
    "where": .one(.arithmetic) { arguments in
      let condition = try arguments.tensor("condition")
      return try select(
        notEqual(condition, Tensor(0, as: condition.scalarType)), arguments.tensor("a"),
        arguments.tensor("b"))
    },
  ]
}
