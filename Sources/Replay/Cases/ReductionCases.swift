internal import Geometry
internal import Tensors

extension CaseRunner {
  static let reduction: [String: CaseRunner] = [
    "sum": over(.reduction) { try $0.sum(axes: $1, keepingAxes: $2) },
    "mean": over(.reduction) { try $0.mean(axes: $1, keepingAxes: $2) },
    "prod": over(.reduction) { try $0.product(axes: $1, keepingAxes: $2) },
    "logSumExp": over(.reduction) { try $0.logSumExp(axes: $1, keepingAxes: $2) },
    "max": over(.movement) { try $0.max(axes: $1, keepingAxes: $2) },
    "min": over(.movement) { try $0.min(axes: $1, keepingAxes: $2) },
    "variance": .one(.reduction) {
      try $0.tensor("x").variance(
        axes: $0.optionalIntegers("axes"), keepingAxes: $0.boolean("keepDims"),
        unbiased: $0.boolean("unbiased"))
    },
    "argmax": .one(.movement) {
      try $0.tensor("x").argmax(axis: $0.integer("axis"), keepingAxes: $0.boolean("keepDims"))
    },
    "cumsum": .one(.reduction) {
      try $0.tensor("x").cumsum(
        axis: $0.integer("axis"), exclusive: $0.boolean("exclusive"),
        reverse: $0.boolean("reverse"))
    },
  ]

  /// A reduction over `axes` that may keep them.
  private static func over(
    _ tolerances: Tolerances,
    _ reduce: @escaping @Sendable (Tensor, _ axes: [Int]?, _ keepingAxes: Bool) throws -> Tensor
  ) -> CaseRunner {
    .one(tolerances) {
      try reduce($0.tensor("x"), $0.optionalIntegers("axes"), $0.boolean("keepDims"))
    }
  }
}
