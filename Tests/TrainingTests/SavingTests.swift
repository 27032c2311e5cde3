import Data
import Foundation
import Geometry
import Layers
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

@Suite(.serialized) struct SavingTests {
  private func built(_ model: Sequential, seed: UInt64 = 5) throws -> Sequential {
    try withSeed(seed) { try model.build(input: [1, 2], on: .cpu) }
    return model
  }

  @Test func weightsComeBackToTheBitOnAnyDevice() throws {
    let scratch = try ScratchFolder()
    let path = "\(scratch.path)/weights.safetensors"
    let model = try built(Small.classifier())
    try model.save(to: path)
    let unbuilt = Small.classifier()
    let report = try unbuilt.load(from: path, on: .cpu)
    #expect(report.loaded.sorted() == ["0.bias", "0.kernel", "1.bias", "1.kernel"])
    #expect(try Small.bits(unbuilt) == Small.bits(model))
    let elsewhere = Small.classifier()
    let device = try Device.isolated("opencl:0")
    try elsewhere.load(from: path, on: device)
    #expect(try Small.bits(elsewhere) == Small.bits(model))
    #expect(try elsewhere.parameters.allSatisfy { $0.value.device == device })
    let second = "\(scratch.path)/again.safetensors"
    try elsewhere.save(to: second)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: second))
        == Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func allThatDoesNotFitIsInOneError() throws {
    let scratch = try ScratchFolder()
    let path = "\(scratch.path)/weights.safetensors"
    try built(Small.classifier()).save(to: path)
    let other = try built(
      Sequential {
        Dense(12)
        Dense(5, useBias: false)
        Dense(2)
      }, seed: 6)
    let before = try Small.bits(other)
    let error = try #require(
      #expect(throws: TensorError.self) { try other.load(from: path) })
    #expect(error.kind == .argument)
    for part in [
      "2 missing in it: 2.kernel, 2.bias", "1 unknown to the model: 1.bias",
      "1 of another shape: 1.kernel is [12, 5], in the file [12, 3]",
    ] {
      #expect(error.detail.contains(part), "\(error.detail)")
    }
    #expect(try Small.bits(other) == before)
    let report = try other.load(from: path, partially: true)
    #expect(report.loaded.sorted() == ["0.bias", "0.kernel"])
    #expect(try Small.bits(other) != before)
  }

  @Test func namesCanBeTranslated() throws {
    let scratch = try ScratchFolder()
    let path = "\(scratch.path)/weights.safetensors"
    let model = try built(Small.classifier())
    try model.save(to: path)
    let head = Sequential { Dense(3) }
    try head.load(from: path, on: .cpu) {
      $0.hasPrefix("1.") ? "0." + $0.dropFirst(2) : nil
    }
    #expect(try Small.bits(head) == Small.bits(model[1...]))
  }

  @Test func aCheckpointGivesItsWeightsToAModel() throws {
    let scratch = try ScratchFolder()
    let model = Small.classifier()
    try Small.trainer(model).fit(
      try Small.clouds().batched(30), epochs: 1, callbacks: [Checkpoint(scratch.path)])
    let other = Small.classifier()
    try other.load(from: "\(scratch.path)/checkpoints/best.safetensors", on: .cpu)
    #expect(try Small.bits(other) == Small.bits(model))
  }

  /// A file of an earlier version, with checksums of each tensor and of its header.
  @Test func aCheckpointThatWasWrittenBeforeIsRead() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = tests.appending(path: "Fixtures/run").path
    let path = "\(folder)/checkpoints/step-000000032.safetensors"
    #expect(try Checkpoint.newest(in: folder) == path)
    let model = Sequential {
      Dense(4, activation: .tanh)
      Dense(3)
    }
    let report = try model.load(from: path, on: .cpu) { name in
      name.replacing("first.", with: "0.").replacing("last.", with: "1.")
    }
    #expect(report.loaded.sorted() == ["0.bias", "0.kernel", "1.bias", "1.kernel"])
    let bias = try #require(try model.namedParameters.first { $0.path == "0.bias" })
    let numbers = try bias.parameter.value.scalars()
    #expect(numbers == [0.073315, 0.08620949, 0.013413043, -0.04165796])
  }

  /// Every byte of a checkpoint, and every length.
  @Test func damageIsFoundWhereverItIs() throws {
    let scratch = try ScratchFolder()
    let model = Sequential { Dense(2) }
    try Small.trainer(model, optimizer: try SGD(learningRate: 0.1)).fit(
      try Small.clouds(6).map { example in
        var example = example
        example.targets = [Values(Int32((example.label ?? 0) % 2))]
        return example
      }.batched(6), epochs: 1, callbacks: [Checkpoint(scratch.path, keepBest: false)])
    let folder = "\(scratch.path)/checkpoints"
    let path = "\(folder)/step-000000001.safetensors"
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(try Checkpoint.newest(in: scratch.path) == path)
    var accepted: [String] = []
    func isRefused(_ bytes: Data) throws -> Bool {
      try bytes.write(to: URL(fileURLWithPath: path))
      return try Checkpoint.newest(in: scratch.path) == nil
    }
    for index in good.indices {
      for flip: UInt8 in [0x01, 0xFF] {
        var bytes = good
        bytes[index] ^= flip
        if !(try isRefused(bytes)) { accepted.append("byte \(index) ^ \(flip)") }
      }
    }
    for length in good.indices where !(try isRefused(good[..<length])) {
      accepted.append("\(length) bytes")
    }
    #expect(accepted.isEmpty)
    #expect(try !isRefused(good))
  }

  @Test func theOneBeforeADamagedCheckpointIsTaken() throws {
    let scratch = try ScratchFolder()
    let data = try Small.clouds().batched(20)
    let model = Small.classifier()
    try Small.trainer(model).fit(
      data, epochs: 2, callbacks: [Checkpoint(scratch.path, keepLast: 2, everySteps: 1)])
    let newest = "\(scratch.path)/checkpoints/step-000000006.safetensors"
    #expect(try Checkpoint.newest(in: scratch.path) == newest)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
    bytes[bytes.count - 5] ^= 1
    try bytes.write(to: URL(fileURLWithPath: newest))
    #expect(
      try Checkpoint.newest(in: scratch.path)
        == "\(scratch.path)/checkpoints/step-000000005.safetensors")
    let resumed = Small.classifier()
    try Small.trainer(resumed).fit(data, epochs: 2, resumingFrom: scratch.path)
    #expect(try Small.bits(resumed) == Small.bits(model))
  }

  @Test func aPathThatHoldsNoCheckpointSaysSo() throws {
    let scratch = try ScratchFolder()
    let trainer = Small.trainer(Small.classifier())
    let data = try Small.clouds().batched(20)
    func kind(_ path: String) -> TensorError.Kind? {
      do throws(TensorError) { try trainer.fit(data, epochs: 1, resumingFrom: path) } catch {
        return error.kind
      }
      return nil
    }
    #expect(kind(scratch.path) == .io)
    #expect(kind("\(scratch.path)/none.safetensors") == .io)
    try built(Small.classifier()).save(to: "\(scratch.path)/weights.safetensors")
    #expect(kind("\(scratch.path)/weights.safetensors") == .unsupportedFile)
    #expect(try Checkpoint.newest(in: "\(scratch.path)/none") == nil)
  }

  @Test func aDiskThatCannotBeWrittenToIsAnError() throws {
    let error = #expect(throws: TensorError.self) {
      try Small.trainer(Small.classifier()).fit(
        try Small.clouds().batched(20), epochs: 1, callbacks: [Checkpoint("/proc/apus")])
    }
    #expect(error?.kind == .io)
  }
}
