import Data
import Formats
import Foundation
import Geometry
import TestSupport
import Testing

@Suite struct MaskFolderTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["images", "masks"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
  }

  private func picture(_ name: String, _ bytes: [UInt8], width: Int, channels: Int = 1) throws {
    let height = bytes.count / width / channels
    try Picture(bytes, width: width, height: height, channels: channels)
      .writePNG(to: "\(folder.path)/\(name)")
  }

  @Test func greyValuesAreTheClasses() throws {
    try picture("images/b.png", [0, 51, 102, 255], width: 2)
    try picture("masks/b.png", [0, 200, 200, 7], width: 2)
    try picture("images/a.png", [255, 255, 255, 255], width: 2)
    // Colours count as their grey.
    try picture("masks/a.png", [7, 7, 7, 0, 0, 0, 0, 0, 0, 7, 7, 7], width: 2, channels: 3)
    let pairs = try MaskFolder(folder.path, size: nil)
    #expect(pairs.values == [0, 7, 200])
    #expect(pairs.count == 2)
    let examples = try pairs.examples.elements()
    #expect(examples.map { $0.targets[0].integers } == [[1, 0, 0, 1], [0, 2, 2, 1]])
    #expect(examples[1].targets[0].shape == [2, 2])
    #expect(examples[1].inputs[0].shape == [2, 2, 1])
    #expect(
      examples[1].inputs[0].floats
        == [0, 51, 102, 255].map { (sample: Float) in sample * (1 / 255) })
  }

  @Test func masksAreResizedWithoutNewValues() throws {
    try picture("images/a.png", [UInt8](repeating: 9, count: 36), width: 6)
    try picture("masks/a.png", (0..<36).map { $0 % 6 < 3 ? 10 : 90 }, width: 6)
    let example = try #require(try MaskFolder(folder.path, size: [2, 4]).examples.elements().first)
    #expect(example.inputs[0].shape == [2, 4, 1])
    #expect(example.targets[0].integers == [0, 0, 1, 1, 0, 0, 1, 1])
  }

  @Test func knownValuesKeepTheirClasses() throws {
    try picture("images/a.png", [1, 2], width: 2)
    try picture("masks/a.png", [90, 90], width: 2)
    let known = try MaskFolder(folder.path, size: nil, values: [10, 90])
    #expect(try known.examples.elements()[0].targets[0].integers == [1, 1])
    let error = #expect(throws: TensorError.self) {
      try MaskFolder(folder.path, size: nil, values: [10, 20])
    }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.contains("grey value 90") == true)
  }

  @Test func whatIsMissingIsNamed() throws {
    try picture("images/a.png", [1], width: 1)
    try picture("masks/b.png", [1], width: 1)
    let lonely = #expect(throws: TensorError.self) { try MaskFolder(folder.path, size: nil) }
    #expect(lonely?.kind == .io)
    #expect(lonely?.detail.contains("masks/a.png") == true)
    try FileManager.default.removeItem(atPath: folder.path + "/masks")
    let half = #expect(throws: TensorError.self) { try MaskFolder(folder.path, size: nil) }
    #expect(half?.detail.contains("no sub-folder \"masks\"") == true)
  }

  @Test func aMaskThatIsAPhotographIsRefused() throws {
    try picture("images/a.png", [UInt8](repeating: 0, count: 100), width: 10)
    try picture("masks/a.png", (0..<100).map { UInt8($0) }, width: 10)
    let error = #expect(throws: TensorError.self) { try MaskFolder(folder.path, size: nil) }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.contains("100 grey values") == true)
  }

  @Test func aMaskOfAnotherSizeNeedsASize() throws {
    try picture("images/a.png", [1, 2], width: 2)
    try picture("masks/a.png", [1, 2, 1, 2], width: 2)
    let pairs = try MaskFolder(folder.path, size: nil)
    #expect(throws: TensorError.self) { try pairs.examples.elements() }
    #expect(try MaskFolder(folder.path, size: [2, 2]).examples.elements().count == 1)
  }
}

@Suite struct TokenTests {
  @Test func targetsAreTheTokensThatFollow() throws {
    let data = try Dataset.nextTokens(in: Array(10..<18), length: 3, step: 2)
    let examples = try data.elements()
    #expect(
      examples.map { $0.inputs[0].integers } == [[10, 11, 12], [12, 13, 14], [14, 15, 16]])
    #expect(
      examples.map { $0.targets[0].integers } == [[11, 12, 13], [13, 14, 15], [15, 16, 17]])
    #expect(examples[0].targets[0].scalarType == .int32)
  }

  @Test(arguments: [(3, 3, 1), (5, 0, 1), (5, 2, 0)])
  func windowsThatCannotBeAreErrors(_ count: Int, _ length: Int, _ step: Int) {
    let error = #expect(throws: TensorError.self) {
      try Dataset.nextTokens(in: Array(0..<count), length: length, step: step)
    }
    #expect(error?.kind == .argument)
  }

  @Test func sentencesAreTheSameForASeed() throws {
    let some = try Dataset.sentences(count: 50, seed: 1).elements()
    #expect(try Dataset.sentences(count: 20, seed: 1).elements() == Array(some.prefix(20)))
    #expect(try Dataset.sentences(count: 50, seed: 2).elements() != some)
    #expect(Set(some).count > 40)
    #expect(some.allSatisfy { $0.first?.isUppercase == true && $0.hasSuffix(".") })
  }

  @Test func inputsBecomeTargets() throws {
    let data = try Dataset(
      inputs: Values([1, 2, 3, 4], shape: [2, 2]), targets: Values([0, 1] as [Int32], shape: [2]))
    let examples = try data.prepared(InputsAsTargets()).elements()
    #expect(examples.map { $0.targets.map(\.floats) } == [[[1, 2]], [[3, 4]]])
  }
}
