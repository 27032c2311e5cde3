import Apus

/// Two layers that learn the exclusive or of two numbers.
let network = Sequential {
  Dense(8, activation: .tanh)
  Dense(1, activation: .sigmoid)
}
try withSeed(1) { try network.build(input: [4, 2]) }
print(try network.summary(input: [2]))

let inputs = try Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
let targets = try Tensor([0, 1, 1, 0], shape: [4, 1])
let parameters = try network.parameters
let optimizer = Adam(learningRate: 0.1)

for step in 1...200 {
  let (loss, gradients) = try valueAndGradients(of: parameters) {
    try Loss.squared(network(inputs), targets)
  }
  try optimizer.update(parameters, along: gradients)
  if step.isMultiple(of: 50) { print("step \(step): loss \(try loss.scalar())") }
}
print(try network(inputs))
