internal import Geometry
internal import Tensors

extension CaseRunner {
  static let loss: [String: CaseRunner] = [
    "softmaxCrossEntropy": .one(.loss) { arguments in
      arguments.skip("convention", "labels")
      return try softmaxCrossEntropy(
        arguments.tensor("x"), arguments.tensor("target"),
        classWeights: arguments.optionalTensor("classWeight"),
        labelSmoothing: arguments.number("labelSmoothing"),
        ignoreIndex: arguments.optionalInteger("ignoreIndex"),
        reduction: arguments.reduction())
    },
    "nll": .one(.loss) { arguments in
      arguments.skip("convention")
      return try nll(
        arguments.tensor("x"), arguments.tensor("target"),
        classWeights: arguments.optionalTensor("classWeight"), reduction: arguments.reduction())
    },
    "ctc": .one(.loss) { arguments in
      arguments.skip("optional")
      return try ctcLoss(
        arguments.tensor("x"), arguments.tensor("target"),
        inputLengths: arguments.tensor("inputLengths"),
        targetLengths: arguments.tensor("targetLengths"), blank: arguments.integer("blank"),
        reduction: arguments.reduction())
    },
    "binaryCrossentropy": .one(.loss) { arguments in
      let (x, target) = (try arguments.tensor("x"), try arguments.tensor("target"))
      let smoothing = try arguments.number("labelSmoothing")
      let epsilon = try arguments.number("epsilon")
      let reduction = try arguments.reduction()
      if try arguments.boolean("fromLogits") {
        return try sigmoidCrossEntropy(
          x, target, labelSmoothing: smoothing, reduction: reduction)
      }
      return try binaryCrossEntropy(
        x, target, labelSmoothing: smoothing, epsilon: epsilon, reduction: reduction)
    },
  ]
}

extension CaseArguments {
  func reduction() throws(TensorError) -> LossReduction {
    try choice("reduction", ["mean": .mean, "sum": .sum, "none": .none])
  }
}
