import Data
import Foundation
import Geometry
import Layers
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

/// Whatever a training has learned by, interrupted in the middle of an epoch and resumed in another
/// process it ends in the bits of one that is not.
@Suite(.serialized) struct OptimizerResumeTests {
  /// The optimizer, or the callbacks that set its rate, of a training.
  struct Row {
    let name: String
    var device = "cpu"
    var optimizer: (Sequential) throws -> any Optimizer = { _ in Adam(learningRate: 0.02) }
    var callbacks: () -> [any Callback] = { [] }
  }

  private static func schedule(
    _ name: String, perEpoch: Bool = false, _ schedule: Schedule
  ) -> Row {
    Row(name: name, callbacks: { [LearningRateSchedule(schedule, perEpoch: perEpoch)] })
  }

  static var optimizers: [Row] {
    [
      Row(name: "SGD") { _ in try SGD(learningRate: 0.1) },
      Row(name: "SGD with momentum") { _ in try SGD(learningRate: 0.1, momentum: 0.9) },
      Row(name: "SGD after Nesterov") { _ in
        try SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, clipping: .norm(0.5))
      },
      Row(name: "Adam") { _ in Adam(learningRate: 0.02) },
      Row(name: "Adam with the largest") { _ in
        try Adam(learningRate: 0.02, amsgrad: true, convention: .pyTorch)
      },
      Row(name: "AdamW", device: "opencl:0") { _ in AdamW(learningRate: 0.02) },
      Row(name: "Nadam", device: "opencl:0") { _ in try Nadam() },
      Row(name: "Nadam") { _ in try Nadam(convention: .pyTorch) },
      Row(name: "RAdam") { _ in try RAdam(learningRate: 0.02) },
      Row(name: "Adamax") { _ in try Adamax() },
      Row(name: "AdaDelta") { _ in try AdaDelta(learningRate: 0.5) },
      Row(name: "AdaGrad") { _ in try AdaGrad(learningRate: 0.05, learningRateDecay: 0.01) },
      Row(name: "RMSProp") { _ in
        try RMSProp(learningRate: 0.01, momentum: 0.5, centered: true, weightDecay: 0.01)
      },
      Row(name: "RProp") { _ in try RProp(goesBack: true) },
      Row(name: "Lion") { _ in try Lion(learningRate: 0.01) },
      Row(name: "ParameterGroups") { model in
        try withSeed(8) { try model.build(input: [1, 2], on: .cpu) }
        return try ParameterGroups([
          (try model[..<2].parameters, try SGD(learningRate: 0.05, momentum: 0.9)),
          (try model[2...].parameters, try Nadam()),
        ])
      },
    ]
  }

  static var schedules: [Row] {
    [
      schedule("constant", .constant(0.01)),
      schedule("step", .step(from: 0.05, every: 3)),
      schedule("piecewise", .piecewise(boundaries: [3, 7], rates: [0.05, 0.01, 0.001])),
      schedule("exponential", .exponential(from: 0.05, factor: 0.5, steps: 4)),
      schedule("polynomial", .polynomial(from: 0.05, steps: 9, power: 2)),
      schedule("inverseTime", .inverseTime(from: 0.05, factor: 2, steps: 3)),
      schedule("cosine", perEpoch: true, .cosine(from: 0.05, steps: 3)),
      schedule("cosineWithRestarts", .cosineWithRestarts(from: 0.05, steps: 3)),
      schedule("oneCycle", .oneCycle(largest: 0.05, steps: 9)),
      schedule("cyclical", .cyclical(from: 0.001, to: 0.05, steps: 2)),
      schedule("noam", .noam(features: 8, warmup: 4)),
      schedule("warmedUp", Schedule.constant(0.05).warmedUp(steps: 5)),
      Row(name: "Plateau", callbacks: { [ReduceOnPlateau("loss", factor: 0.5, patience: 1)] }),
    ]
  }

  private static var rows: [Row] { optimizers + schedules }

  /// Trains nine steps in three epochs, or up to the one that it is cancelled at; returns weights
  /// and what was logged, to the bit.
  private static func train(
    _ row: Row, in folder: String? = nil, until last: Int? = nil
  ) throws -> [UInt64] {
    let model = Sequential {
      Dense(8, activation: .tanh)
      Dropout(0.2)
      Dense(3)
    }
    let trainer = Small.trainer(
      model, on: try Device.isolated(row.device), optimizer: try row.optimizer(model))
    var callbacks = row.callbacks()
    if let last {
      callbacks.append(LambdaCallback(stepEnded: { if $0.step == last { $0.trainer.cancel() } }))
    }
    if let folder { callbacks.append(Checkpoint(folder)) }
    let history = try trainer.fit(
      Small.clouds(30).shuffled(seed: 2).batched(10), epochs: 3, callbacks: callbacks,
      resumingFrom: try folder.flatMap { try Checkpoint.newest(in: $0) })
    return try Small.bits(model).map { UInt64($0) }
      + history.names.flatMap { history[$0].map(\.bitPattern) }
  }

  @Test func everyOptimizerAndScheduleIsResumedInAnotherProcess() async throws {
    let scratch = try ScratchFolder()
    setenv("APUS_RESUME", scratch.path, 1)
    await #expect(processExitsWith: .success) {
      let path = ProcessInfo.processInfo.environment["APUS_RESUME"] ?? ""
      for (number, row) in Self.rows.enumerated() {
        let error = #expect(throws: TensorError.self) {
          _ = try Self.train(row, in: "\(path)/\(number)", until: 4)
        }
        #expect(error?.kind == .cancelled)
      }
    }
    for (number, row) in Self.rows.enumerated() {
      let folder = "\(scratch.path)/\(number)"
      #expect(
        try Checkpoint.newest(in: folder)?.hasSuffix("step-000000004.safetensors") == true,
        "\(row.name)")
      let resumed = try Self.train(row, in: folder)
      #expect(try Self.train(row) == resumed, "\(row.name) on \(row.device)")
    }
  }

  /// Those whose sources have a place where a step is taken.
  @Test func everyOptimizerAndScheduleHasARow() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Optimizers")
    let files = try #require(
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var declared: Set<String> = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(
        of: /public (?:final )?class (\w+): (?:RuleOptimizer|Optimizer|Adam)\b/)
      { declared.insert(String(match.1)) }
      for match in text.matches(of: /public (?:static )?func (\w+)\([^{]*-> Schedule \{/) {
        declared.insert(String(match.1))
      }
    }
    declared.remove("RuleOptimizer")
    let tested = Set(Self.rows.flatMap { $0.name.split(separator: " ").prefix(1) }.map(String.init))
    #expect(declared.subtracting(tested).isEmpty)
    #expect(declared.count > 20)
  }
}
