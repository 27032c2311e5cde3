import Apus

/// Two dense layers around which the input goes too; how much they add is learned, from nothing.
final class Residual: Layer {
  let inner: Dense, outer: Dense
  /// `[1]`
  let share = Weight(.zeros)

  init(_ units: Int) {
    inner = Dense(2 * units, activation: .gelu)
    outer = Dense(units)
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try x + share([1], like: x) * outer(inner(x))
  }
}

let model = Sequential {
  Dense(32, activation: .tanh)
  for _ in 0..<3 { Residual(32) }
  Dense(2)
}
print(try model.summary(input: [2]))

// Two half moons that lie around each other: no line parts them.
let train = try Dataset<Example>.moons(count: 2000, seed: 1)
let test = try Dataset<Example>.moons(count: 500, seed: 2)

let trainer = Trainer(
  model, optimizer: Adam(learningRate: 0.005), loss: .softmaxCrossEntropy, metrics: [.accuracy],
  seed: 1)
let history = try trainer.fit(
  train.shuffled(seed: 1).batched(64), validation: test.batched(250), epochs: 10)

let accuracy = history["val_accuracy"].last ?? 0
print("test accuracy \(accuracy)")
guard accuracy > 0.95 else { fatalError("the layer has learned nothing") }
