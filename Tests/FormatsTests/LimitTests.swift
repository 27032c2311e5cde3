import Formats
import Geometry
import Glibc
import TestSupport
import Testing

/// What a safetensors header may have at most, and what the largest one costs.
@Suite(.serialized) struct LimitTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private static let maximumByteCount = 100_000_000

  /// A header of `count` tensors of one byte each, names filled up to `byteCount` bytes in all.
  private static func header(tensors count: Int, byteCount: Int = 0) -> [UInt8] {
    var header: [UInt8] = [UInt8(ascii: "{")]
    header.reserveCapacity(max(byteCount, count * 64) + 64)
    let field = Array("\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[".utf8)
    // What is left of the size for each name beside its number and the rest.
    let padding = [UInt8](repeating: UInt8(ascii: "n"), count: max(0, byteCount / count - 72))
    for index in 0..<count {
      header.append(UInt8(ascii: "\""))
      header.append(contentsOf: "\(10_000_000 + index)".utf8)
      header.append(contentsOf: padding)
      header.append(contentsOf: field)
      header.append(contentsOf: "\(index),\(index + 1)]},".utf8)
    }
    header[header.count - 1] = UInt8(ascii: "}")
    return header
  }

  /// The most tensors in the longest header.
  @Test func theLargestHeaderIsReadInSecondsAndLittleMemory() async throws {
    let header = Self.header(tensors: 1_000_000, byteCount: Self.maximumByteCount)
    #expect((90_000_000...Self.maximumByteCount).contains(header.count))
    setenv("APUS_HEADER", try folder.safetensors(header, data: 1_000_000), 1)
    // In a process of its own, whose memory is that of the reading.
    await #expect(processExitsWith: .success) {
      let file = try readInBounds()
      #expect(file.contains("10999999" + String(repeating: "n", count: 28)))
    }
  }

  /// The longest header again, all of it one text of escapes.
  @Test(arguments: [#"\n"#, #"\u4e2d"#, #"\ud83d\ude00"#])
  func theLongestTextIsReadInSecondsAndLittleMemory(_ escape: String) async throws {
    let count = (Self.maximumByteCount - 100) / escape.utf8.count
    let tensor = #""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    let header = #"{"__metadata__":{"t":""# + String(repeating: escape, count: count) + "\"},"
    setenv("APUS_HEADER", try folder.safetensors(header + tensor + "}", data: 1), 1)
    await #expect(processExitsWith: .success) {
      let file = try readInBounds()
      #expect(file.contains("a"))
      #expect(try #require(file.metadata["t"]).utf8.count > 30_000_000)
    }
  }

  @Test func moreTensorsThanAMillionAreRefused() throws {
    let path = try folder.safetensors(Self.header(tensors: 1_000_001), data: 1_000_001)
    let error = #expect(throws: TensorError.self) { _ = try SafetensorsFile(path: path) }
    #expect(error?.kind == .unsupportedFile)
    #expect(error?.detail.contains("more than 1000000 tensors") == true)
  }

  /// One byte, axis or level less would be read.
  @Test func theLimitsAreWhereTheyAreSaidToBe() throws {
    func read(_ name: String, shape: String) throws -> SafetensorsFile {
      try SafetensorsFile(
        path: folder.safetensors(
          #"{"\#(name)":{"dtype":"U8","shape":\#(shape),"data_offsets":[0,1]}}"#, data: 1))
    }
    let longest = String(repeating: "n", count: 65_536)
    #expect(try read(longest, shape: "[1]").contains(longest))
    #expect(throws: TensorError.self) { try read(longest + "n", shape: "[1]") }
    #expect(try read("a", shape: "[1,1,1,1,1,1,1,1]").entry("a").shape.rank == 8)
    func kind(_ shape: String) -> TensorError.Kind? {
      #expect(throws: TensorError.self) { try read("a", shape: shape) }?.kind
    }
    // Up to 16 axes are the format's, more are damage.
    #expect(
      kind("[\(Array(repeating: "1", count: 16).joined(separator: ","))]") == .unsupportedFile)
    #expect(kind("[\(Array(repeating: "1", count: 17).joined(separator: ","))]") == .corruptFile)
    #expect(kind("[[1]]") == .corruptFile)
    #expect(kind("{\"a\":1}") == .corruptFile)
  }
}

/// The file that `APUS_HEADER` names, read within two seconds and five times a hundred megabytes.
private func readInBounds() throws -> SafetensorsFile {
  let path = try #require(getenv("APUS_HEADER").map { String(cString: $0) })
  let before = residentPeak()
  let slowness = processorSlowness()
  let start = threadSeconds()
  let file = try SafetensorsFile(path: path)
  let seconds = threadSeconds() - start
  let memory = Double(residentPeak() - before) / 1e8
  #expect(seconds < 2 * max(slowness, processorSlowness()))
  #expect(memory < 5)
  return file
}

/// The most memory that the process has had at once, in bytes.
private func residentPeak() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss << 10
}
