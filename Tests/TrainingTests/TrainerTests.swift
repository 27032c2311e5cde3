import Data
import Geometry
import Layers
import Optimizers
import Tensors
import Testing
import Training

/// Small data and models for tests of the trainer.
enum Small {
  /// Three clouds of points with their labels.
  static func clouds(_ count: Int = 60, spread: Double = 0.3) throws -> Dataset<Example> {
    let source = RandomSource(seed: 21)
    let noise = try Tensor.normal([count, 2], standardDeviation: spread, on: .cpu, source: source)
      .scalars()
    let centers: [(Float, Float)] = [(0, 1), (1, -0.5), (-1, -0.5)]
    var points: [Float] = []
    var labels: [Int32] = []
    for index in 0..<count {
      let label = index % 3
      points += [
        centers[label].0 + noise[2 * index], centers[label].1 + noise[2 * index + 1],
      ]
      labels.append(Int32(label))
    }
    return try Dataset(
      inputs: Tensor(points, shape: [count, 2], on: .cpu),
      targets: Tensor(labels, shape: [count], on: .cpu))
  }

  static func classifier() -> Sequential {
    Sequential {
      Dense(12, activation: .tanh)
      Dense(3)
    }
  }

  static func trainer(
    _ model: any Layer, on device: Device = .cpu, optimizer: (any Optimizer)? = nil,
    accumulation: Int = 1, classWeights: [Double]? = nil
  ) -> Trainer {
    let trainer = Trainer(
      model, optimizer: optimizer ?? Adam(learningRate: 0.03), loss: .softmaxCrossEntropy,
      metrics: [.accuracy], device: device, seed: 1, accumulation: accumulation,
      classWeights: classWeights)
    trainer.progress = nil
    return trainer
  }

  static func bits(_ model: any Module) throws -> [UInt32] {
    try model.namedParameters.flatMap { try $0.parameter.value.scalars().map(\.bitPattern) }
  }
}

@Suite(.serialized) struct TrainerTests {
  @Test(arguments: ["cpu", "opencl:0"]) func cloudsAreToldApart(name: String) throws {
    let model = Small.classifier()
    let trainer = Small.trainer(model, on: try Device.isolated(name))
    let data = try Small.clouds()
    let history = try trainer.fit(
      data.shuffled(seed: 1).batched(10), validation: data.batched(25), epochs: 12)
    #expect(history.epochs.count == 12)
    #expect(history.names == ["accuracy", "learning_rate", "loss", "val_accuracy", "val_loss"])
    #expect(history["loss"][11] < history["loss"][0] / 2)
    #expect(history["val_accuracy"][11] > 0.9)
    let measured = try trainer.evaluate(data.batched(7))
    #expect(abs((measured["accuracy"] ?? 0) - history["val_accuracy"][11]) < 1e-6)
    #expect(abs((measured["loss"] ?? 0) - history["val_loss"][11]) < 1e-5)
    let scores = try trainer.predict(data.batched(16))
    #expect(scores.shape == [60, 3] && scores.device == .cpu)
  }

  @Test func aFitEndsInTheBitsOfALoopByHand() throws {
    let data = try Small.clouds().shuffled(seed: 4).batched(8)
    let model = Small.classifier()
    try Small.trainer(model).fit(data, epochs: 2)
    let other = Small.classifier()
    try withRandomSource(RandomSource(seed: 1)) {
      try other.build(input: [8, 2], on: .cpu)
      let adam = Adam(learningRate: 0.03)
      let parameters = try other.parameters
      for epoch in 0..<2 {
        for batch in try data.elements(epoch: epoch) {
          let (_, gradients) = try valueAndGradients(of: parameters) {
            try softmaxCrossEntropy(other(batch.inputs[0]), batch.targets[0])
          }
          try adam.update(parameters, along: gradients)
        }
      }
    }
    #expect(try Small.bits(model) == Small.bits(other))
  }

