import Data
import Foundation
import Geometry
import Layers
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct CallbackTests {
  @Test func earlyStoppingPutsTheBestEpochBack() throws {
    let data = try Small.clouds(spread: 1).batched(20)
    let model = Small.classifier()
    // Too large a rate for clouds that overlap: the loss does not go on falling.
    let trainer = Small.trainer(model, optimizer: try SGD(learningRate: 4))
    var bits: [Int: [UInt32]] = [:]
    let stopping = EarlyStopping("loss", patience: 3)
    let history = try trainer.fit(
      data, epochs: 200,
      callbacks: [LambdaCallback(epochEnded: { bits[$0.epoch] = try Small.bits(model) }), stopping])
    let best = try #require(stopping.bestEpoch)
    #expect(history.epochs.count == best + 3)
    #expect(history.best("loss")?.number == best)
    #expect(try Small.bits(model) == bits[best])
    #expect(bits[best] != bits[best + 3])
  }

  @Test func accuraciesAreToRiseAndLossesToFall() throws {
    var history = History()
    history.append(.init(1, ["loss": 1, "val_accuracy": 0.5]))
    history.append(.init(2, ["loss": 3, "val_accuracy": 0.75]))
    #expect(history.best("loss")?.number == 1)
    #expect(history.best("val_accuracy")?.number == 2)
    #expect(history.best("val_accuracy", isMaximized: false)?.number == 1)
    let isMissing = history["none"].allSatisfy(\.isNaN)
    #expect(isMissing)
  }

  @Test func trainingEndsAtTheFirstNumberThatIsNone() throws {
    let trainer = Small.trainer(Small.classifier(), optimizer: try SGD(learningRate: 1e38))
    var steps = 0
    var reason = ""
    try trainer.fit(
      try Small.clouds().batched(5), epochs: 5,
      callbacks: [
        TerminateOnNaN(),
        LambdaCallback(ended: { context in
          steps = context.step
          if case .stopped(let text) = context.outcome { reason = text }
        }),
      ])
    #expect(steps < 8)
    #expect(reason.hasPrefix("loss of step"))
  }

  @Test func schedulesSetTheRateOfTheStep() throws {
    let trainer = Small.trainer(Small.classifier(), optimizer: try SGD(learningRate: 1))
    var rates: [Double] = []
    let watch = LambdaCallback(stepEnded: { rates.append(try $0.trainer.optimizer.learningRate) })
    try trainer.fit(
      try Small.clouds().batched(20), epochs: 2,
      callbacks: [LearningRateSchedule(.step(from: 1, every: 2, factor: 0.5)), watch])
    #expect(rates == [1, 1, 0.5, 0.5, 0.25, 0.25])
    let second = Small.trainer(Small.classifier(), optimizer: try SGD(learningRate: 1))
    let history = try second.fit(
      try Small.clouds().batched(20), epochs: 3,
      callbacks: [
        LearningRateSchedule(.exponential(from: 0.5, factor: 0.1, steps: 1), perEpoch: true)
      ])
    #expect(history["learning_rate"][0] == 0.5 && abs(history["learning_rate"][2] - 0.005) < 1e-9)
  }

  @Test func theRateFallsOnAPlateau() throws {
    let trainer = Small.trainer(Small.classifier(), optimizer: try SGD(learningRate: 1e-9))
    let history = try trainer.fit(
      try Small.clouds().batched(30), epochs: 6,
      callbacks: [ReduceOnPlateau("loss", factor: 0.5, patience: 2, minimumChange: 1)])
    #expect(history["learning_rate"] == [1e-9, 1e-9, 1e-9, 5e-10, 5e-10, 2.5e-10])
  }

  @Test func aRunFolderHoldsWhatItSays() throws {
    let scratch = try ScratchFolder()
    let data = try Small.clouds()
    let trainer = Small.trainer(Small.classifier())
    trainer.classNames = ["up", "right", "left"]
    trainer.notes["data"] = "clouds"
    try trainer.fit(
      data.shuffled(seed: 1).batched(10), validation: data.batched(20), epochs: 3,
      callbacks: [Checkpoint("\(scratch.path)/run", keepLast: 2)])
    #expect(
      try scratch.names(in: "run/checkpoints") == [
        "best.safetensors", "step-000000012.safetensors", "step-000000018.safetensors",
      ])
    let run = try #require(try scratch.lines("run/run.json").first)
    #expect(run["outcome"] as? String == "finished")
    #expect(run["seed"] as? String == "1")
    #expect(run["device"] as? String == "cpu")
    #expect(run["class_names"] as? [String] == ["up", "right", "left"])
    #expect(run["input"] as? [Int] == [2] && run["train_samples"] as? Int == 60)
    let model = try #require(run["model"] as? [String: Any])
    #expect(model["parameters"] as? Int == 2 * 12 + 12 + 12 * 3 + 3)
    let lines = try scratch.lines("run/metrics.jsonl")
    let epochs = lines.filter { $0["kind"] as? String == "epoch" }
    #expect(epochs.compactMap { $0["epoch"] as? Int } == [1, 2, 3])
    let last = try #require(epochs.last)
    let values = try #require(last["values"] as? [String: Double])
    let accuracy = try #require(values["val_accuracy"])
    let confusion = try #require(last["confusion"] as? [String: Any])
    let matrix = try #require(confusion["matrix"] as? [[Int]])
    #expect(confusion["phase"] as? String == "validation")
    let right = matrix.indices.reduce(0) { $0 + matrix[$1][$1] }
    #expect(matrix.joined().reduce(0, +) == 60 && abs(Double(right) / 60 - accuracy) < 1e-6)
    let norms = try #require(last["gradient_norms"] as? [String: Double])
    #expect(norms.keys.sorted() == ["0.bias", "0.kernel", "1.bias", "1.kernel"])
    #expect(norms.values.allSatisfy { $0 > 0 } && last["gradient_step"] as? Int == 13)
    let weights = try #require(last["weights"] as? [String: [String: Any]])
    let counts = try #require(weights["0.kernel"]?["counts"] as? [Int])
    #expect(counts.count == 32 && counts.reduce(0, +) == 24)
    #expect(lines.last?["kind"] as? String == "end")
  }

  @Test func linesOfStepsAreMeansOverTheirSteps() throws {
    let scratch = try ScratchFolder()
    var losses: [Double] = []
    let watch = LambdaCallback(
      stepEnded: { if $0.valuesStep > 0 { losses.append($0.values["loss"] ?? .nan) } })
    try Small.trainer(Small.classifier()).fit(
      try Small.clouds().batched(10), epochs: 1,
      callbacks: [watch, JSONLines("\(scratch.path)/own.jsonl", interval: 2)])
    let steps = try scratch.lines("own.jsonl").filter { $0["kind"] as? String == "step" }
    #expect(steps.compactMap { $0["step"] as? Int } == [2, 4, 6])
    let first = try #require(steps.first?["loss"] as? Double)
    #expect(abs(first - (losses[0] + losses[1]) / 2) < 1e-12)
  }

  @Test func rowsOfCommaSeparatedValues() throws {
    let scratch = try ScratchFolder()
    let history = try Small.trainer(Small.classifier()).fit(
      try Small.clouds().batched(30), epochs: 2,
      callbacks: [CSVLog("\(scratch.path)/history.csv")])
    let rows = try scratch.text("history.csv").split(separator: "\n")
    #expect(rows.first == "epoch,accuracy,learning_rate,loss")
    #expect(rows.count == 3)
    let cells = rows[2].split(separator: ",").compactMap { Double($0) }
    #expect(cells == [2, history["accuracy"][1], history["learning_rate"][1], history["loss"][1]])
  }

  @Test func unitsThatNeverAnswerAreWarnedOf() throws {
    let scratch = try ScratchFolder()
    let model = Sequential {
      Dense(4, activation: .relu, bias: Weight(.constant(-100)))
      Dense(3)
    }
    var warnings: [String] = []
    try Small.trainer(model).fit(
      try Small.clouds().batched(30), epochs: 1,
      callbacks: [RunLog(scratch.path), LambdaCallback(ended: { warnings = $0.warnings })])
    let text = warnings.joined()
    #expect(text.contains("of 0 are dead"))
    let epoch = try #require(
      try scratch.lines("metrics.jsonl").first { $0["kind"] as? String == "epoch" })
    let dead = try #require(epoch["dead_units"] as? [String: [String: Int]])
    #expect(dead == ["0": ["dead": 4, "units": 4]])
  }

  @Test func eventsForTensorBoardAreWritten() throws {
    let scratch = try ScratchFolder()
    try Small.trainer(Small.classifier()).fit(
      try Small.clouds().batched(30), epochs: 1,
      callbacks: [TensorBoard("\(scratch.path)/events", interval: 1)])
    let name = try #require(try scratch.names(in: "events").first)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/events/\(name)"))
    for tag in ["loss/train", "step/loss", "0.kernel"] {
      #expect(bytes.range(of: Data(tag.utf8)) != nil, "\(tag)")
    }
  }

  @Test func plainProgressIsALineAnEpoch() throws {
    var text = ""
    let trainer = Small.trainer(Small.classifier())
    trainer.progress = ProgressLine(.plain) { text += $0 }
    let data = try Small.clouds()
    try trainer.fit(data.batched(30), validation: data.batched(30), epochs: 2)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[1].hasPrefix("epoch 2/2 · loss "))
    #expect(lines[1].contains("val_accuracy") && lines[1].hasSuffix("% waiting"))
    #expect(!text.contains("\u{1B}"))
  }

  @Test func liveProgressWritesOverItsLine() throws {
    var text = ""
    let trainer = Small.trainer(Small.classifier())
    trainer.progress = ProgressLine(.live) { text += $0 }
    try trainer.fit(try Small.clouds().batched(30), epochs: 1)
    #expect(text.hasPrefix("\r\u{1B}[K"))
    #expect(text.contains("epoch 1/1") && text.contains("samples/s"))
    #expect(text.hasSuffix("waiting\n"))
  }

  @Test func aReportLeavesTheModelAsItWas() throws {
    let scratch = try ScratchFolder()
    let data = try Small.clouds()
    func bits(_ callbacks: [any Callback]) throws -> [UInt32] {
      let model = Sequential {
        Dense(6)
        BatchNorm()
        Dense(3)
      }
      try Small.trainer(model).fit(
        data.batched(20), validation: data.batched(20), epochs: 2, callbacks: callbacks)
      return try Small.bits(model)
    }
    #expect(try bits([Report("\(scratch.path)/run")]) == bits([]))
    #expect(try scratch.names(in: "run").contains("report.html"))
  }
}
