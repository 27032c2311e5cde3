import Formats
import Geometry
import Glibc
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  @Test(arguments: ScalarType.allCases)
  func writingAndReadingReturnTheTensors(_ type: ScalarType) throws {
    let path = "\(folder.path)/weights.safetensors"
    let shapes: [Shape] = [[], [0], [1], [7], [2, 3], [2, 0, 3], [1, 2, 1, 2, 1, 2, 1, 2]]
    var entries = shapes.enumerated().map { index, shape in
      SafetensorsEntry(name: "tensor.\(index)", scalarType: type, shape: shape)
    }
    entries.append(SafetensorsEntry(name: "Größe \"\n😀", scalarType: .float64, shape: [3]))
    entries.append(SafetensorsEntry(name: "", scalarType: .uint8, shape: [3]))
    let elements = { (entry: SafetensorsEntry) in
      (0..<entry.byteCount).map { UInt8(truncatingIfNeeded: $0 + entry.name.count) & 1 }
    }
    try writeSafetensors(entries, metadata: ["a": "b\n", "": ""], to: path) { entry in
      elements(entry)
    }

    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["a": "b\n", "": ""])
    #expect(Set(file.names) == Set(entries.map(\.name)))
    for entry in entries {
      #expect(try file.entry(entry.name) == entry)
      #expect(try file.bytes(entry.name) == elements(entry))
    }
    #expect(!file.contains("tensor"))
    #expect(throws: TensorError.self) { _ = try file.bytes("tensor") }
    #expect(try folder.names() == ["weights.safetensors"])
  }

  @Test func mappedBytesAreTheBytesRead() throws {
    for path in [
      try folder.safetensors(#"{"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#),
      Fixture.path("numpy.safetensors"),
    ] {
      let file = try SafetensorsFile(path: path)
      for name in file.names {
        let bytes = try file.bytes(name)
        #expect(try file.withMappedBytes(name) { Array($0) } == bytes)
      }
      for name in file.names {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { memory.deallocate() }
        let bytes = try file.bytes(name)
        try file.read(name, into: .init(rebasing: memory[..<bytes.count]))
        #expect(Array(memory[..<bytes.count]) == bytes)
        #expect(throws: TensorError.self) { try file.read(name, into: memory) }
      }
      #expect(throws: TensorError.self) { try file.withMappedBytes("missing") { _ in } }
    }
  }

  @Test func mappingNoticesAFileThatHasBecomeShorter() throws {
    let path = try folder.safetensors(
      #"{"a":{"dtype":"U8","shape":[9000],"data_offsets":[0,9000]}}"#, data: 9000)
    let file = try SafetensorsFile(path: path)
    #expect(truncate(path, 5000) == 0)
    let error = #expect(throws: TensorError.self) { try file.withMappedBytes("a") { _ in } }
    #expect(error?.kind == .corruptFile)
  }

  /// To less than a page, and by less than one, which the system does not tell of.
  @Test(arguments: [5000, 899_000])
  func aFileThatIsShortenedWhileItIsMappedIsAnError(_ left: Int) throws {
    let path = try folder.safetensors(
      #"{"a":{"dtype":"U8","shape":[900000],"data_offsets":[0,900000]}}"#, data: 900_000)
    let file = try SafetensorsFile(path: path)
    let error = #expect(throws: TensorError.self) {
      try file.withMappedBytes("a") { bytes throws(TensorError) in
        #expect(truncate(path, left) == 0)
        #expect(bytes[899_900...].allSatisfy { $0 == 0 })
      }
    }
    #expect(error?.kind == .corruptFile)
    #expect(error?.description.contains("has become shorter") == true)
    // The signal is not caught for long: the next mapping is of a whole file again.
    let whole = try folder.safetensors(
      #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, data: 3)
    #expect(try SafetensorsFile(path: whole).withMappedBytes("a") { $0.count } == 3)
  }

  @Test func readsWhatSafetensorsWrote() throws {
    let file = try SafetensorsFile(path: Fixture.path("numpy.safetensors"))
    #expect(file.metadata == ["made": "by safetensors"])
    #expect(Set(file.names) == Set(NPYTests.types.map(\.description)))
    for type in NPYTests.types {
      #expect(try file.entry("\(type)").shape == [2, 3])
      #expect(try file.bytes("\(type)") == NPYTests.counting(type))
    }
  }

  @Test func theSameTensorsGiveTheSameBytes() throws {
    let entries = (0..<20).map { index in
      SafetensorsEntry(
        name: "t\(index)", scalarType: ScalarType.allCases[index % 8], shape: [index, 2])
    }
    var written: [[UInt8]] = []
    for order in [entries, entries.reversed(), entries.shuffled()] {
      let path = "\(folder.path)/same.safetensors"
      try writeSafetensors(order, metadata: ["x": "1", "y": "2", "z": "3"], to: path) { entry in
        [UInt8](repeating: 1, count: entry.byteCount)
      }
      written.append(try contents(ofFile: path, limit: 1 << 20, in: "test"))
    }
    #expect(written[0] == written[1] && written[0] == written[2])
  }

  @Test func acceptsTensorsInAnyOrderAndSeveralEmptyOnes() throws {
    let path = try folder.safetensors(
      #"{"b":{"data_offsets":[4,8],"shape":[2,2],"dtype":"U8"},"e":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"f":{"dtype":"I64","shape":[3,0],"data_offsets":[8,8]}}  "#,
      data: 8)
    let file = try SafetensorsFile(path: path)
    #expect(file.names == ["b", "e", "a", "f"])
    #expect(try file.entry("f").shape == [3, 0])
    #expect(try SafetensorsFile(path: folder.safetensors("{}")).names.isEmpty)
  }

  @Test func aBoolIsZeroOrOne() throws {
    let header = Array(#"{"m":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}"#.utf8)
    let path = try folder.file(
      "mask.safetensors", [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [1, 2])
    let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path).bytes("m") }
    #expect(error?.kind == .corruptFile)
  }

  @Test func namesThatDifferOnlyInTheirBytesAreDifferent() throws {
    let path = try folder.safetensors(
      "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
        + "\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", data: 2)
    let file = try SafetensorsFile(path: path)
    #expect(try file.entry("\u{E9}").shape.rank == 0)
    #expect(try file.entry("e\u{301}").shape.rank == 1)
  }

  @Test(arguments: [
    SafetensorsEntry(name: "__metadata__", scalarType: .uint8, shape: [1]),
    SafetensorsEntry(name: "twice", scalarType: .uint8, shape: [1]),
    SafetensorsEntry(name: String(repeating: "x", count: 65_537), scalarType: .uint8, shape: [1]),
    SafetensorsEntry(name: "negative", scalarType: .uint8, shape: [-1]),
    SafetensorsEntry(name: "short", scalarType: .float32, shape: [1]),
  ])
  func aFailedWriteLeavesTheOldFile(_ entry: SafetensorsEntry) throws {
    let path = try folder.file("old.safetensors", [1, 2, 3])
    let twice = SafetensorsEntry(name: "twice", scalarType: .uint8, shape: [1])
    #expect(throws: TensorError.self) {
      try writeSafetensors([twice, entry], to: path) { _ in [0] }
    }
    #expect(try contents(ofFile: path, limit: 3, in: "test") == [1, 2, 3])
    #expect(try folder.names() == ["old.safetensors"])
  }

  @Test func writingSweepsWhatDeadWritersLeft() throws {
    let path = "\(folder.path)/a.safetensors"
    _ = try folder.file(".a.safetensors.apus-1-abc", [1])
    _ = try folder.file(".b.safetensors.apus-1-abc", [1])
    try writeSafetensors([], to: path) { _ in [] }
    #expect(try folder.names() == [".b.safetensors.apus-1-abc", "a.safetensors"])
  }

  @Test func keepsThePermissionsOfTheFileItReplaces() throws {
    let path = try folder.file("a.safetensors", [])
    #expect(chmod(path, 0o640) == 0)
    try writeSafetensors([], to: path) { _ in [] }
    var status = stat()
    #expect(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o640)
  }

  @Test func doesNotReplaceWhatIsNotAFile() throws {
    for path in [folder.path, "/dev/null", "\(folder.path)/missing/a.safetensors"] {
      let error = #expect(throws: TensorError.self) {
        try writeSafetensors([], to: path) { _ in [] }
      }
      #expect(error?.kind == .io)
    }
  }
}