  @Test func fourSmallBatchesAreOneLarge() throws {
    let data = try Small.clouds()
    let parts = Small.classifier()
    let whole = Small.classifier()
    let first = Small.trainer(parts, optimizer: try SGD(learningRate: 0.1), accumulation: 4)
    let history = try first.fit(data.batched(8), epochs: 3)
    try Small.trainer(whole, optimizer: try SGD(learningRate: 0.1)).fit(data.batched(32), epochs: 3)
    // 60 samples are eight batches, the last of four samples: two steps.
    #expect(history.epochs.count == 3)
    #expect(try first.optimizer.stepCount == 6)
    for (a, b) in zip(try parts.namedParameters, try whole.namedParameters) {
      let difference = try abs(a.parameter.value - b.parameter.value).max().scalar()
      #expect(difference < 1e-5)
    }
  }

  @Test func classWeightsAreSampleWeights() throws {
    let data = try Small.clouds()
    let byClass = Small.classifier()
    try Small.trainer(byClass, classWeights: [3, 1, 0.5]).fit(data.batched(10), epochs: 2)
    let bySample = Small.classifier()
    let weighted = data.map { example in
      var example = example
      example.weight = [3, 1, 0.5][example.label ?? 0]
      return example
    }
    try Small.trainer(bySample).fit(weighted.batched(10), epochs: 2)
    let plain = Small.classifier()
    try Small.trainer(plain).fit(data.batched(10), epochs: 2)
    #expect(try Small.bits(byClass) == Small.bits(bySample))
    #expect(try Small.bits(byClass) != Small.bits(plain))
  }

  @Test func penaltiesOfWeightsAndActivationsJoinTheLoss() throws {
    let data = try Small.clouds(6).batched(6)
    func loss(_ model: Sequential) throws -> Double {
      try Small.trainer(model).evaluate(data)["loss"] ?? .nan
    }
    let plain = try loss(Sequential { Dense(3, kernel: Weight(.ones)) })
    let weights = try loss(Sequential { Dense(3, kernel: Weight(.ones, regularizer: .l2(0.5))) })
    #expect(abs(weights - plain - 0.5 * 6) < 1e-5)
    let activity = Sequential {
      Dense(3, kernel: Weight(.zeros), bias: Weight(.ones))
      ActivityRegularization(.l1(0.25))
    }
    let bare = Sequential { Dense(3, kernel: Weight(.zeros), bias: Weight(.ones)) }
    #expect(abs(try loss(activity) - loss(bare) - 0.25 * 3) < 1e-5)
  }

  @Test func aStepOfOnesOwnHasItsOwnOptimizers() throws {
    final class Pair: Module {
      let generator = Dense(2)
      let critic = Dense(1)
    }
    let pair = Pair()
    var criticSteps = 0
    let trainer = Trainer(
      pair,
      optimizers: ["critic": try SGD(learningRate: 0.01), "generator": Adam(learningRate: 0.01)],
      device: .cpu, seed: 2,
      validate: { batch, _ in ["loss": try pair.critic(batch.inputs[0]).mean()] },
      step: { batch, trainer in
        let real = batch.inputs[0]
        let noise = try Tensor.normal([real.shape[0], 3], on: real.device)
        try pair.generator.build(input: noise.shape, on: real.device)
        try pair.critic.build(input: real.shape, on: real.device)
        var criticLoss = Tensor(0)
        let weights = try pair.critic.parameters
        for _ in 0..<3 {
          let (loss, gradients) = try valueAndGradients(of: weights) {
            try pair.critic(stopGradient(pair.generator(noise))).mean() - pair.critic(real).mean()
          }
          try trainer.optimizers["critic"]?.update(weights, along: gradients)
          criticLoss = loss
          criticSteps += 1
        }
        let own = try pair.generator.parameters
        let (loss, gradients) = try valueAndGradients(of: own) {
          try -pair.critic(pair.generator(noise)).mean()
        }
        try trainer.optimizers["generator"]?.update(own, along: gradients)
        return ["loss": loss, "critic_loss": criticLoss]
      })
    trainer.progress = nil
    let data = try Small.clouds().batched(20)
    let history = try trainer.fit(data, validation: data, epochs: 2)
    #expect(criticSteps == 18)
    #expect(trainer.optimizers["critic"]?.stepCount == 18)
    #expect(trainer.optimizers["generator"]?.stepCount == 6)
    #expect(history.names == ["critic_loss", "loss", "val_loss"])
    let isFinite = history["critic_loss"].allSatisfy(\.isFinite)
    #expect(isFinite)
  }

