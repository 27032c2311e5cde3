internal import Geometry
internal import Optimizers
internal import Tensors

/// The parameter after each of the successive gradients of a case.
func optimizerOutcomes(of golden: GoldenCase, on device: Device) throws -> [Outcome] {
  let arguments = CaseArguments(golden, on: device)
  let optimizer = try optimizer(named: golden.operation, arguments)
  arguments.skip("formula")
  try arguments.expectUnused("clipNorm", "clipValue", "globalClipNorm")
  let steps = try arguments.integer("steps")
  let parameter = Parameter(try arguments.tensor("p.0"))
  let gradients = try arguments.tensors("g")
  try arguments.finish()
  guard gradients.count == steps else {
    throw TensorError(.corruptFile, "replay", "\(gradients.count) gradients for \(steps) steps")
  }
  var outcomes: [Outcome] = []
  for (index, gradient) in gradients.enumerated() {
    try optimizer.update([parameter], along: [gradient])
    outcomes.append(Outcome(name: "p.after.\(index + 1)", tensor: parameter.value))
  }
  return outcomes
}

private func optimizer(
  named name: String, _ arguments: CaseArguments
) throws -> any Optimizer {
  let convention = try arguments.choice(
    "convention", ["keras": Convention.keras, "pytorch": .pyTorch])
  let learningRate = try arguments.number("learningRate")
  let weightDecay = try arguments.optionalNumber("weightDecay") ?? 0
  switch name {
  case "sgd":
    return try SGD(
      learningRate: learningRate, momentum: arguments.number("momentum"),
      nesterov: arguments.boolean("nesterov"),
      dampening: convention == .pyTorch ? arguments.number("dampening") : 0,
      weightDecay: weightDecay, convention: convention)
  case "adagrad":
    return try AdaGrad(
      learningRate: learningRate, initialAccumulator: arguments.number("initialAccumulator"),
      epsilon: arguments.number("epsilon"),
      learningRateDecay: convention == .pyTorch ? arguments.number("learningRateDecay") : 0,
      weightDecay: weightDecay, convention: convention)
  case "rmsprop":
    return try RMSProp(
      learningRate: learningRate, rho: arguments.number("rho"),
      momentum: arguments.number("momentum"), centered: arguments.boolean("centered"),
      epsilon: arguments.number("epsilon"), weightDecay: weightDecay, convention: convention)
  case "adam":
    return try Adam(
      learningRate: learningRate, beta1: arguments.number("beta1"),
      beta2: arguments.number("beta2"), epsilon: arguments.number("epsilon"),
      amsgrad: arguments.boolean("amsgrad"), weightDecay: weightDecay, convention: convention)
  default:
    throw TensorError(.argument, "replay", "unknown operation \(name)")
  }
}
