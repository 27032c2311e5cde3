import Formats
import Geometry
import TestSupport
import Testing

@Suite struct NPZTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func readAll(_ bytes: [UInt8]) throws {
    let file = try NPZFile(bytes, name: "x.npz")
    for name in file.names { _ = try file.array(name) }
  }

  @Test(arguments: ["stored.npz", "deflated.npz"])
  func readsWhatNumPyWrote(_ name: String) throws {
    let file = try NPZFile(path: Fixture.path(name))
    for type in NPYTests.types {
      #expect(file.contains("\(type)"))
      let array = try file.array("\(type)")
      #expect(array.scalarType == type && array.shape == [2, 3])
      #expect(array.bytes == NPYTests.counting(type))
    }
    if name == "deflated.npz" {
      #expect(try file.array("zeros").bytes == [UInt8](repeating: 0, count: 8000))
    }
    #expect(!file.contains("missing"))
    let error = #expect(throws: TensorError.self) { _ = try file.array("missing") }
    #expect(error?.kind == .argument)
  }

  @Test(arguments: [false, true])
  func writingAndReadingReturnTheArrays(_ compressed: Bool) throws {
    var arrays: [(name: String, array: NPY)] = []
    for type in NPYTests.types {
      for shape: Shape in [[], [0, 2], [3], [4, 5]] {
        let bytes = (0..<(shape.count * type.byteCount)).map { UInt8($0 & 1) }
        arrays.append(
          ("\(type)/\(shape) é", try NPY(bytes, scalarType: type, shape: shape)))
      }
    }
    arrays.append(
      ("long", try NPY([UInt8](repeating: 7, count: 1 << 20), scalarType: .uint8, shape: [1 << 20]))
    )
    let path = "\(folder.path)/arrays.npz"
    try writeNPZ(arrays, compressed: compressed, to: path)
    let file = try NPZFile(path: path)
    #expect(file.names == arrays.map(\.name))
    for (name, array) in arrays { #expect(try file.array(name) == array) }
    try writeNPZ([:], to: path)
    #expect(try NPZFile(path: path).names.isEmpty)
  }

  @Test func rejectsNamesThatAnArchiveCannotHave() throws {
    let array = try NPY([1], scalarType: .uint8, shape: [1])
    let path = try folder.file("old.npz", [1, 2, 3])
    #expect(throws: TensorError.self) { try writeNPZ(["a": array, "a": array], to: path) }
    #expect(throws: TensorError.self) { try writeNPZ(["": array], to: path) }
    #expect(throws: TensorError.self) {
      try writeNPZ([String(repeating: "x", count: 65_001): array], to: path)
    }
    #expect(try contents(ofFile: path, limit: 3, in: "test") == [1, 2, 3])
  }

  @Test(arguments: [false, true]) func damagedFilesAreReadOrRefused(_ compressed: Bool) throws {
    let path = "\(folder.path)/arrays.npz"
    try writeNPZ(
      [
        "a": NPY(NPYTests.counting(.float32), scalarType: .float32, shape: [2, 3]),
        "b": NPY([1, 2], scalarType: .uint8, shape: [2]),
      ], compressed: compressed, to: path)
    let hostile = Hostile(try contents(ofFile: path, limit: 4096, in: "test"), read: readAll)
    try hostile.everyTruncationIsRefused()
    hostile.everyChangeIsReadOrRefused()
    hostile.randomDamageIsReadOrRefused()
  }

  @Test func everyChangedByteOfAnArrayIsNoticed() throws {
    let path = "\(folder.path)/arrays.npz"
    let elements = [UInt8](200...250)
    try writeNPZ(
      ["a": NPY(elements, scalarType: .uint8, shape: [elements.count])], to: path)
    let whole = try contents(ofFile: path, limit: 4096, in: "test")
    let start = try #require(whole.firstIndex(of: 200))
    for index in start..<(start + elements.count) {
      var changed = whole
      changed[index] ^= 1
      #expect(throws: TensorError.self) { try readAll(changed) }
    }
  }

  /// The places of the fields of the only entry of an archive, from its end.
  private func archive(_ change: (inout [UInt8], _ local: Int, _ directory: Int) -> Void) throws
    -> [UInt8]
  {
    let path = "\(folder.path)/arrays.npz"
    try writeNPZ(
      ["a": NPY([UInt8](repeating: 0, count: 5000), scalarType: .uint8, shape: [5000])],
      compressed: true, to: path)
    var bytes = try contents(ofFile: path, limit: 4096, in: "test")
    change(&bytes, 0, bytes.count - 22 - 46 - 5)
    return bytes
  }

  @Test func sizesThatLieAreRefused() throws {
    try readAll(archive { _, _, _ in })
    let lies: [(offset: Int, value: [UInt8])] = [
      (20, [0xFF, 0xFF, 0xFF, 0x7F]), (20, [0, 0, 0, 0]), (20, [1, 0, 0, 0]),
      (24, [0xFF, 0xFF, 0xFF, 0x7F]), (24, [0, 0, 0, 0]), (24, [0, 0x10, 0, 0]),
      (24, [0, 0x20, 0, 0]), (42, [1, 0, 0, 0]), (42, [0xFE, 0xFF, 0xFF, 0xFF]),
      (16, [1, 2, 3, 4]), (10, [0, 0]), (24, [0xFF, 0xFF, 0xFF, 0xFF]),
    ]
    for lie in lies {
      let bytes = try archive { bytes, _, directory in
        bytes.replaceSubrange(
          (directory + lie.offset)..<(directory + lie.offset + lie.value.count), with: lie.value)
      }
      let error = #expect(throws: TensorError.self, "\(lie)") { try readAll(bytes) }
      #expect(error?.kind == .corruptFile)
    }
    for (offset, value) in [(10, UInt8(12)), (8, 1)] {
      let bytes = try archive { bytes, _, directory in bytes[directory + offset] = value }
      let error = #expect(throws: TensorError.self) { try readAll(bytes) }
      #expect(error?.kind == .unsupportedFile)
    }
  }

  @Test func entriesThatOverlapOrRepeatAreRefused() throws {
    let path = "\(folder.path)/arrays.npz"
    let array = try NPY([1, 2, 3], scalarType: .uint8, shape: [3])
    try writeNPZ(["a": array, "b": array], to: path)
    let whole = try contents(ofFile: path, limit: 4096, in: "test")
    let directory = whole.count - 22 - 2 * (46 + 5)
    // The second entry is where the first is: its name differs, and it overlaps.
    var shared = whole
    let second = directory + 51
    shared.replaceSubrange((second + 42)..<(second + 46), with: [0, 0, 0, 0])
    #expect(throws: TensorError.self) { try readAll(shared) }
    var twice = whole
    twice[second + 46] = UInt8(ascii: "a")
    let error = #expect(throws: TensorError.self) { _ = try NPZFile(twice, name: "x.npz") }
    #expect(error?.detail.contains("twice") == true)
  }
}
