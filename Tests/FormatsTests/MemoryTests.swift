import Formats
import Geometry
import Glibc
import TestSupport
import Testing

/// Files whose sizes lie are refused in a process that may take little more memory than they have.
@Suite struct MemoryTests {
  @Test func sizesThatLieTakeNoMemory() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let lies = try Lies(folder)
      // One read of each makes what is made once, such as tables.
      try lies.readWhole()
      let spare = 2 << 20
      try limitMemory(to: spare)
      // Exit codes tell what went wrong: 3 that memory is not limited, others the lie.
      let memory = mmap(
        nil, spare + (1 << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard memory == MAP_FAILED else { exit(3) }
      for (number, (_, read)) in lies.all.enumerated() {
        do {
          try read()
          exit(10 + Int32(number))
        } catch let error as TensorError {
          guard error.kind == .corruptFile else { exit(40 + Int32(number)) }
        }
      }
    }
  }
}

/// Lets the process have `spare` bytes more of data than it has.
private func limitMemory(to spare: Int) throws {
  let status = try #require(fopen("/proc/self/status", "r"))
  defer { fclose(status) }
  var line = [CChar](repeating: 0, count: 256)
  var kilobytes: Int?
  while fgets(&line, 256, status) != nil {
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if text.hasPrefix("VmData:") {
      kilobytes = text.split(separator: " ").compactMap { Int($0) }.first
    }
  }
  let current = try #require(kilobytes) << 10
  var limit = rlimit(rlim_cur: rlim_t(current + spare), rlim_max: rlim_t(current + spare))
  try #require(setrlimit(__rlimit_resource_t(2), &limit) == 0)
}

private struct Lies {
  private let png: [UInt8], large: [UInt8], jpeg: [UInt8], npz: [UInt8]
  private let safetensors: String

  init(_ folder: ScratchFolder) throws {
    png = try Fixture.bytes("grey.png")
    large = try PictureTests.png(width: 50_000, height: 50_000)
    jpeg = try Fixture.bytes("grey.jpg")
    // 8 MiB of zeros that deflate brings to 8 KiB.
    npz = try Fixture.bytes("zeros.npz")
    safetensors = try folder.safetensors(
      #"{"a":{"dtype":"F32","shape":[99999999],"data_offsets":[0,399999996]}}"#)
  }

  func readWhole() throws {
    _ = try Picture(png, name: "x")
    _ = try Picture(jpeg, name: "x")
    _ = try IDX(Fixture.bytes("bytes.idx.gz"), name: "x")
    _ = try NPZFile(path: Fixture.path("deflated.npz")).array("zeros")
  }

  var all: [(String, () throws -> Void)] {
    [
      ("npy", { _ = try NPY(npy(shape: "2147483647, 64"), name: "x") }),
      ("npy header", { _ = try NPY(Array("\u{93}".utf8), name: "x") }),
      ("idx", { _ = try IDX([0, 0, 8, 2, 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 99, 1], name: "x") }),
      ("npz directory", { try readArray(declaring: [0xFF, 0xFF, 0xFF, 0x7F]) }),
      ("npz bomb", { try readArray(declaring: [0x00, 0x10, 0, 0]) }),
      ("safetensors", { _ = try SafetensorsFile(path: safetensors) }),
      ("png", { _ = try Picture(large, name: "x") }),
      ("jpeg", { _ = try Picture(jpegOfManyPixels(), name: "x") }),
    ]
  }

  private func npy(shape: String) -> [UInt8] {
    NPYTests.file("{'descr': '<f8', 'fortran_order': False, 'shape': (\(shape))}")
  }

  /// Reads the array of zeros with another size in the directory.
  private func readArray(declaring size: [UInt8]) throws {
    let bytes = damaged(npz, npz.count - 22 - 46 - 5 + 24, size)
    _ = try NPZFile(bytes, name: "x").array("a")
  }

  private func jpegOfManyPixels() -> [UInt8] {
    let frame = (2..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 } ?? 0
    return damaged(jpeg, frame + 5, [0xFA, 0xFA, 0xFA, 0xFA])
  }

  private func damaged(_ whole: [UInt8], _ place: Int, _ bytes: [UInt8]) -> [UInt8] {
    var changed = whole
    changed.replaceSubrange(place..<(place + bytes.count), with: bytes)
    return changed
  }
}
