import Data
import Foundation
import Geometry
import KillTrainings
import Layers
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

/// Trainings that are interrupted end in the bits of one that is not.
@Suite(.serialized) struct ResumeTests {
  @Test(arguments: KillTraining.names, ["cpu", "opencl:0"])
  func cancelledAnywhereAndResumed(name: String, device: String) throws {
    let training = KillTraining(name, on: try Device.isolated(device))
    let expected = try training.run()
    for step in [1, 5, 7, 13, 20] {
      let scratch = try ScratchFolder()
      let result = try interrupted(training, scratch.path, after: step)
      #expect(result == expected, "interrupted after step \(step)")
    }
  }

  private func interrupted(
    _ training: KillTraining, _ folder: String, after step: Int
  ) throws -> KillTraining.Result {
    var steps = 0
    _ = try training.run(folder: folder, until: step) { steps = $0 }
    #expect(steps == step || steps == step + 1)
    return try training.run(folder: folder)
  }

  /// Processes that end themselves with `kill -9` at a random moment, a checkpoint being written
  /// after each step; `ci/kills` has the long form.
  @Test(arguments: [
    ("mlp-momentum", "cpu"), ("cnn-adam", "cpu"), ("lstm-adam", "cpu"),
    ("cnn-momentum", "opencl:0"),
    ("mlp-adam", "opencl:0"),
  ])
  func killedAtRandomMomentsAndResumed(name: String, device: String) async throws {
    let expected = try KillTraining(name, on: try Device.named(device)).run().fingerprint
    let scratch = try ScratchFolder()
    for round in 0..<6 {
      let delay = UInt32.random(in: 20_000..<150_000)
      setenv("APUS_KILL", "\(name) \(device) \(scratch.path) \(round == 5 ? 0 : delay)", 1)
      await #expect(processExitsWith: round == 5 ? .exitCode(0) : .signal(SIGKILL)) {
        try Self.child()
      }
      // What was written last is whole, if anything has been written.
      let folder = "\(scratch.path)/checkpoints"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      if names.contains(where: { $0.hasPrefix("step-") }) {
        let newest = names.filter { $0.hasPrefix("step-") }.max() ?? ""
        #expect(try Checkpoint.newest(in: scratch.path) == "\(folder)/\(newest)")
      }
    }
    #expect(try scratch.text("fingerprint") == expected)
  }

  private static func child() throws {
    let words = (ProcessInfo.processInfo.environment["APUS_KILL"] ?? "").split(separator: " ")
      .map(String.init)
    let delay = UInt32(words[3]) ?? 0
    if delay > 0 {
      Thread.detachNewThread {
        usleep(delay)
        kill(getpid(), SIGKILL)
      }
    }
    let result = try KillTraining(words[0], on: try Device.named(words[1])).run(folder: words[2])
    try result.fingerprint.write(
      toFile: "\(words[2])/fingerprint", atomically: true, encoding: .utf8)
    if delay > 0 { while true { usleep(1000) } }
  }

  @Test func aRunThatWasResumedHasTheFilesOfOneThatWasNot() throws {
    func values(_ scratch: ScratchFolder) throws -> [String] {
      try scratch.lines("run/metrics.jsonl").map { line in
        // Times and memory differ; what was learned does not.
        let kept = line.filter {
          [
            "kind", "step", "epoch", "loss", "learning_rate", "values", "weights", "confusion",
            "gradient_norms", "gradient_step", "samples",
          ].contains($0.key)
        }
        let data = try JSONSerialization.data(withJSONObject: kept, options: .sortedKeys)
        return String(decoding: data, as: UTF8.self)
      }
    }
    func run(_ scratch: ScratchFolder, cancelAt step: Int?) throws {
      let data = try Small.clouds()
      let trainer = Small.trainer(Small.classifier())
      let callbacks: [any Callback] = [
        LambdaCallback(stepEnded: { if $0.step == step { $0.trainer.cancel() } }),
        RunLog("\(scratch.path)/run", interval: 4), CSVLog("\(scratch.path)/history.csv"),
        Checkpoint("\(scratch.path)/run", everySteps: 5), ReduceOnPlateau("loss", patience: 1),
      ]
      try trainer.fit(
        data.shuffled(seed: 2).batched(10), validation: data.batched(20), epochs: 3,
        callbacks: callbacks, resumingFrom: try Checkpoint.newest(in: "\(scratch.path)/run"))
    }
    let whole = try ScratchFolder()
    try run(whole, cancelAt: nil)
    let parts = try ScratchFolder()
    for step in [3, 6, 14] {
      let error = #expect(throws: TensorError.self) { try run(parts, cancelAt: step) }
      #expect(error?.kind == .cancelled)
    }
    try run(parts, cancelAt: nil)
    for (found, expected) in zip(try values(parts), try values(whole)) {
      #expect(found == expected)
    }
    #expect(try values(parts).count == values(whole).count)
    #expect(try parts.text("history.csv") == whole.text("history.csv"))
  }

  @Test func aCheckpointGoesOnOnAnotherDevice() throws {
    let scratch = try ScratchFolder()
    let first = KillTraining("cnn-adam", on: try Device.isolated("cpu"))
    _ = try first.run(folder: scratch.path, until: 9) { _ in }
    let other = KillTraining("cnn-adam", on: try Device.isolated("opencl:0"))
    let there = try other.run(folder: scratch.path)
    let here = try first.run()
    #expect(there.weights.count == here.weights.count)
    for (a, b) in zip(there.weights, here.weights) {
      #expect(abs(Float(bitPattern: a) - Float(bitPattern: b)) < 1e-3)
    }
  }
}
