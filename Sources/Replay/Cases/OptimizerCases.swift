internal import Geometry
internal import Optimizers
internal import Tensors

/// The parameter after each of the successive gradients of a case.
func optimizerOutcomes(of golden: GoldenCase, on device: Device) throws -> [Outcome] {
  let arguments = CaseArguments(golden, on: device)
  let optimizer = try optimizer(named: golden.operation, arguments)
  arguments.skip("formula")
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

/// The optimizer that a case names, with the settings it lists.
func optimizer(
  named name: String, _ arguments: CaseArguments
) throws -> any Optimizer {
  let convention = try arguments.choice(
    "convention", ["keras": Convention.keras, "pytorch": .pyTorch])
  let isPyTorch = convention == .pyTorch
  let rate = try arguments.number("learningRate")
  let decay = try arguments.optionalNumber("weightDecay") ?? 0
  let clipping = try clipping(arguments)
  func number(_ name: String) throws -> Double { try arguments.number(name) }
  switch name {
  case "sgd":
    return try SGD(
      learningRate: rate, momentum: number("momentum"), nesterov: arguments.boolean("nesterov"),
      dampening: isPyTorch ? number("dampening") : 0, weightDecay: decay, clipping: clipping,
      convention: convention)
  case "adagrad":
    return try AdaGrad(
      learningRate: rate, initialAccumulator: number("initialAccumulator"),
      epsilon: number("epsilon"), learningRateDecay: isPyTorch ? number("learningRateDecay") : 0,
      weightDecay: decay, clipping: clipping, convention: convention)
  case "adadelta":
    return try AdaDelta(
      learningRate: rate, rho: number("rho"), epsilon: number("epsilon"), weightDecay: decay,
      clipping: clipping, convention: convention)
  case "rmsprop":
    return try RMSProp(
      learningRate: rate, rho: number("rho"), momentum: number("momentum"),
      centered: arguments.boolean("centered"), epsilon: number("epsilon"), weightDecay: decay,
      clipping: clipping, convention: convention)
  case "adam":
    return try Adam(
      learningRate: rate, beta1: number("beta1"), beta2: number("beta2"),
      epsilon: number("epsilon"), amsgrad: arguments.boolean("amsgrad"), weightDecay: decay,
      clipping: clipping, convention: convention)
  case "adamw":
    return try AdamW(
      learningRate: rate, weightDecay: decay, beta1: number("beta1"), beta2: number("beta2"),
      epsilon: number("epsilon"), amsgrad: arguments.boolean("amsgrad"), clipping: clipping,
      convention: convention)
  case "adamax":
    return try Adamax(
      learningRate: rate, beta1: number("beta1"), beta2: number("beta2"),
      epsilon: number("epsilon"), weightDecay: decay, clipping: clipping, convention: convention)
  case "nadam":
    return try Nadam(
      learningRate: rate, beta1: number("beta1"), beta2: number("beta2"),
      epsilon: number("epsilon"), momentumDecay: isPyTorch ? number("momentumDecay") : nil,
      weightDecay: decay, clipping: clipping, convention: convention)
  case "lion":
    return try Lion(
      learningRate: rate, beta1: number("beta1"), beta2: number("beta2"), weightDecay: decay,
      clipping: clipping)
  case "rprop":
    return try RProp(
      learningRate: rate, increase: number("etaPlus"), decrease: number("etaMinus"),
      smallest: number("stepMin"), largest: number("stepMax"))
  default:
    throw TensorError(.argument, "replay", "unknown operation \(name)")
  }
}

private func clipping(_ arguments: CaseArguments) throws -> Clipping {
  let value = try arguments.optionalNumber("clipValue")
  let norm = try arguments.optionalNumber("clipNorm")
  let global = try arguments.optionalNumber("globalClipNorm")
  if let value { return .value(value) }
  if let norm { return .norm(norm) }
  return global.map { .globalNorm($0) } ?? .none
}
