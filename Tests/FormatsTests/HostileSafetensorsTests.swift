import Formats
import Geometry
import Glibc
import TestSupport
import Testing

@Suite struct HostileSafetensorsTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// A header with one tensor `a` of four bytes, a part of it replaced.
  private static func header(
    name: String = #""a""#, type: String = #""F32""#, shape: String = "[1]",
    offsets: String = "[0,4]", more: String = ""
  ) -> String {
    #"{\#(name):{"dtype":\#(type),"shape":\#(shape),"data_offsets":\#(offsets)}\#(more)}"#
  }

  private static let corrupt: [String] = [
    "", " ", "{", "}", "[]", "null", "1", " {}", "\t{}", "{} x", "{}\u{0}", "{},", "{\"a\":1}",
    "{\"a\":{}}",
    "{\"a\":[]}", "{\"a\":null}", #"{"a":{"dtype":"F32","shape":[1]}}"#,
    #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#,
    header(type: "1"), header(type: "null"), header(type: #""F32","dtype":"F32""#),
    header(shape: "1"), header(shape: "[-1]"), header(shape: "[1.0]"), header(shape: "[1e0]"),
    header(shape: "[1E0]"), header(shape: "[01]"), header(shape: "[+1]"), header(shape: #"["1"]"#),
    header(shape: "[[1]]"), header(shape: "[1,]"), header(shape: "[null]"), header(shape: "[2]"),
    header(shape: "[0]"), header(shape: "[1],\"shape\":[1]"),
    header(shape: "[9223372036854775808]"),
    header(shape: "[18446744073709551617]"), header(shape: "[99999999999999999999999999999999]"),
    header(shape: "[2147483648,2147483648,4]"), header(shape: "[4294967296,4294967296]"),
    header(shape: "[0,9223372036854775807,2]", offsets: "[0,0]"),
    header(shape: "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), header(offsets: "[0]"),
    header(offsets: "[0,4,8]"),
    header(offsets: "[4,0]"), header(offsets: "[0,5]"), header(offsets: "[1,5]"),
    header(offsets: "[-4,0]"),
    header(offsets: "[0,4.0]"), header(offsets: "[0,18446744073709551615]"),
    header(offsets: "[4,8]"),
    header(offsets: "[0,4],\"data_offsets\":[0,4]"), header(offsets: "[0,4],\"x\":1"),
    header(more: #","a":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}"#),
    header(more: #","\u0061":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}"#),
    header(more: #","b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#),
    header(more: #","b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}"#),
    header(more: #","b":{"dtype":"F32","shape":[0],"data_offsets":[2,2]}"#),
    header(more: #","b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#),
    header(more: #","__metadata__":{},"__metadata__":{}"#), header(more: #","__metadata__":null"#),
    header(more: #","__metadata__":{"a":1}"#), header(more: #","__metadata__":{"a":{}}"#),
    header(more: #","__metadata__":{"a":"b","a":"c"}"#), header(more: #","__metadata__":[]"#),
    header(more: ","), header(name: "a"), header(name: #""\ud800""#), header(name: "\"\u{7}\""),
    header(name: "\"" + String(repeating: "n", count: 65_537) + "\""),
    String(repeating: "[", count: 100_000),
    "{\"a\":" + String(repeating: "{\"a\":", count: 100_000),
  ]

  @Test(arguments: corrupt.indices)
  func rejects(_ index: Int) throws {
    let path = try folder.safetensors(Self.corrupt[index], data: 4)
    let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
    #expect(error?.kind == .corruptFile, "\(Self.corrupt[index].prefix(200))")
    #expect(error?.detail.contains("file.safetensors") == true)
    #expect((error?.detail.utf8.count ?? 0) < 500)
  }

  @Test(arguments: [
    header(type: #""F8_E4M3""#), header(type: #""U16""#), header(type: #""f32""#),
    header(type: #""""#),
    header(shape: "[1,1,1,1,1,1,1,1,1]"), header(shape: "[0,2147483648]", offsets: "[0,0]"),
  ])
  func doesNotSupport(_ header: String) throws {
    let path = try folder.safetensors(header, data: 4)
    let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
    #expect(error?.kind == .unsupportedFile)
  }

  @Test func rejectsWhatIsNotUTF8() throws {
    let header = Array(Self.header().utf8)
    for index in header.indices {
      var changed = header
      changed[index] = 0xFF
      let path = try folder.safetensors(changed, data: 4)
      let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
      #expect(error?.kind == .corruptFile)
    }
  }

  @Test func everyTruncationIsRejected() throws {
    let path = try folder.safetensors(
      Self.header(more: #","__metadata__":{"k":"v"}"#) + "   ", data: 4)
    let whole = try contents(ofFile: path, limit: 4096, in: "test")
    _ = try SafetensorsFile(path: path)
    for end in whole.indices {
      let path = try folder.file("short.safetensors", Array(whole[..<end]))
      let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
      #expect(error?.kind == .corruptFile)
    }
    for more in [1, 4, 100] {
      let path = try folder.file(
        "long.safetensors", whole + [UInt8](repeating: 0x20, count: more))
      #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
    }
  }

  @Test(arguments: [
    UInt64.max, UInt64(Int.max), UInt64(Int.max) + 1, UInt64(Int.max) - 7, 1 << 32, 100_000_001,
    100_000_000, 3, 1, 0,
  ])
  func rejectsLengthsThatAreNotTheHeaders(_ length: UInt64) throws {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    let path = try folder.file("length.safetensors", bytes + Array("{}".utf8))
    let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
    #expect(error?.kind == .corruptFile)
  }

  @Test func everyChangedByteOfTheHeaderIsReadOrRejected() throws {
    let path = try folder.safetensors(
      Self.header(more: #","b":{"dtype":"U8","shape":[2,1],"data_offsets":[4,6]}"#), data: 6)
    let whole = try contents(ofFile: path, limit: 4096, in: "test")
    for index in 0..<(whole.count - 6) {
      for byte in [0, 0x20, 0x22, 0x2C, 0x2D, 0x30, 0x39, 0x5C, 0x7D, 0x80, whole[index] ^ 1] {
        var changed = whole
        changed[index] = byte
        let path = try folder.file("changed.safetensors", changed)
        do throws(TensorError) {
          let file = try SafetensorsFile(path: path)
          for name in file.names { _ = try file.bytes(name) }
        } catch {
          #expect(error.kind == .corruptFile || error.kind == .unsupportedFile)
        }
      }
    }
  }

  @Test func rejectsWhatIsNotARegularFile() throws {
    let pipe = "\(folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let link = "\(folder.path)/link"
    #expect(symlink(pipe, link) == 0)
    let loop = "\(folder.path)/loop"
    #expect(symlink(loop, loop) == 0)
    for path in [pipe, link, folder.path, "/dev/zero", "/dev/null"] {
      let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
      #expect(error?.kind == .unsupportedFile)
    }
    for path in [loop, "\(folder.path)/missing", "", "\(pipe)/x"] {
      let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
      #expect(error?.kind == .io)
    }
  }

  @Test func aFileThatShrinksMeanwhileIsAnError() throws {
    let path = try folder.safetensors(Self.header(), data: 4)
    let file = try SafetensorsFile(path: path)
    #expect(truncate(path, 40) == 0)
    let error = #expect(throws: TensorError.self) { _ = try file.bytes("a") }
    #expect(error?.kind == .corruptFile)
  }

  @Test func manyTensorsAreReadInLinearTime() throws {
    let count = 20_000
    var header = "{"
    for index in 0..<count {
      header +=
        "\"\(index)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\(index),\(index + 1)]},"
    }
    header.removeLast()
    let path = try folder.safetensors(header + "}", data: count)
    let file = try SafetensorsFile(path: path)
    #expect(file.names.count == count)
    #expect(try file.entry("19999").shape == [1])
  }
}
