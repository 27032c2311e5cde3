import Apus

let data = try FashionMNIST()  // Debian's dataset-fashion-mnist, or a folder of IDX files
let model = Sequential {
  Conv2D(32, kernel: 3, padding: .same, activation: .relu)
  BatchNorm()
  MaxPool2D(2)
  Flatten()
  Dropout(0.3)
  Dense(10)
}
print(try model.summary(input: [28, 28, 1]))  // computes nothing

let trainer = Trainer(
  model, optimizer: Adam(learningRate: 1e-3), loss: .softmaxCrossEntropy, metrics: [.accuracy],
  seed: 1)
let history = try trainer.fit(
  data.train.shuffled(seed: 1).batched(64).prefetched(2), validation: data.test.batched(256),
  epochs: 2, callbacks: [EarlyStopping(patience: 3), Checkpoint("runs/clothes")])
print("test accuracy in each epoch: \(history["val_accuracy"])")
