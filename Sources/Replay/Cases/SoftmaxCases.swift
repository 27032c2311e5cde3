internal import Geometry
internal import Tensors

extension CaseRunner {
  static let softmax: [String: CaseRunner] = [
    "softmax": .one(.reduction) {
      try Tensors.softmax($0.tensor("x"), axis: $0.integer("axis"))
    },
    "logSoftmax": .one(.reduction) {
      try Tensors.logSoftmax($0.tensor("x"), axis: $0.integer("axis"))
    },
  ]

  static let attention: [String: CaseRunner] = [
    "scaledDotProductAttention": .one(.attention) { arguments in
      arguments.skip("layout")
      return try Tensors.scaledDotProductAttention(
        arguments.tensor("query"), arguments.tensor("key"), arguments.tensor("value"),
        mask: arguments.mask(), isCausal: arguments.boolean("isCausal"),
        scale: arguments.optionalNumber("scale"))
    },
    "additiveAttention": CaseRunner(.attention) { arguments in
      let (result, weights) = try Tensors.additiveAttention(
        arguments.tensor("query"), arguments.tensor("key"), arguments.tensor("value"),
        scoreWeights: arguments.tensor("v"), queryProjection: arguments.optionalTensor("wq"),
        keyProjection: arguments.optionalTensor("wk"), mask: arguments.mask())
      return [result, weights]
    },
  ]
}

extension CaseArguments {
  /// The mask, as bools, if the case has one.
  fileprivate func mask() throws(TensorError) -> Tensor? {
    guard let mask = try optionalTensor("mask") else { return nil }
    return try mask.cast(to: .bool)
  }
}
