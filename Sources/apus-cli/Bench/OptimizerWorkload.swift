internal import Geometry
internal import Optimizers
internal import Tensors

extension Workload {
  /// One step over `tensors` parameters of count / tensors elements, the gradients fixed.
  static func optimizer(_ workload: Workload) throws -> PreparedWorkload {
    let (count, tensors) = (try workload.size("count"), try workload.size("tensors"))
    guard count >= tensors else {
      throw workload.unsupported("\(count) elements do not fill \(tensors) tensors")
    }
    let (optimizer, slots) = try workload.optimizer(named: workload.string("op"))
    var parameters: [Parameter] = []
    var gradients: [Tensor] = []
    for _ in 0..<tensors {
      parameters.append(Parameter(try workload.random([count / tensors])))
      gradients.append(try workload.random([count / tensors]))
    }
    // Parameters and slots are read and written, gradients are read.
    let bytes = 4 * Double(count / tensors * tensors) * Double(3 + 2 * slots)
    return PreparedWorkload(cost: .bytes(bytes)) {
      try optimizer.update(parameters, along: gradients)
    }
  }

  /// PyTorch's optimizer of that name with its defaults, learning rate 1e-3, and how many numbers
  /// it keeps for each element.
  private func optimizer(named name: String) throws -> (any Optimizer, slots: Int) {
    switch name {
    case "sgd": (try SGD(learningRate: 1e-3), 0)
    case "momentum": (try SGD(learningRate: 1e-3, momentum: 0.9, convention: .pyTorch), 1)
    case "adagrad": (try AdaGrad(learningRate: 1e-3, convention: .pyTorch), 1)
    case "rmsprop": (try RMSProp(learningRate: 1e-3, convention: .pyTorch), 1)
    case "adam": (try Adam(learningRate: 1e-3, convention: .pyTorch), 2)
    default: throw unsupported("unknown optimizer \"\(name)\"")
    }
  }
}
