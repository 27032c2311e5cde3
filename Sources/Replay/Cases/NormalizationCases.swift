internal import Geometry
internal import Tensors

extension CaseRunner {
  static let normalization: [String: CaseRunner] = [
    "batchNorm": CaseRunner(.normalization, batchNormalized),
    "layerNorm": .one(.normalization) {
      try Tensors.layerNorm(
        $0.tensor("x"), scale: $0.optionalTensor("gamma"), shift: $0.optionalTensor("beta"),
        epsilon: $0.number("epsilon"))
    },
    "groupNorm": .one(.normalization) {
      try Tensors.groupNorm(
        $0.tensor("x"), groups: $0.integer("groups"), scale: $0.optionalTensor("gamma"),
        shift: $0.optionalTensor("beta"), epsilon: $0.number("epsilon"))
    },
    "instanceNorm": .one(.normalization) {
      try Tensors.instanceNorm(
        $0.tensor("x"), scale: $0.optionalTensor("gamma"), shift: $0.optionalTensor("beta"),
        epsilon: $0.number("epsilon"))
    },
  ]

  /// In training the result and both running statistics.
  private static func batchNormalized(_ arguments: CaseArguments) throws -> [Tensor] {
    let x = try arguments.tensor("x")
    let scale = try arguments.optionalTensor("gamma")
    let shift = try arguments.optionalTensor("beta")
    let runningMean = try arguments.tensor("runningMean")
    let runningVariance = try arguments.tensor("runningVar")
    let epsilon = try arguments.number("epsilon")
    let momentum = try arguments.number("momentum")
    _ = try arguments.choice("runningVariance", ["biased": true])
    guard try arguments.boolean("training") else {
      return [
        try batchNorm(
          x, mean: runningMean, variance: runningVariance, scale: scale, shift: shift,
          epsilon: epsilon)
      ]
    }
    let (y, mean, variance) = try batchNorm(x, scale: scale, shift: shift, epsilon: epsilon)
    return [
      y, try movingAverage(runningMean, mean, momentum: momentum),
      try movingAverage(runningVariance, variance, momentum: momentum),
    ]
  }
}
