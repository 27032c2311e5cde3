import Formats
import Geometry
import TestSupport
import Testing

@Suite struct IDXTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func read(_ bytes: [UInt8]) throws { _ = try IDX(bytes, name: "x.idx") }

  @Test func readsPlainAndCompressedFiles() throws {
    let plain: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 4, 5]
    for path in [try folder.file("plain", plain), Fixture.path("bytes.idx.gz")] {
      let array = try IDX(path: path)
      #expect(array.scalarType == .uint8)
      #expect(array.shape == [2, 3])
      #expect(array.bytes == [0, 1, 2, 3, 4, 5])
    }
  }

  @Test func readsWiderElements() throws {
    let whole = try IDX([0, 0, 0x0C, 1, 0, 0, 0, 1, 1, 2, 3, 4], name: "x")
    #expect(whole.scalarType == .int32 && whole.bytes == [4, 3, 2, 1])
    let float = try IDX([0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0x80, 0, 0], name: "x")
    #expect(float.scalarType == .float32 && float.bytes == [0, 0, 0x80, 0x3F])
    let double = try IDX([0, 0, 0x0E, 1, 0, 0, 0, 1, 0x3F, 0xF0, 0, 0, 0, 0, 0, 0], name: "x")
    #expect(double.scalarType == .float64 && double.bytes.suffix(2) == [0xF0, 0x3F])
  }

  @Test func severalCompressedPartsAreOneFile() throws {
    // The parts are the first ten bytes and the rest.
    let first = try Fixture.bytes("bytes.idx.gz")
    #expect(throws: TensorError.self) { try read(first + first) }
    #expect(throws: TensorError.self) { try read(first + [0]) }
  }

  @Test(
    arguments: [
      [], [0], [0, 0, 8], [1, 0, 8, 1, 0, 0, 0, 0], [0, 0, 7, 1, 0, 0, 0, 0], [0, 0, 8, 0],
      [0, 0, 8, 9] + [UInt8](repeating: 0, count: 36), [0, 0, 8, 1, 0xFF, 0xFF, 0xFF, 0xFF],
      [0, 0, 8, 1, 0, 0, 0, 2, 1], [0, 0, 8, 1, 0, 0, 0, 2, 1, 2, 3],
      [0, 0, 8, 3, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]])
  func rejects(_ bytes: [UInt8]) {
    let error = #expect(throws: TensorError.self) { try read(bytes) }
    #expect(error?.kind == .corruptFile)
  }

  @Test func damagedFilesAreReadOrRefused() throws {
    for name in ["plain", "bytes.idx.gz"] {
      let whole: [UInt8] =
        name == "plain"
        ? [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 4, 5] : try Fixture.bytes(name)
      let hostile = Hostile(whole, read: read)
      try hostile.everyTruncationIsRefused()
      hostile.everyChangeIsReadOrRefused()
      hostile.randomDamageIsReadOrRefused()
    }
  }

  @Test func readsDebiansFashionMNIST() throws {
    let folder = "/usr/share/datasets/fashion-mnist"
    let images = try IDX(path: "\(folder)/t10k-images-idx3-ubyte.gz")
    #expect(images.shape == [10_000, 28, 28])
    let labels = try IDX(path: "\(folder)/t10k-labels-idx1-ubyte.gz")
    #expect(labels.shape == [10_000])
    for label in UInt8(0)..<10 { #expect(labels.bytes.count { $0 == label } == 1000) }
  }
}
