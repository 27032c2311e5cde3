import Formats
import Geometry
import TestSupport
import Testing

@Suite struct CIFARTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A record whose red samples are 1, green 2 and blue 3, but for the first pixel of each.
  private func record(_ labels: [UInt8]) -> [UInt8] {
    labels
      + (1...3).flatMap { [UInt8($0 * 10)] + [UInt8](repeating: UInt8($0), count: 1023) }
  }

  @Test func putsTheSamplesOfAPixelTogether() throws {
    let ten = try CIFAR(record([7]) + record([9]), name: "x.bin", .ten)
    #expect(ten.count == 2 && ten.labels == [7, 9] && ten.coarseLabels.isEmpty)
    #expect(ten.pixels.count == 2 * 3072)
    #expect(Array(ten.pixels[3072..<3078]) == [10, 20, 30, 1, 2, 3])
    let hundred = try CIFAR(record([19, 99]), name: "x.bin", .hundred)
    #expect(hundred.labels == [99] && hundred.coarseLabels == [19])
    #expect(Array(hundred.pixels.suffix(3)) == [1, 2, 3])
  }

  @Test func filesFollowOneAnother() throws {
    let paths = [
      try folder.file("1.bin", record([1])), try folder.file("2.bin", record([2]) + record([3])),
    ]
    #expect(try CIFAR(paths: paths, .ten).labels == [1, 2, 3])
    let error = #expect(throws: TensorError.self) {
      try CIFAR(paths: paths + ["\(folder.path)/3.bin"], .ten)
    }
    #expect(error?.kind == .io)
  }

  @Test func damagedFilesAreReadOrRefused() throws {
    let hostile = Hostile(record([19, 99])) { _ = try CIFAR($0, name: "x.bin", .hundred) }
    try hostile.everyTruncationIsRefused()
    hostile.everyChangeIsReadOrRefused(header: 0..<8)
    for labels in [[20, 0], [0, 100], [255, 255]] as [[UInt8]] {
      #expect(throws: TensorError.self) { try hostile.read(record(labels)) }
    }
    #expect(throws: TensorError.self) { try CIFAR(record([10]), name: "x.bin", .ten) }
    #expect(throws: TensorError.self) { try CIFAR([], name: "x.bin", .ten) }
  }
}
