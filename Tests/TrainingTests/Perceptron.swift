import Geometry
import Tensors

/// Dense layers with an activation between them, written out with tensor operations.
struct Perceptron {
  private(set) var parameters: [Parameter] = []
  private let activation: (Tensor) throws -> Tensor

  init(
    _ sizes: [Int], on device: Device, activation: @escaping (Tensor) throws -> Tensor
  ) throws {
    self.activation = activation
    for (inputs, outputs) in zip(sizes, sizes.dropFirst()) {
      let bound = (6 / Double(inputs + outputs)).squareRoot()
      let weight = try Tensor.uniform([inputs, outputs], from: -bound, to: bound, on: device)
      parameters.append(Parameter(weight))
      parameters.append(Parameter(try Tensor.zeros([outputs], on: device)))
    }
  }

  func callAsFunction(_ input: Tensor) throws -> Tensor {
    var value = input
    for layer in 0..<(parameters.count / 2) {
      value = try matmul(value, parameters[2 * layer].value) + parameters[2 * layer + 1].value
      if 2 * layer + 2 < parameters.count { value = try activation(value) }
    }
    return value
  }
}

/// The mean over rows of `-log softmax(logits)` at the row's class.
func crossEntropy(_ logits: Tensor, _ targets: Tensor) throws -> Tensor {
  try (logits.logSumExp(axes: [-1]) - (logits * targets).sum(axes: [-1])).mean()
}
