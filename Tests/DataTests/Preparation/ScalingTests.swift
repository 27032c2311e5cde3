import Data
import Geometry
import Tensors
import Testing

@Suite struct ScalingTests {
  static func data(_ rows: [[Float]]) throws -> Dataset<Example> {
    try Dataset(inputs: Values(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]))
  }

  @Test func featuresOfVeryDifferentSizesHaveExactMeans() throws {
    // In float32 a sum of 2.3e6 over so many rows would no longer see its last digits.
    let count = 20_000
    let rows = (0..<count).map { [Float(2_300_000 + $0 % 2), 4.5 + Float($0 % 2), 7] }
    let statistics = try FeatureStatistics(of: Self.data(rows))
    #expect(statistics.count == count)
    #expect(abs(statistics.means[0] - 2_300_000.5) < 1e-6)
    #expect(abs(statistics.means[1] - 5) < 1e-12)
    #expect(statistics.means[2] == 7)
    #expect(abs(statistics.deviations[0] - 0.5) < 1e-9)
    #expect(abs(statistics.deviations[1] - 0.5) < 1e-12)
    #expect(statistics.deviations[2] == 0)
    let scaled = try Self.data(rows).prepared(Standardize(statistics)).take(2).elements()
    #expect(scaled.map { $0.inputs[0].floats } == [[-1, -1, 0], [1, 1, 0]])
  }

  @Test func intervalsAndMagnitudes() throws {
    let data = try Self.data([[-4, 1, 0], [0, 3, 0], [2, 2, 0]])
    let statistics = try FeatureStatistics(of: data)
    let unit = try data.prepared(MinMaxScale(statistics)).elements().map { $0.inputs[0].floats }
    #expect(unit[0] == [0, 0, 0])
    #expect(abs(unit[1][0] - 2.0 / 3) < 1e-6)
    #expect(unit[2] == [1, 0.5, 0])
    let signed = try data.prepared(MinMaxScale(statistics, to: -1...1)).elements()
    #expect(signed[2].inputs[0].floats == [1, 0, -1])
    let magnitude = try data.prepared(MaxAbsScale(statistics)).elements()
    #expect(magnitude[0].inputs[0].floats == [-1, 1.0 / 3, 0])
  }

  @Test func channelsMayShareTheirStatistics() throws {
    let image = try Values([0, 10, 2, 30] as [UInt8], shape: [1, 1, 2, 2])
    let data = try Dataset(inputs: image)
    #expect(try FeatureStatistics(of: data, by: .channel).means == [1, 20])
    #expect(try FeatureStatistics(of: data, by: .all).means == [10.5])
    #expect(try FeatureStatistics(of: data).means == [0, 10, 2, 30])
    let scaled = try data.prepared(Standardize(FeatureStatistics(of: data, by: .channel)))
      .elements()
    #expect(scaled[0].inputs[0].floats == [-1, -1, 1, 1])
  }

  @Test func batchesAndSingleExamplesArePreparedAlike() throws {
    let data = try Dataset.drawnDigits(count: 30, seed: 1)
    let steps: [any Preparation] = [
      Rescale(1 / 255, offset: -0.5), RandomFlip(seed: 1), RandomAffine(degrees: 10, seed: 2),
      Crop(28, 28, padding: 2, seed: 3), RandomBrightness(0.2, seed: 4),
      RandomContrast(0.2, seed: 5), RandomNoise(0.1, seed: 6), Cutout(6, seed: 7),
      OneHot(classes: 10, smoothing: 0.1), ClassWeighting([Float](repeating: 2, count: 10)),
    ]
    let together = data.shuffled(seed: 3).prepared(steps)
    let singly = data.map { $0 }.shuffled(seed: 3).prepared(steps)
    let stream = data.filter { _ in true }.shuffled(seed: 3).prepared(steps)
    for epoch in 0..<2 {
      let expected = try together.batched(7).prefetched(3, workers: 3).elements(epoch: epoch)
      for other in [singly, stream] {
        let batches = try other.batched(7).elements(epoch: epoch)
        for (batch, expected) in zip(batches, expected) {
          #expect(try batch.inputs[0].scalars() == expected.inputs[0].scalars())
          #expect(try batch.targets[0].scalars() == expected.targets[0].scalars())
          #expect(try batch.weights?.scalars() == expected.weights?.scalars())
        }
      }
    }
    let first = try together.batched(30).elements(epoch: 0)[0].inputs[0].scalars()
    #expect(try together.batched(30).elements(epoch: 1)[0].inputs[0].scalars() != first)
  }

  @Test func classesBecomeOneHot() throws {
    let data = try Dataset(
      inputs: Values([0, 0, 0] as [Float], shape: [3, 1]),
      targets: Values([2, 0, 1] as [Int32], shape: [3]))
    let prepared = try data.prepared(OneHot(classes: 3)).batched(3).elements()[0]
    #expect(try prepared.targets[0].scalars() == [0, 0, 1, 1, 0, 0, 0, 1, 0])
    let error = #expect(throws: TensorError.self) {
      try data.prepared(OneHot(classes: 2)).batched(3).elements()
    }
    #expect(error?.description.contains("element 0: oneHot: class 2 does not exist") == true)
  }

  @Test func rareClassesWeighMore() throws {
    let labels: [Int32] = [0, 0, 0, 0, 0, 0, 1, 1]
    let data = try Dataset(
      inputs: Values([Float](repeating: 0, count: 8), shape: [8, 1]),
      targets: Values(labels, shape: [8]))
    let weights = try classWeights(of: data, classes: 3)
    #expect(weights == [8.0 / 12, 2, 0])
    let batch = try data.prepared(ClassWeighting(weights)).batched(8).elements()[0]
    let sum = try batch.weights?.scalars().reduce(0, +) ?? 0
    #expect(abs(sum - 8) < 1e-5)
  }

  @Test func rejectsFeaturesThatDoNotFit() throws {
    let statistics = try FeatureStatistics(of: Self.data([[1, 2, 3]]))
    let error = #expect(throws: TensorError.self) {
      try Self.data([[1, 2]]).prepared(Standardize(statistics)).elements()
    }
    #expect(error?.kind == .shape)
    #expect(throws: TensorError.self) { try FeatureStatistics(of: Dataset([])) }
  }
}
