internal import Geometry
internal import Layers
internal import Tensors

extension CaseRunner {
  static let layer: [String: CaseRunner] = [
    "dense": .one(.recurrence) { arguments in
      let kernel = try arguments.tensor("kernel")
      let bias = try arguments.optionalTensor("bias")
      let layer = Dense(
        kernel.shape.last, activation: try arguments.activation("activation"),
        useBias: bias != nil)
      try layer.kernel.assign(kernel)
      if let bias { try layer.bias?.assign(bias) }
      return try layer(arguments.tensor("x"))
    },
    "multiHeadAttention": .one(.recurrence) { arguments in
      let keySize = try arguments.integer("keyDim")
      let layer = MultiHeadAttention(
        heads: try arguments.integer("numHeads"), keySize: keySize,
        valueSize: try arguments.optionalInteger("valueDim"),
        useBias: try arguments.optionalTensor("query.bias") != nil,
        causal: try arguments.boolean("isCausal"))
      for named in layer.weights { try named.weight.assign(arguments.tensor(named.path)) }
      let query = try arguments.tensor("query")
      let value = try arguments.optionalTensor("value") ?? query
      let mask = try arguments.optionalTensor("mask").map {
        try notEqual($0, Tensor(0, as: .int32))
      }
      return try layer(query, value, key: arguments.optionalTensor("key"), mask: mask)
    },
  ]
}

extension CaseArguments {
  /// An activation by the name that the cases give it.
  func activation(_ name: String) throws(TensorError) -> ActivationFunction {
    let slope = try? number("leakyReluAlpha")
    return try choice(
      name,
      [
        "linear": .linear, "relu": .relu, "leakyRelu": .leakyRelu(slope: slope ?? 0.2),
        "elu": .elu, "selu": .selu, "gelu": .gelu, "geluTanh": .geluTanh, "silu": .silu,
        "softplus": .softplus, "softsign": .softsign, "hardSigmoid": .hardSigmoid,
        "sigmoid": .sigmoid, "tanh": .tanh, "softmax": .softmax, "exponential": .exponential,
      ])
  }
}
