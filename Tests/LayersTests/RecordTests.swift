import Foundation
import Geometry
import Layers
import Tensors
import TestSupport
import Testing

/// What must hold of every public layer and every loss.
@Suite struct RecordTests {
  @Test(arguments: LayerRecords.all, TestDevice.allCases)
  func layersHaveTheirGradients(_ record: LayerRecord, _ device: TestDevice) throws {
    let inputs = try tensors(record.inputs, on: device.device)
    for phase in [Phase.training, .inference] {
      let layer = try withDevice(device.device) { try withSeed(5) { try record.make() } }
      _ = try withSeed(5) { try withPhase(.inference) { try layer.call(inputs) } }
      let check = try SlopeCheck(
        layer.call, inputs, differentiable: record.inputs.map(\.isDifferentiable),
        of: layer.module, phase)
      let failures = try check.failures()
      #expect(failures.isEmpty, "\(record.name), \(phase): \(failures.joined(separator: "; "))")
    }
  }

  /// Weights begin with the same numbers, so that results agree to rounding.
  @Test(arguments: LayerRecords.all)
  func layersGiveTheSameOnBothDevices(_ record: LayerRecord) throws {
    for phase in [Phase.training, .inference] {
      let results = try TestDevice.allCases.map { device in
        try withDevice(device.device) {
          let layer = try withSeed(5) { try record.make() }
          let inputs = try tensors(record.inputs, on: device.device)
          return try withSeed(5) { try withPhase(phase) { try layer.call(inputs) } }
            .scalars(as: Double.self)
        }
      }
      for other in results.dropFirst() {
        let error = zip(results[0], other).map { abs($0 - $1) / max(1, abs($0)) }.max() ?? 0
        #expect(other.count == results[0].count && error < 1e-9, "\(phase): \(error)")
      }
    }
  }

  @Test(arguments: LayerRecords.all, TestDevice.allCases)
  func layersSayWhichShapesDoNotFit(_ record: LayerRecord, _ device: TestDevice) throws {
    let layer = try withDevice(device.device) { try record.make() }
    _ = try withPhase(.training) { try layer.call(tensors(record.inputs, on: device.device)) }
    switch record.mistake {
    case .inputs(let wrong, let says):
      let inputs = try tensors(wrong, on: device.device)
      let error = #expect(throws: TensorError.self) {
        try withPhase(.training) { try layer.call(inputs) }
      }
      let text = error?.description ?? ""
      for part in says { #expect(text.contains(part), "\(part) is not in: \(text)") }
    case .none(let accepted):
      let inputs = try tensors(accepted, on: device.device)
      let result = try withPhase(.training) { try record.make().call(inputs) }
      #expect(try result.scalars(as: Double.self).allSatisfy(\.isFinite))
    }
  }

  @Test(arguments: LossRecord.all, TestDevice.allCases)
  func lossesHaveTheirGradients(_ record: LossRecord, _ device: TestDevice) throws {
    let inputs = try tensors(record.inputs, on: device.device)
    for phase in [Phase.training, .inference] {
      let check = try SlopeCheck(
        record.call, inputs, differentiable: record.inputs.map(\.isDifferentiable), of: nil, phase)
      let failures = try check.failures()
      #expect(failures.isEmpty, "\(record.name): \(failures.joined(separator: "; "))")
    }
  }

  @Test(arguments: LossRecord.all, TestDevice.allCases)
  func lossesSayWhichShapesDoNotFit(_ record: LossRecord, _ device: TestDevice) throws {
    guard !record.wrong.isEmpty else { return }
    let inputs = try tensors(record.wrong, on: device.device)
    let error = #expect(throws: TensorError.self) { try record.call(inputs) }
    let text = error?.description ?? ""
    for part in record.says { #expect(text.contains(part), "\(part) is not in: \(text)") }
  }

  private func tensors(_ values: [Values], on device: Device) throws -> [Tensor] {
    try values.enumerated().map { try $1.tensor(on: device, seed: UInt64(100 + $0)) }
  }
}

/// Holds the records against the sources: what is public there and has no record fails.
@Suite struct CompletenessTests {
  private static let sources = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Layers")

  /// The texts of the Swift files under a folder of the layers' sources.
  private static func texts(in folder: String) throws -> [String] {
    let root = sources.appending(path: folder)
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path)
    return try files.filter { $0.hasSuffix(".swift") }.map {
      try String(contentsOf: root.appending(path: $0), encoding: .utf8)
    }
  }

  @Test func everyPublicLayerHasARecord() throws {
    var bases: [String: String] = [:]
    var concrete: Set<String> = []
    for text in try Self.texts(in: "") {
      let pattern = /public\ (?<final>final\ )?class\ (?<name>\w+):\ (?<base>\w+)/
      for match in text.matches(of: pattern) where Self.isAtMargin(match.range.lowerBound, text) {
        bases[String(match.name)] = String(match.base)
        if match.final != nil { concrete.insert(String(match.name)) }
      }
    }
    func isModule(_ name: String) -> Bool {
      ["Layer", "MergingLayer", "Module"].contains(name) || bases[name].map(isModule) == true
    }
    // Activation may be made as it is, the other bases not.
    let layers = concrete.filter(isModule).union(["Activation"])
    #expect(layers.count > 60)
    let known = LayerRecords.all.map(\.name)
    #expect(layers.subtracting(known).sorted() == [])
    #expect(Set(known).subtracting(layers).sorted() == [])
    #expect(Set(known).count == known.count)
  }

  @Test func everyLossHasARecord() throws {
    var losses: Set<String> = []
    for text in try Self.texts(in: "Losses") {
      for match in text.matches(of: /public static (let|func) (?<name>\w+)/) {
        losses.insert(String(match.name))
      }
      // Functions of tensors; what works on numbers is no loss.
      let pattern = /public\ func\ (?<name>\w+)\([^{]*->\ Tensor\ \{/
      for match in text.matches(of: pattern) where Self.isAtMargin(match.range.lowerBound, text) {
        losses.insert(String(match.name))
      }
    }
    #expect(losses.count > 30)
    let known = Set(LossRecord.all.map(\.name))
    #expect(losses.subtracting(known).sorted() == [])
    #expect(known.subtracting(losses).sorted() == [])
  }

  private static func isAtMargin(_ index: String.Index, _ text: String) -> Bool {
    index == text.startIndex || text[text.index(before: index)] == "\n"
  }
}
