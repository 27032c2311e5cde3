import Data
import Geometry
import Tensors
import Testing

/// A small net of plain tensors, trained from a pipeline.
@Suite struct LearningTests {
  @Test func drawnDigitsAreLearntByASmallNet() throws {
    let parts = try Dataset.drawnDigits(count: 13_000, seed: 11)
      .stratifiedSplit(validation: 0, test: 1.0 / 13, seed: 1)
    let train = parts.train.shuffled(seed: 2).prepared(Rescale(1 / 255)).batched(50).prefetched(2)
    let test = parts.test.prepared(Rescale(1 / 255)).batched(250)
    func weights(_ inputs: Int, _ outputs: Int, _ seed: UInt64) throws -> Parameter {
      var random = Random(seed: seed)
      let deviation = (2 / Float(inputs)).squareRoot()
      let numbers = (0..<inputs * outputs).map { _ in deviation * random.normal() }
      return Parameter(try Tensor(numbers, shape: [inputs, outputs], on: .cpu))
    }
    let first = try weights(784, 128, 1)
    let second = try weights(128, 10, 2)
    func scores(_ images: Tensor) throws -> Tensor {
      let rows = try images.reshaped(to: [images.shape[0], 784])
      return try matmul(relu(matmul(rows, first.value)), second.value)
    }
    for epoch in 0..<6 {
      let iterator = try train.makeIterator(epoch: epoch)
      while let batch = try iterator.next() {
        let (loss, gradients) = try valueAndGradients(of: [first, second]) {
          try softmaxCrossEntropy(scores(batch.inputs[0]), batch.targets[0])
        }
        let rate = epoch < 4 ? 0.15 : 0.03
        try Parameter.assign([
          (first, first.value - gradients[0] * rate), (second, second.value - gradients[1] * rate),
        ])
        try evaluate(loss, first.value, second.value)
      }
    }
    var right = 0
    let iterator = try test.makeIterator()
    while let batch = try iterator.next() {
      let scores = try scores(batch.inputs[0]).scalars()
      let labels = try batch.targets[0].scalars(as: Int32.self)
      for (row, label) in labels.enumerated() {
        let row = scores[row * 10..<(row + 1) * 10]
        if row.max() == row[row.startIndex + Int(label)] { right += 1 }
      }
    }
    print("drawn digits: \(right) of 1000 by a net of 128 units")
    #expect(right > 950)
  }
}
