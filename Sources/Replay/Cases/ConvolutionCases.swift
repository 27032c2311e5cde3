internal import Geometry
internal import Tensors

extension CaseRunner {
  static let convolution: [String: CaseRunner] = [
    "conv1d": .one(.matrixProduct) { arguments in
      try conv1D(
        arguments.tensor("x"), arguments.tensor("weight"), bias: arguments.optionalTensor("bias"),
        stride: only(arguments.integers("strides")), padding: arguments.padding(),
        dilation: only(arguments.integers("dilations")), groups: arguments.integer("groups"))
    },
    "conv2d": .one(.transformed) { arguments in
      try conv2D(
        arguments.tensor("x"), arguments.tensor("weight"), bias: arguments.optionalTensor("bias"),
        stride: arguments.integers("strides"), padding: arguments.padding(),
        dilation: arguments.integers("dilations"), groups: arguments.integer("groups"))
    },
    "conv2dTranspose": .one(.transformed) { arguments in
      _ = try arguments.choice("kernelLayout", ["HWOI": true])
      return try conv2DTranspose(
        arguments.tensor("x"), arguments.tensor("weight"), bias: arguments.optionalTensor("bias"),
        stride: arguments.integers("strides"), padding: arguments.padding())
    },
  ]

  private static func only(_ list: [Int]) throws(TensorError) -> Int {
    guard list.count == 1 else {
      throw TensorError(.argument, "replay", "\(list) is not one number")
    }
    return list[0]
  }
}

extension CaseArguments {
  /// The attribute `padding`: a name, or pairs of counts.
  fileprivate func padding(_ name: String = "padding") throws(TensorError) -> Padding {
    if let pairs = try? pairs(name) { return .explicit(pairs) }
    return try choice(name, ["valid": Padding.valid, "same": .same, "causal": .causal])
  }
}
