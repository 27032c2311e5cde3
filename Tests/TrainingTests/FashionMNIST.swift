import Formats
import Foundation
import Geometry
import Tensors

/// The clothes of Debian's package `dataset-fashion-mnist`, as bytes on the host.
struct FashionMNIST {
  let images: [UInt8], labels: [UInt8]
  var count: Int { labels.count }

  static let train = Result { try FashionMNIST(prefix: "train") }
  static let test = Result { try FashionMNIST(prefix: "t10k") }

  private init(prefix: String) throws {
    let folder = "/usr/share/datasets/fashion-mnist"
    images = try Self.read("\(folder)/\(prefix)-images-idx3-ubyte.gz").bytes
    labels = try Self.read("\(folder)/\(prefix)-labels-idx1-ubyte.gz").bytes
  }

  private static func read(_ path: String) throws -> IDX {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", path]
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return try IDX(Array(data), name: path)
  }

  /// The samples at `indices`: images as rows of numbers in 0...1, labels as rows with a single 1.
  func batch(_ indices: some Collection<Int32>, on device: Device) throws -> (Tensor, Tensor) {
    var pixels: [UInt8] = []
    var targets = [UInt8](repeating: 0, count: indices.count * 10)
    pixels.reserveCapacity(indices.count * 784)
    for (row, index) in indices.enumerated() {
      pixels += images[(Int(index) * 784)..<(Int(index + 1) * 784)]
      targets[row * 10 + Int(labels[Int(index)])] = 1
    }
    let x = try Tensor(pixels, shape: [indices.count, 784], on: device).cast(to: .float32)
    let y = try Tensor(targets, shape: [indices.count, 10], on: device).cast(to: .float32)
    return (try x * (1.0 / 255), y)
  }
}
