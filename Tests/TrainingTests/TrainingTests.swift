import Foundation
import Geometry
import Optimizers
import Tensors
import Testing

/// Small networks trained from start to end, on both devices.
@Suite(.serialized) struct TrainingTests {
  static let devices = ["cpu", "opencl:0"]

  /// Losses and the final accuracy of a run.
  struct Run {
    var losses: [Float] = []
    var accuracy = 0.0
  }

  @Test(arguments: devices) func theExclusiveOrIsLearned(name: String) throws {
    let device = try Device.isolated(name)
    try withSeed(1) {
      let model = try Perceptron([2, 8, 1], on: device, activation: tanh)
      let x = try Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2], on: device)
      let y = try Tensor([0, 1, 1, 0], shape: [4, 1], on: device)
      let adam = Adam(learningRate: 0.05)
      for _ in 0..<300 {
        let (_, gradients) = try valueAndGradients(of: model.parameters) {
          try square(sigmoid(model(x)) - y).mean()
        }
        try adam.update(model.parameters, along: gradients)
      }
      let answers = try sigmoid(model(x)).scalars()
      #expect(answers[0] < 0.2 && answers[1] > 0.8 && answers[2] > 0.8 && answers[3] < 0.2)
    }
  }

  /// Points on two spirals, one turned half a circle against the other.
  private func spirals(_ count: Int) -> (points: [Float], classes: [Float]) {
    var points: [Float] = []
    var classes: [Float] = []
    for index in 0..<count {
      let turn = index % 2
      let t = 0.25 + 3.25 * Double(index / 2) / Double(count / 2)
      let angle = t * 2 + Double(turn) * Double.pi
      points += [Float(t * cos(angle) / 3), Float(t * sin(angle) / 3)]
      classes.append(Float(turn))
    }
    return (points, classes)
  }

  @Test(arguments: devices) func twoSpiralsAreToldApart(name: String) throws {
    let device = try Device.isolated(name)
    try withSeed(2) {
      let (points, classes) = spirals(256)
      let x = try Tensor(points, shape: [256, 2], on: device)
      let y = try Tensor(classes, shape: [256, 1], on: device)
      let model = try Perceptron([2, 48, 48, 1], on: device, activation: tanh)
      let adam = Adam(learningRate: 0.01)
      for _ in 0..<700 {
        let (_, gradients) = try valueAndGradients(of: model.parameters) {
          let logits = try model(x)
          return try (softplus(logits) - logits * y).mean()
        }
        try adam.update(model.parameters, along: gradients)
      }
      let right = try equal(greater(model(x), Tensor(0)).cast(to: .float32), y)
      #expect(try right.cast(to: .float32).mean().scalar() > 0.97)
    }
  }

  /// An MLP 784-512-512-10 on Fashion-MNIST with Adam, batches of 128.
  private func fashion(_ name: String, epochs: Int) throws -> Run {
    let device = try Device.isolated(name)
    let train = try FashionMNIST.train.get()
    let test = try FashionMNIST.test.get()
    return try withSeed(3) {
      var run = Run()
      let model = try Perceptron([784, 512, 512, 10], on: device, activation: relu)
      let adam = Adam(learningRate: 1e-3)
      for epoch in 0..<epochs {
        adam.learningRate = 1e-3 * (1 - Double(epoch) / Double(epochs))
        let order = try Tensor.permutation(train.count, on: .cpu).scalars(as: Int32.self)
        for start in stride(from: 0, to: order.count, by: 128) {
          let (x, y) = try train.batch(order[start..<min(start + 128, order.count)], on: device)
          let (loss, gradients) = try valueAndGradients(of: model.parameters) {
            try crossEntropy(model(x), y)
          }
          try adam.update(model.parameters, along: gradients)
          run.losses.append(try loss.scalar())
        }
      }
      var right: Float = 0
      for start in stride(from: 0, to: test.count, by: 1000) {
        let (x, y) = try test.batch((start..<start + 1000).map { Int32($0) }, on: device)
        let hits = try equal(model(x).argmax(axis: 1), y.argmax(axis: 1))
        right += try hits.cast(to: .float32).sum().scalar()
      }
      run.accuracy = Double(right) / Double(test.count)
      return run
    }
  }

  @Test func clothesAreRecognisedOnBothDevicesAlike() throws {
    let epochs = 5
    let cpu = try fashion("cpu", epochs: epochs)
    let opencl = try fashion("opencl:0", epochs: epochs)
    print("Fashion-MNIST after \(epochs) epochs: cpu \(cpu.accuracy), opencl:0 \(opencl.accuracy)")
    #expect(cpu.accuracy >= 0.88)
    #expect(opencl.accuracy >= 0.88)
    for step in 0..<20 {
      let difference = abs(cpu.losses[step] - opencl.losses[step]) / cpu.losses[step]
      #expect(difference < 1e-4, "step \(step): \(cpu.losses[step]), \(opencl.losses[step])")
    }
    let steps = cpu.losses.count / epochs
    for epoch in 0..<epochs {
      func mean(_ run: Run) -> Float {
        run.losses[(epoch * steps)..<((epoch + 1) * steps)].reduce(0, +) / Float(steps)
      }
      #expect(abs(mean(cpu) - mean(opencl)) / mean(cpu) < 0.02, "epoch \(epoch)")
    }
  }

  @Test(arguments: devices) func twoRunsWithOneSeedAreTheSameBits(name: String) throws {
    func losses() throws -> [UInt32] {
      let device = try Device.isolated(name)
      return try withSeed(4) {
        let model = try Perceptron([64, 96, 10], on: device, activation: relu)
        let x = try Tensor.normal([40, 64], on: device)
        let y = try Tensor.eye(10, on: device).tiled([4, 1])
        let adam = try Adam()
        return try (0..<30).map { _ in
          let noise = try Tensor.bernoulli([40, 64], probability: 0.8, on: device)
          let (loss, gradients) = try valueAndGradients(of: model.parameters) {
            try crossEntropy(model(x * noise.cast(to: .float32)), y)
          }
          try adam.update(model.parameters, along: gradients)
          return try loss.scalar().bitPattern
        }
      }
    }
    #expect(try losses() == losses())
  }
}
