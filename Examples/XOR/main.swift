import Apus

/// Two layers that learn the exclusive or of two numbers.
struct Network {
  let parameters: [Parameter]

  init() throws {
    parameters = try withSeed(1) {
      [
        Parameter(try Tensor.uniform([2, 8], from: -1, to: 1)), Parameter(try Tensor.zeros([8])),
        Parameter(try Tensor.uniform([8, 1], from: -1, to: 1)), Parameter(try Tensor.zeros([1])),
      ]
    }
  }

  func callAsFunction(_ inputs: Tensor) throws -> Tensor {
    let hidden = try tanh(matmul(inputs, parameters[0].value) + parameters[1].value)
    return try sigmoid(matmul(hidden, parameters[2].value) + parameters[3].value)
  }
}

let inputs = try Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
let targets = try Tensor([0, 1, 1, 0], shape: [4, 1])
let network = try Network()
let optimizer = try Adam(learningRate: 0.1)

for step in 1...200 {
  let (loss, gradients) = try valueAndGradients(of: network.parameters) {
    try square(network(inputs) - targets).mean()
  }
  try optimizer.update(network.parameters, along: gradients)
  if step.isMultiple(of: 50) { print("step \(step): loss \(try loss.scalar())") }
}
print(try network(inputs))
