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

  /// A training with momentum whose checkpoint is small enough to damage all of it.
  private func train(resumingFrom path: String? = nil, _ callbacks: [any Callback] = []) throws {
    let model = Sequential { Dense(2) }
    try Small.trainer(model, optimizer: try SGD(learningRate: 0.1, momentum: 0.9)).fit(
      try Small.clouds(6).map { example in
        var example = example
        example.targets = [Values(Int32((example.label ?? 0) % 2))]
        return example
      }.batched(6), epochs: 1, callbacks: callbacks, resumingFrom: path)
  }

  /// Every byte of the tensors of a checkpoint: the error names the tensor.
  @Test func theErrorNamesTheDamagedTensor() throws {
    let scratch = try ScratchFolder()
    try train([Checkpoint(scratch.path, keepBest: false)])
    let path = "\(scratch.path)/checkpoints/step-000000001.safetensors"
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    try train(resumingFrom: path)
    let data = 8 + good[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: good[8..<data]) as? [String: [String: Any]])
    var names: Set<String> = []
    for (name, entry) in header where name != "__metadata__" {
      let places = try #require(entry["data_offsets"] as? [Int])
      names.insert(name)
      for place in (data + places[0])..<(data + places[1]) {
        var bytes = good
        bytes[place] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: TensorError.self) { try train(resumingFrom: path) }
        #expect(error?.kind == .corruptFile && error?.detail.contains("\"\(name)\"") == true)
      }
    }
    #expect(names.isSuperset(of: ["0.kernel", "optimizer/main/0.kernel/velocity"]))
    for place in stride(from: 0, to: data, by: 7) {
      var bytes = good
      bytes[place] ^= 0x10
      try bytes.write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: TensorError.self) { try train(resumingFrom: path) }
      #expect(error?.kind == .corruptFile || error?.kind == .unsupportedFile)
      #expect(error?.detail.contains(path) == true)
    }
  }

  /// In the middle of an epoch, with data described in another way.
  @Test func aCheckpointOfOtherDataIsRefused() throws {
    let scratch = try ScratchFolder()
    func data(seed: UInt64 = 1, size: Int = 10) throws -> Dataset<Batch> {
      try Small.clouds().shuffled(seed: seed).batched(size)
    }
    #expect(throws: TensorError.self) {
      try Small.trainer(Small.classifier()).fit(
        data(), epochs: 2,
        callbacks: [
          Checkpoint(scratch.path),
          LambdaCallback(stepEnded: { if $0.step == 8 { $0.trainer.cancel() } }),
        ])
    }
    for (other, difference) in [
      (try data(seed: 2), "step 2 is \"shuffled seed 2\", there it was \"shuffled seed 1\""),
      (try data(size: 20), "step 3 is \"batched 20\", there it was \"batched 10\""),
    ] {
      let model = try built(Small.classifier())
      let before = try Small.bits(model)
      let error = #expect(throws: TensorError.self) {
        try Small.trainer(model).fit(other, epochs: 2, resumingFrom: scratch.path)
      }
      #expect(error?.kind == .argument && error?.detail.contains(difference) == true)
      #expect(try Small.bits(model) == before)
    }
    try Small.trainer(Small.classifier()).fit(
      data().prefetched(2, workers: 2), epochs: 2, resumingFrom: scratch.path)
  }

  /// Every byte of a checkpoint, and every length.
  @Test func damageIsFoundWhereverItIs() throws {
    let scratch = try ScratchFolder()
    try train([Checkpoint(scratch.path, keepBest: false)])
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
      var bytes = good
      bytes[index] ^= index.isMultiple(of: 2) ? 0x01 : 0xFF
      if !(try isRefused(bytes)) { accepted.append("byte \(index)") }
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

  @Test func whatADeadProcessLeftIsRemoved() throws {
    let scratch = try ScratchFolder()
    let orphan = "\(scratch.path)/checkpoints/.step-000000777.safetensors.apus-1-abc"
    try FileManager.default.createDirectory(
      atPath: "\(scratch.path)/checkpoints", withIntermediateDirectories: true)
    try Data([1]).write(to: URL(fileURLWithPath: orphan))
    try train([Checkpoint(scratch.path)])
    #expect(!FileManager.default.fileExists(atPath: orphan))
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
