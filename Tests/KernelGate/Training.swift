import Apus

private let optimizers: [(name: String, make: @Sendable () throws -> any Optimizer)] = [
  ("SGD", { try SGD(learningRate: 0.1) }),
  ("momentum", { try SGD(learningRate: 0.1, momentum: 0.9) }),
  ("AdaGrad", { try AdaGrad(learningRate: 0.1) }),
  ("RMSProp", { try RMSProp(learningRate: 0.01) }),
  ("Adam", { Adam(learningRate: 0.01) }),
]

/// Three steps of each optimizer along given gradients.
let updateCases: [KernelCase] = optimizers.map { name, make in
  KernelCase("updates by \(name)") {
    let shapes: [Shape] = [[5, 12], [12], []]
    var parameters: [Parameter] = []
    var gradients: [Tensor] = []
    for (number, shape) in shapes.enumerated() {
      parameters.append(Parameter(try Sample(shape: shape).tensor(seed: number)))
      gradients.append(try Sample(shape: shape).tensor(seed: number + 10))
    }
    let optimizer = try make()
    for _ in 0..<3 { try optimizer.update(parameters, along: gradients) }
    return parameters.map(\.value)
  }
}

/// Two steps of a small net: the losses and all parameters.
let trainingCases: [KernelCase] = [
  KernelCase("training") {
    var results: [Tensor] = []
    let shapes: [Shape] = [[5, 12], [12], [12, 3], [3]]
    var parameters: [Parameter] = []
    for (number, shape) in shapes.enumerated() {
      parameters.append(Parameter(try Sample(shape: shape).tensor(seed: number)))
    }
    let inputs = try Sample(shape: [7, 5]).tensor(seed: 10)
    let targets = try Sample(shape: [7, 3]).tensor(seed: 11)
    let optimizer = try SGD(learningRate: 0.1, momentum: 0.9)
    for _ in 0..<2 {
      let (loss, gradients) = try valueAndGradients(of: parameters) {
        let hidden = try tanh(matmul(inputs, parameters[0].value) + parameters[1].value)
        let outputs = try matmul(hidden, parameters[2].value) + parameters[3].value
        return try square(outputs - targets).mean()
      }
      try optimizer.update(parameters, along: gradients)
      results.append(loss)
    }
    return results + parameters.map(\.value)
  }
]
