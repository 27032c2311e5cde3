internal import Geometry
internal import Optimizers
internal import Tensors

extension Workload {
  /// One training step on one fixed random batch: loss, gradients, update.
  static func training(_ workload: Workload) throws -> PreparedWorkload {
    let optimizer: any Optimizer
    switch try workload.string("optimizer") {
    case "adam": optimizer = try Adam(learningRate: 1e-3, convention: .pyTorch)
    case "sgd": optimizer = try SGD(learningRate: 0.05, momentum: 0.9, convention: .pyTorch)
    case let name: throw workload.unsupported("unknown optimizer \"\(name)\"")
    }
    let model: TrainedModel
    switch try workload.string("model") {
    case "mlp": model = try .perceptron(workload, batch: workload.size("batch"))
    case let name: throw workload.unsupported("unknown model \"\(name)\"")
    }
    return PreparedWorkload(cost: nil) {
      let (loss, gradients) = try valueAndGradients(of: model.parameters) { try model.loss() }
      try withExtendedLifetime(loss) { try optimizer.update(model.parameters, along: gradients) }
    }
  }
}

/// A model with the batch it is trained on.
struct TrainedModel {
  let parameters: [Parameter]
  let loss: () throws -> Tensor
}

extension TrainedModel {
  /// Three dense layers, 784 → 512 → 512 → 10, with rectifiers between.
  static func perceptron(_ workload: Workload, batch: Int) throws -> TrainedModel {
    let widths = [784, 512, 512, 10]
    var layers: [(kernel: Parameter, bias: Parameter)] = []
    for (inputs, outputs) in zip(widths, widths.dropFirst()) {
      let bound = (1 / Double(inputs)).squareRoot()
      layers.append(
        (
          Parameter(try Tensor.uniform([inputs, outputs], from: -bound, to: bound)),
          Parameter(try Tensor.uniform([outputs], from: -bound, to: bound))
        ))
    }
    let parameters = layers.flatMap { [$0.kernel, $0.bias] }
    let x = try workload.random([batch, widths[0]])
    let labels = try (Tensor.uniform([batch], to: 10)).cast(to: .int32)
    try evaluate([labels] + parameters.map(\.value))

    return TrainedModel(parameters: parameters) {
      var activations = x
      for (index, layer) in layers.enumerated() {
        activations = try matmul(activations, layer.kernel.value) + layer.bias.value
        if index < layers.count - 1 { activations = try relu(activations) }
      }
      return try meanCrossEntropy(logits: activations, labels: labels)
    }
  }

  /// The mean over rows of `log Σ exp(logits) - logits[label]`.
  static func meanCrossEntropy(logits: Tensor, labels: Tensor) throws -> Tensor {
    let (rows, classes) = (logits.shape[0], logits.shape[1])
    let isLabel = try equal(
      labels.reshaped(to: [rows, 1]), Tensor.arange(0, Double(classes), as: .int32))
    let chosen = try select(isLabel, logits, Tensor(0)).sum(axes: [1])
    return try (logits.logSumExp(axes: [1]) - chosen).mean()
  }
}
