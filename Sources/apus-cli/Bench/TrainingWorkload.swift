internal import Geometry
internal import Layers
internal import Models
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
    let batch = try workload.size("batch")
    let (model, x, labels) = try workload.modelAndBatch(batch)
    try model.build(input: x.shape, as: x.scalarType)
    let parameters = try model.parameters
    try evaluate([x, labels] + model.namedParameters.map(\.parameter.value))
    return PreparedWorkload(cost: nil) {
      let (loss, gradients) = try valueAndGradients(of: parameters) {
        try softmaxCrossEntropy(model(x), labels)
      }
      try withExtendedLifetime(loss) { try optimizer.update(parameters, along: gradients) }
    }
  }

  private func modelAndBatch(_ batch: Int) throws -> (any Layer, Tensor, Tensor) {
    func integers(_ shape: Shape, below end: Int) throws -> Tensor {
      try Tensor.uniform(shape, to: Double(end)).cast(to: .int32)
    }
    let name = try string("model")
    if name == "charlstm" {
      let (steps, vocabulary) = (try size("steps"), try size("vocab"))
      let model = try Sequential {
        Embedding(vocabulary, try size("embed"))
        LSTM(try size("hidden"), returnSequences: true)
        Dense(vocabulary)
      }
      return (
        model, try integers([batch, steps], below: vocabulary),
        try integers([batch, steps], below: vocabulary)
      )
    }
    guard ["mlp", "lenet", "resnet20"].contains(name) else {
      throw unsupported("unknown model \"\(name)\"")
    }
    let architecture = try Architecture.named(name)
    return (
      architecture.make(), try random(Shape([batch] + Array(architecture.input))),
      try integers([batch], below: architecture.classes)
    )
  }
}
