import Data
import Formats
import Geometry
import Glibc
import Tensors
import TestSupport
import Testing

@Suite struct FileSetsTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// An IDX file of bytes.
  private func idx(_ name: String, _ extents: [Int], _ bytes: [UInt8]) throws {
    var file: [UInt8] = [0, 0, 8, UInt8(extents.count)]
    for extent in extents { file += [0, 0, UInt8(extent >> 8), UInt8(extent & 0xFF)] }
    try folder.file(name, file + bytes)
  }

  private func idxSet(labels: [UInt8] = [3, 9]) throws {
    for part in ["train", "t10k"] {
      try idx("\(part)-images-idx3-ubyte", [2, 2, 3], [UInt8](stride(from: 0, to: 240, by: 20)))
      try idx("\(part)-labels-idx1-ubyte", [labels.count], labels)
    }
  }

  @Test func fashionMNISTComesFromDebiansPackage() throws {
    let data = try FashionMNIST()
    #expect(data.train.count == 60_000 && data.test.count == 10_000)
    #expect(data.classNames.count == 10)
    let iterator = try data.test.batched(10_000).makeIterator()
    let batch = try #require(try iterator.next())
    #expect(batch.inputs[0].shape == [10_000, 28, 28, 1])
    #expect(batch.inputs[0].scalarType == .float32)
    let pixels = try batch.inputs[0].scalars()
    #expect(pixels.min() == 0 && pixels.max() == 1)
    // The mean of the test pictures, as everybody computes it.
    var sum = 0.0
    for pixel in pixels { sum += Double(pixel) }
    let mean = sum / Double(pixels.count)
    #expect(abs(mean - 0.2868) < 1e-4)
    let labels = try batch.targets[0].scalars(as: Int32.self)
    #expect(batch.targets[0].scalarType == .int32)
    #expect(Array(labels.prefix(10)) == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
    #expect(try iterator.next() == nil)
  }

  @Test func mnistReadsAFolder() throws {
    try idxSet()
    let data = try MNIST(folder: folder.path)
    let examples = try data.train.elements()
    #expect(examples.map(\.label) == [3, 9])
    #expect(examples[1].inputs[0].shape == [2, 3, 1])
    let scaled: [Float] = (0..<12).map { (index: Int) -> Float in Float(index * 20) * (1 / 255) }
    #expect(examples[1].inputs[0].floats == Array(scaled[6...]))
    let batch = try #require(try data.test.batched(5).makeIterator().next())
    #expect(batch.inputs[0].shape == [2, 2, 3, 1])
    let scalars = try batch.inputs[0].scalars()
    #expect(scalars == scaled)
    #expect(try FashionMNIST(folder: folder.path).test.count == 2)
  }

  @Test func whatIsMissingIsNamed() throws {
    let none = #expect(throws: TensorError.self) { try MNIST(folder: "\(folder.path)/x") }
    #expect(none?.kind == .io && none?.detail.contains("there is no folder") == true)
    let empty = #expect(throws: TensorError.self) { try FashionMNIST(folder: folder.path) }
    #expect(empty?.detail.contains("train-images-idx3-ubyte") == true)
    #expect(empty?.hint?.contains("t10k-labels-idx1-ubyte") == true)
    let ten = #expect(throws: TensorError.self) { try CIFAR10(folder: folder.path) }
    #expect(ten?.hint?.contains("data_batch_1.bin") == true)
    let hundred = #expect(throws: TensorError.self) { try CIFAR100(folder: folder.path) }
    #expect(hundred?.hint?.contains("train.bin") == true)
    let pictures = #expect(throws: TensorError.self) {
      try ImageFolder(folder.path, size: [2, 2])
    }
    #expect(pictures?.hint?.contains("sub-folder") == true)
  }

  @Test func partsThatDoNotMatchAreRefused() throws {
    for labels in [[1], [1, 2, 3], [3, 10]] as [[UInt8]] {
      try idxSet(labels: labels)
      let error = #expect(throws: TensorError.self) { try MNIST(folder: folder.path) }
      #expect(error?.kind == .corruptFile)
    }
  }

  @Test func cifarReadsItsBinaryFiles() throws {
    func record(_ labels: [UInt8]) -> [UInt8] {
      labels + [UInt8](repeating: 51, count: 1024) + [UInt8](repeating: 102, count: 1024)
        + [UInt8](repeating: 255, count: 1024)
    }
    for number in 1...5 { try folder.file("data_batch_\(number).bin", record([UInt8(number)])) }
    try folder.file("test_batch.bin", record([9]))
    let ten = try CIFAR10(folder: folder.path)
    #expect(try ten.train.elements().map(\.label) == [1, 2, 3, 4, 5])
    let first = try ten.test.elements()[0].inputs[0]
    #expect(first.shape == [32, 32, 3])
    let expected: [Float] = [51 / 255, 102 / 255, 1, 51 / 255]
    for (own, other) in zip(first.floats, expected) { #expect(abs(own - other) < 1e-6) }

    try folder.file("train.bin", record([19, 99]))
    try folder.file("test.bin", record([1, 2]))
    #expect(try CIFAR100(folder: folder.path).train.elements()[0].label == 99)
    let coarse = try CIFAR100(folder: folder.path, labels: .coarse)
    #expect(try coarse.test.elements()[0].label == 1)
    #expect(coarse.classNames.count == 20)
    try folder.file(
      "coarse_label_names.txt", Array((0..<20).map { "group \($0)\n" }.joined().utf8))
    #expect(try CIFAR100(folder: folder.path, labels: .coarse).classNames[7] == "group 7")
  }

  @Test func imageFoldersAreDecodedInOrder() throws {
    for (name, value) in [("b", UInt8(51)), ("a", 255), ("c", 0)] {
      #expect(mkdir("\(folder.path)/\(name)", 0o700) == 0)
      for (file, width) in [("2.png", 3), ("1.PNG", 4)] {
        try Picture(
          [UInt8](repeating: value, count: width * 2), width: width, height: 2, channels: 1
        )
        .writePNG(to: "\(folder.path)/\(name)/\(file)")
      }
      try folder.file("\(name)/notes.txt", [1, 2])
      try folder.file("\(name)/.hidden.png", [1, 2])
    }
    try folder.file("readme.png", [1])
    let images = try ImageFolder(folder.path, size: [5, 6])
    #expect(images.classNames == ["a", "b", "c"] && images.count == 6)
    #expect(images.files.paths[0].hasSuffix("a/1.PNG"))
    let batch = try #require(try images.examples.batched(8).makeIterator().next())
    #expect(batch.inputs[0].shape == [6, 5, 6, 3])
    #expect(try batch.targets[0].scalars(as: Int32.self) == [0, 0, 1, 1, 2, 2])
    let pixels = try batch.inputs[0].scalars()
    #expect(pixels[0] == 1 && abs(pixels[2 * 90] - 0.2) < 1e-6 && pixels.last == 0)

    let own = try ImageFolder(folder.path, size: nil, channels: 1).examples.elements()
    #expect(own[0].inputs[0].shape == [2, 4, 1] && own[1].inputs[0].shape == [2, 3, 1])

    try folder.file("b/0.png", [1, 2, 3])
    let damaged = try ImageFolder(folder.path, size: [5, 6])
    let error = #expect(throws: TensorError.self) { try damaged.examples.elements() }
    #expect("\(try #require(error))".contains("b/0.png"))
    #expect(throws: TensorError.self) { try ImageFolder(folder.path, size: [0, 6]) }
    #expect(throws: TensorError.self) { try ImageFolder(folder.path, size: nil, channels: 9) }
  }
}
