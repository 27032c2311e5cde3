import Formats
import Foundation
import TestSupport
import Testing

/// What a training does that is asked to end.
@Suite struct SignalTests {
  private let scratch: ScratchFolder
  private var model: String { scratch.path + "/model.json" }

  init() throws { scratch = try ScratchFolder() }

  private func describe(_ text: String) throws {
    try text.write(toFile: model, atomically: true, encoding: .utf8)
  }

  private func words(_ run: String, _ device: String) -> [String] {
    [
      "train", "--model", model, "--data", "blobs", "--batch", "2", "--epochs", "4", "--out", run,
      "--device", device, "--quiet", "--json",
    ]
  }

  private func checkpoints(_ run: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: run + "/checkpoints")
    return (names ?? []).filter { $0.hasPrefix("step-") && $0.hasSuffix(".safetensors") }.sorted()
  }

  /// The bytes of all tensors of the newest checkpoint.
  private func state(_ run: String) throws -> [String: [UInt8]] {
    let newest = try #require(checkpoints(run).last)
    let file = try SafetensorsFile(path: "\(run)/checkpoints/\(newest)")
    return try Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.bytes($0)) })
  }

  @Test(arguments: [(SIGINT, 130, "cpu"), (SIGTERM, 143, "opencl")])
  func anInterruptedTrainingGoesOnToTheSameBits(
    _ signal: Int32, _ code: Int32, _ device: String
  ) throws {
    try describe(
      #"""
      {"name": "small", "input": [2], "layers": [
        {"layer": "Dense", "units": 16, "activation": "relu"}, {"layer": "BatchNorm"},
        {"layer": "Dropout", "rate": 0.2}, {"layer": "Dense", "units": 3}]}
      """#)
    let (cut, whole) = (scratch.path + "/cut", scratch.path + "/whole")
    #expect(try Apus.run(words(whole, device)).code == 0)

    let running = try Apus.start(words(cut, device))
    // In the second epoch of four.
    #expect(running.wait { !checkpoints(cut).isEmpty })
    running.send(signal)
    #expect(running.wait(5) { !running.isRunning })
    let outcome = try running.outcome()
    #expect(outcome.code == code, "\(outcome.errors)")
    #expect(outcome.errors.contains("--resume"), "\(outcome.errors)")
    #expect(try outcome.lines().last?["outcome"]?.string == "cancelled")
    let newest = try #require(checkpoints(cut).last)
    let inspected = try Apus.run(["inspect", "\(cut)/checkpoints/\(newest)", "--json"])
    #expect(inspected.code == 0, "\(inspected.errors)")

    let resumed = try Apus.run(words(cut, device) + ["--resume"])
    #expect(resumed.code == 0, "\(resumed.errors)")
    #expect(try resumed.lines().last?["epochs"]?.integer == 4)
    #expect(checkpoints(cut) == checkpoints(whole))
    let (own, other) = (try state(cut), try state(whole))
    #expect(own.keys.sorted() == other.keys.sorted())
    for (name, bytes) in own { #expect(bytes == other[name], "\(name)") }
    // The page is of the whole training.
    let report = try String(contentsOfFile: cut + "/report.html", encoding: .utf8)
    #expect(!report.contains("was cancelled"))
  }

  @Test func aSecondSignalEndsAtOnce() throws {
    // A step takes seconds, on one thread.
    try describe(
      #"""
      {"input": [2], "layers": [
        {"layer": "Dense", "units": 6000}, {"layer": "Dense", "units": 6000},
        {"layer": "Dense", "units": 3}]}
      """#)
    let run = scratch.path + "/run"
    let running = try Apus.start(
      [
        "train", "--model", model, "--data", "blobs", "--batch", "2000", "--optimizer", "sgd",
        "--out", run, "--device", "cpu", "--quiet",
      ], environment: ["APUS_THREADS": "1"])
    #expect(running.wait { FileManager.default.fileExists(atPath: run + "/run.json") })
    running.send(SIGINT)
    let isOver = running.wait(2) {
      // One that comes while the first still waits would be lost.
      usleep(20_000)
      running.send(SIGINT)
      return !running.isRunning
    }
    if !isOver { running.send(SIGKILL) }
    #expect(isOver)
    #expect(try running.outcome().code == 130)
    #expect(checkpoints(run).isEmpty)
  }

  @Test func beforeTrainingBeginsASignalEndsAtOnce() throws {
    let running = try Apus.start([
      "train", "--model", "lenet", "--data", "drawn-digits", "--out", scratch.path + "/run",
    ])
    #expect(
      running.wait {
        // Its own handler is there once it has caught something.
        let status = try? String(
          contentsOfFile: "/proc/\(running.identifier)/status", encoding: .utf8)
        let caught = status?.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
        return Int(caught?.split(separator: "\t").last ?? "", radix: 16).map { $0 & 2 != 0 }
          ?? false
      })
    running.send(SIGINT)
    #expect(running.wait(5) { !running.isRunning })
    #expect(try running.outcome().code == 130)
  }
}
