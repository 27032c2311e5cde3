import Formats
import Geometry
import TestSupport
import Testing

@Suite struct EventFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// The messages of the records in `bytes`.
  private func messages(_ bytes: [UInt8]) throws -> [[UInt8]] {
    var found: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      try #require(bytes.count - position >= 16)
      let length = bytes[position..<(position + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
      try #require(bytes.count - position >= 16 + length)
      found.append(Array(bytes[(position + 12)..<(position + 12 + length)]))
      position += 16 + length
    }
    return found
  }

  @Test func aScalarIsTheBytesThatTensorBoardReads() throws {
    let path = "\(folder.path)/events.out.tfevents.1"
    let events = try EventFileWriter(path: path)
    try events.write(scalar: "loss", value: 0.5, step: 300, wallTime: 2)
    let bytes = try contents(ofFile: path, limit: 4096, in: "test")
    let found = try messages(bytes)
    #expect(found.count == 2)
    #expect(Array(found[0].suffix(15)) == [0x1A, 13] + Array("brain.Event:2".utf8))
    let expected: [UInt8] =
      [0x09, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x10, 0xAC, 0x02, 0x2A, 13, 0x0A, 11]
      + [0x0A, 4] + Array("loss".utf8) + [0x15, 0, 0, 0, 0x3F]
    #expect(found[1] == expected)
  }

  @Test func aFileOfTensorBoardsOwnWriterIsContinued() throws {
    let fixture = try Fixture.bytes("tensorboard.tfevents")
    let path = try folder.file("events.tfevents", fixture)
    let events = try EventFileWriter(path: path)
    try events.write(scalar: "loss", value: 0.25, step: 2, wallTime: 2)
    let bytes = try contents(ofFile: path, limit: 4096, in: "test")
    #expect(Array(bytes.prefix(fixture.count)) == fixture)
    #expect(try messages(bytes).count == 4)
    // What is written here is what TensorBoard's writer wrote for the same scalar.
    let own = "\(folder.path)/own.tfevents"
    try EventFileWriter(path: own).write(scalar: "loss", value: 0.5, step: 300, wallTime: 2)
    let ownBytes = try contents(ofFile: own, limit: 4096, in: "test")
    #expect(ownBytes.count == 83)
    #expect(Array(ownBytes[40...]) == Array(fixture[88..<131]))
  }

  @Test func aPartialRecordIsCutOff() throws {
    let path = "\(folder.path)/events.tfevents"
    let events = try EventFileWriter(path: path)
    try events.write(scalar: "a", value: 1, step: 1, wallTime: 1)
    let whole = try contents(ofFile: path, limit: 4096, in: "test")
    try events.write(scalar: "b", value: 1, step: 1, wallTime: 1)
    let both = try contents(ofFile: path, limit: 4096, in: "test")
    for end in whole.count..<both.count {
      let path = try folder.file("cut.tfevents", Array(both[..<end]))
      _ = try EventFileWriter(path: path)
      #expect(try contents(ofFile: path, limit: 4096, in: "test") == whole)
    }
  }

  @Test func everyChangedByteOfAWholeRecordIsNoticed() throws {
    let path = "\(folder.path)/events.tfevents"
    try EventFileWriter(path: path).write(scalar: "a", value: 1, step: 1, wallTime: 1)
    let bytes = try contents(ofFile: path, limit: 4096, in: "test")
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x10
      let path = try folder.file("changed.tfevents", changed)
      let error = #expect(throws: TensorError.self) { _ = try EventFileWriter(path: path) }
      #expect(error?.kind == .corruptFile)
      #expect(try contents(ofFile: path, limit: 4096, in: "test") == changed)
    }
  }

  @Test func aHistogramCountsFiniteValuesOnce() {
    let histogram = EventHistogram([0, 1, 2, 3, 4, .nan, .infinity], rangeCount: 4)
    #expect(histogram.limits == [1, 2, 3, 4])
    #expect(histogram.counts == [1, 1, 1, 2])
    #expect(histogram.minimum == 0 && histogram.maximum == 4)
    #expect(histogram.sum == 10 && histogram.sumOfSquares == 30)
    #expect(EventHistogram([Float]()).limits.isEmpty)
    #expect(EventHistogram([3, 3]).counts == [2])
    #expect(
      EventHistogram([-Float.greatestFiniteMagnitude, Float.greatestFiniteMagnitude]).counts
        .reduce(0, +) == 2)
  }

  @Test func rejectsFoldersAndUnevenHistograms() throws {
    #expect(throws: TensorError.self) { _ = try EventFileWriter(path: folder.path) }
    #expect(throws: TensorError.self) {
      _ = try EventFileWriter(folder: "\(folder.path)/missing")
    }
    let events = try EventFileWriter(folder: folder.path)
    let names = try folder.names()
    #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents."))
    #expect(throws: TensorError.self) {
      try events.write(
        histogram: "w",
        EventHistogram(
          minimum: 0, maximum: 1, sum: 1, sumOfSquares: 1, limits: [1, 2], counts: [1]), step: 1)
    }
  }
}
