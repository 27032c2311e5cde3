import Apus

// A body that has learned to tell ten digits is used, frozen, for another question: odd or even.
// Few samples are enough for that.
let body = Sequential {
  Conv2D(8, kernel: 5, activation: .relu)
  MaxPool2D(2)
  Conv2D(16, kernel: 5, activation: .relu)
  MaxPool2D(2)
  Flatten()
  Dense(64, activation: .relu)
}
let scaled = try Dataset<Example>.drawnDigits(count: 4000, seed: 1).prepared(Rescale(1 / 255))

let digits = Sequential {
  body
  Dense(10)
}
let first = Trainer(
  digits, optimizer: Adam(learningRate: 2e-3), loss: .softmaxCrossEntropy, metrics: [.accuracy],
  seed: 1)
try first.fit(scaled.shuffled(seed: 1).batched(64), epochs: 4)

/// The same images with 1 for odd digits and 0 for even ones.
func parity(_ data: Dataset<Example>) -> Dataset<Example> {
  data.map { Example(inputs: $0.inputs, targets: [Values(Int32(($0.label ?? 0) % 2))]) }
}

body.freeze()
let before = try body.namedParameters[0].parameter.value.scalars()
let odd = Sequential {
  body
  Dense(2)
}
print(try odd.summary(input: [28, 28, 1]))
let second = Trainer(
  odd, optimizer: Adam(learningRate: 5e-3), loss: .softmaxCrossEntropy, metrics: [.accuracy],
  seed: 2)
let test = try Dataset<Example>.drawnDigits(count: 1000, seed: 9).prepared(Rescale(1 / 255))
let history = try second.fit(
  parity(scaled.take(300)).shuffled(seed: 2).batched(32), validation: parity(test).batched(250),
  epochs: 10)

let accuracy = history["val_accuracy"].last ?? 0
print("odd or even, from 300 samples: test accuracy \(accuracy)")
guard try body.namedParameters[0].parameter.value.scalars() == before else {
  fatalError("frozen weights have moved")
}
guard accuracy > 0.75 else { fatalError("the body is of no use") }
