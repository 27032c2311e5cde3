import Data
import Geometry
import Layers
import Optimizers
import Tensors
import Testing
import Training

@Suite(.serialized) struct SearchTests {
  private let space: SearchSpace = [
    "rate": .logarithmic(1e-3, 1e-1), "units": .integers(4...16), "kind": .texts(["a", "b"]),
  ]

  @Test func aGridHasEveryCombination() throws {
    let settings = try space.grid(points: 3)
    #expect(settings.count == 3 * 3 * 2)
    #expect(Set(settings).count == settings.count)
    let rates = try Set(settings.map { try $0.number("rate") }).sorted()
    for (rate, expected) in zip(rates, [1e-3, 1e-2, 1e-1]) {
      #expect(Swift.abs(rate - expected) < 1e-12)
    }
    #expect(try Set(settings.map { try $0.integer("units") }) == [4, 10, 16])
  }

  @Test func chanceDrawsTheSameForTheSameSeed() throws {
    let settings = try space.random(50, seed: 3)
    #expect(try settings == space.random(50, seed: 3))
    #expect(try settings != space.random(50, seed: 4))
    #expect(try Array(settings.prefix(10)) == space.random(10, seed: 3))
    for setting in settings {
      #expect(try (4...16).contains(setting.integer("units")))
      #expect(try (1e-3...1e-1).contains(setting.number("rate")))
    }
    let low = try settings.filter { try $0.number("rate") < 1e-2 }
    #expect((15...35).contains(low.count))
  }

  @Test func whatIsNotInTheSpaceIsAnError() throws {
    let setting = try #require(try space.random(1, seed: 1).first)
    #expect(throws: TensorError.self) { try setting.number("kind") }
    #expect(throws: TensorError.self) { try setting.text("none") }
    let wrong: SearchSpace = ["rate": .logarithmic(0, 1)]
    #expect(throws: TensorError.self) { try wrong.random(1, seed: 1) }
  }

  @Test func aSearchFindsTheBestAndFindsItAgain() throws {
    let data = try Small.clouds()
    let rates: SearchSpace = ["rate": .numbers([1e-6, 0.3, 1e-5])]
    func run() throws -> SearchResult {
      try search(try rates.grid(), for: "accuracy", seed: 5) { setting in
        let trainer = Trainer(
          Small.classifier(), optimizer: try SGD(learningRate: try setting.number("rate")),
          loss: .softmaxCrossEntropy, metrics: [.accuracy], device: .cpu)
        trainer.progress = nil
        try trainer.fit(data.batched(10), epochs: 4)
        return try trainer.evaluate(data.batched(30))
      }
    }
    let (first, second) = (try run(), try run())
    #expect(try first.best?.setting.number("rate") == 0.3)
    #expect(first.trials.map(\.values) == second.trials.map(\.values))
    #expect(Set(first.trials.map(\.seed)).count == 3)
  }

  @Test func foldsAndSeedsGiveMeansAndDeviations() throws {
    let trials = try crossValidate([1.0, 2.0, 6.0]) { ["score": $0] }
    #expect(trials["score"] == [1, 2, 6])
    #expect(trials.mean("score") == 3)
    #expect(Swift.abs(trials.deviation("score") - 7.0.squareRoot()) < 1e-12)
    var drawn: [Float] = []
    let seeds = try repeated(3, seed: 2) { seed in
      drawn += try Tensor.uniform([1], on: .cpu).scalars()
      return ["seed": Double(seed)]
    }
    #expect(Set(drawn).count == 3 && Set(seeds["seed"]).count == 3)
    #expect(throws: TensorError.self) { try crossValidate([1]) { _ in [:] } }
  }

  @Test func aRangeTestLeavesEverythingAsItWas() throws {
    let data = try Small.clouds().shuffled(seed: 1).batched(10)
    let model = Small.classifier()
    let trainer = Small.trainer(model, optimizer: try SGD(learningRate: 0.1, momentum: 0.9))
    let range = try trainer.learningRateRange(data, from: 1e-5, to: 100, steps: 60)
    #expect(range.points.count > 20)
    let rising = zip(range.points, range.points.dropFirst()).allSatisfy { $0.rate < $1.rate }
    #expect(rising)
    let suggestion = try #require(range.suggestion)
    #expect((1e-3...10).contains(suggestion))
    try trainer.fit(data, epochs: 2)
    let plain = Small.classifier()
    try Small.trainer(plain, optimizer: try SGD(learningRate: 0.1, momentum: 0.9))
      .fit(data, epochs: 2)
    #expect(try Small.bits(model) == Small.bits(plain))
  }

  @Test func anEnsembleAveragesPredictions() throws {
    let models = try (0..<3).map { seed in
      let model = Small.classifier()
      try withSeed(UInt64(seed)) { try model.build(input: [1, 2], on: .cpu) }
      return model
    }
    let x = try Tensor([0.5, -1, 2, 0.25], shape: [2, 2], on: .cpu)
    let means = try Ensemble(models)(x).scalars()
    let each = try models.map { try $0(x).scalars() }
    for (index, mean) in means.enumerated() {
      #expect(Swift.abs(mean - each.reduce(0) { $0 + $1[index] } / 3) < 1e-6)
    }
    let sums = try Ensemble(models, of: .probabilities)(x).sum(axes: [-1]).scalars()
    #expect(Swift.abs(sums[0] - 1) < 1e-6 && Swift.abs(sums[1] - 1) < 1e-6)
  }
}