  @Test func numbersOfAStepComeOneStepLater() throws {
    var seen: [(step: Int, of: Int)] = []
    let watcher = LambdaCallback(stepEnded: { seen.append(($0.step, $0.valuesStep)) })
    try Small.trainer(Small.classifier()).fit(
      try Small.clouds().batched(20), epochs: 2, callbacks: [watcher])
    #expect(seen.map(\.step) == [1, 2, 3, 4, 5, 6])
    #expect(seen.map(\.of) == [0, 1, 2, 3, 4, 5])
  }

  @Test func stepsOfEndlessDataMakeEpochs() throws {
    var batches: [Int] = []
    let trainer = Small.trainer(Small.classifier())
    try trainer.fit(
      try Small.clouds().batched(10), epochs: 3, stepsPerEpoch: 4,
      callbacks: [LambdaCallback(epochEnded: { batches.append($0.samplesInEpoch) })])
    #expect(batches == [40, 40, 40])
    #expect(try trainer.optimizer.stepCount == 12)
  }

  @Test func callbacksAreCalledInTheirOrder() throws {
    var calls: [String] = []
    let watcher = LambdaCallback(
      began: { _ in calls.append("began") }, epochBegan: { calls.append("epoch \($0.epoch)") },
      stepEnded: { calls.append("step \($0.step)") },
      epochEnded: { calls.append("end \($0.epoch)") }, ended: { _ in calls.append("ended") })
    try Small.trainer(Small.classifier()).fit(
      try Small.clouds().batched(30), epochs: 2, callbacks: [watcher])
    #expect(
      calls == [
        "began", "epoch 1", "step 1", "step 2", "end 1", "epoch 2", "step 3", "step 4", "end 2",
        "ended",
      ])
  }

  @Test func cancellingEndsAfterTheStep() throws {
    let trainer = Small.trainer(Small.classifier())
    var ended = ""
    let watcher = LambdaCallback(
      stepEnded: { if $0.step == 3 { $0.trainer.cancel() } },
      ended: { if case .cancelled = $0.outcome { ended = "cancelled at \($0.step)" } })
    let data = try Small.clouds().batched(10)
    let error = #expect(throws: TensorError.self) {
      try trainer.fit(data, epochs: 5, callbacks: [watcher])
    }
    #expect(error?.kind == .cancelled)
    #expect(ended == "cancelled at 3")
  }

  @Test func whatCannotBeTrainedIsToldByName() throws {
    let data = try Small.clouds().batched(10)
    func kind(_ body: () throws -> Void) -> TensorError.Kind? {
      do { try body() } catch { return (error as? TensorError)?.kind }
      return nil
    }
    let frozen = Small.classifier()
    try frozen.build(input: [1, 2], on: .cpu)
    frozen.freeze()
    #expect(kind { try Small.trainer(frozen).fit(data, epochs: 1) } == .argument)
    let trainer = Small.trainer(Small.classifier())
    #expect(kind { try trainer.fit(data, epochs: 0) } == .argument)
    #expect(kind { try trainer.fit(data.filter { _ in false }, epochs: 1) } == .argument)
    #expect(
      kind { try Small.trainer(Small.classifier(), classWeights: [1, 2]).fit(data, epochs: 1) }
        == .index)
    #expect(
      kind { try trainer.fit(data, epochs: 1, callbacks: [EarlyStopping("no_such")]) } == .argument)
  }

  @Test func predictionsThatLookLikeProbabilitiesAreWarnedOf() throws {
    let model = Sequential {
      Dense(3)
      Softmax()
    }
    var warnings: [String] = []
    try Small.trainer(model).fit(
      try Small.clouds().batched(30), epochs: 1,
      callbacks: [LambdaCallback(ended: { warnings = $0.warnings })])
    let text = warnings.first ?? ""
    #expect(text.contains("takes logits"))
  }
}
