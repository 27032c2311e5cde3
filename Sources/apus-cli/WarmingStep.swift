internal import Geometry
internal import Layers
internal import Models
internal import Optimizers
internal import Tensors

/// One step of training on a small batch, and one prediction: every program that a model needs.
enum WarmingStep {
  static func run(_ architecture: Architecture) throws {
    let model = architecture.make(classes: min(architecture.classes, 10))
    let input = Shape([2] + smallInput(architecture))
    let isText = architecture.inputType == .int32
    let x =
      try isText
      ? Tensor.zeros(input, as: .int32) : Tensor.uniform(input)
    try model.build(input: input, as: architecture.inputType)
    let parameters = try model.parameters
    let outputs = try withPhase(.inference) { try model(x) }
    try evaluate(outputs)
    let task = try learningTask(for: architecture.purpose)
    let targets = try task.blankTargets(for: outputs, of: x)
    for optimizer: any Optimizer in [try SGD(learningRate: 0, momentum: 0.9), try Adam()] {
      let (loss, gradients) = try valueAndGradients(of: parameters) {
        try task.loss(model(x), targets)
      }
      try optimizer.update(parameters, along: gradients)
      _ = try loss.scalar()
    }
  }

  /// Programs do not depend on the size of images, only time does.
  private static func smallInput(_ architecture: Architecture) -> [Int] {
    let shape = Array(architecture.input)
    guard shape.count == 3, shape[0] > 64 else { return shape }
    return [64, 64, shape[2]]
  }
}
