import Data
import Formats
import Geometry
import Tensors
import TestSupport
import Testing

@Suite struct TensorFilesTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test func arraysComeBack() throws {
    let tensor = try Tensor([1, 2.5, -3, 4, 5, 6], shape: [2, 3])
    let path = "\(folder.path)/x.npy"
    try tensor.writeNPY(to: path)
    let read = try Tensor(npy: path)
    #expect(read.shape == [2, 3])
    #expect(try read.scalars() == [1, 2.5, -3, 4, 5, 6])
    try Tensor([1, 2] as [Int64], shape: [2]).writeNPY(to: path)
    #expect(try Tensor(npy: path).scalarType == .int64)
    #expect(throws: TensorError.self) {
      try tensor.cast(to: .bfloat16).writeNPY(to: path)
    }
  }

  @Test(arguments: ["npz", "safetensors"]) func tensorsComeBack(_ ending: String) throws {
    let path = "\(folder.path)/x.\(ending)"
    let tensors = [
      "a": try Tensor([1, 2, 3, 4], shape: [2, 2]), "b.c": try Tensor([true, false], shape: [2]),
      "empty": try Tensor.zeros([0, 3]), "scalar": Tensor(2),
    ]
    try writeTensors(tensors, to: path, compressed: true)
    let read = try readTensors(from: path)
    #expect(Set(read.keys) == Set(tensors.keys))
    for (name, tensor) in tensors {
      #expect(read[name]?.shape == tensor.shape && read[name]?.scalarType == tensor.scalarType)
      #expect(try read[name]?.bytes() == tensor.bytes())
    }
  }

  @Test func otherEndingsAreRefused() throws {
    let error = #expect(throws: TensorError.self) { try readTensors(from: "x.npy") }
    #expect(error?.kind == .unsupportedFile && error?.hint?.contains("Tensor(npy:)") == true)
    #expect(throws: TensorError.self) { try writeTensors([:], to: "x.bin") }
  }

  @Test func picturesComeBack() throws {
    let path = "\(folder.path)/x.png"
    let bytes = try Tensor([UInt8](stride(from: 0, to: 240, by: 10)), shape: [2, 4, 3])
    try bytes.writePNG(to: path)
    let read = try Tensor(image: path)
    #expect(read.shape == [2, 4, 3] && read.scalarType == .uint8)
    #expect(try read.bytes() == bytes.bytes())
    try Tensor([0, 0.5, 1, -1, 2, .nan], shape: [2, 3]).writePNG(to: path)
    #expect(try Tensor(image: path).bytes() == [0, 128, 255, 0, 255, 0])
    #expect(throws: TensorError.self) { try Tensor([1, 2], shape: [2]).writePNG(to: path) }
    #expect(throws: TensorError.self) {
      try Tensor([1, 2] as [Int32], shape: [1, 2]).writePNG(to: path)
    }
    let deep = try Picture([0x34, 0x12, 0xFF, 0xFF], width: 2, height: 1, channels: 1, depth: 16)
    #expect(try Tensor(deep).scalars(as: Int32.self) == [0x1234, 0xFFFF])
  }

  @Test func gridsShowImagesSideBySide() throws {
    let images = try Tensor([1, 1, 0.2, 0.2, 0.4, 0.4], shape: [3, 1, 2, 1])
    let grid = try Picture(grid: images)
    #expect(grid.width == 5 && grid.height == 3)
    #expect(grid.bytes == [255, 255, 0, 51, 51, 0, 0, 0, 0, 0, 102, 102, 0, 0, 0])
    #expect(try Picture(grid: images, columns: 9).width == 8)
    #expect(throws: TensorError.self) { try Picture(grid: images, columns: 0) }
    #expect(throws: TensorError.self) { try Picture(grid: try Tensor.zeros([0, 2, 2, 1])) }
  }

  @Test func featureMapsAreScaledEach() throws {
    let maps = try Tensor([0, 7, 5, 7, 10, 7], shape: [1, 3, 2])
    let grid = try Picture(featureMaps: maps, columns: 1)
    #expect(grid.width == 3 && grid.height == 3)
    #expect(grid.bytes == [0, 128, 255, 0, 0, 0, 0, 0, 0])
    #expect(throws: TensorError.self) { try Picture(featureMaps: Tensor.zeros([2, 2])) }
  }
}
