import Formats
import Geometry
import TestSupport
import Testing

@Suite struct PictureTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let files = [
    "grey.png", "greyAlpha.png", "rgb.png", "rgba.png", "palette.png", "bits.png", "grey.jpg",
    "rgb.jpg", "progressive.jpg",
  ]

  private static func read(_ bytes: [UInt8]) throws { _ = try Picture(bytes, name: "x") }

  @Test(arguments: files) func readsWhatPillowReads(_ name: String) throws {
    let picture = try Picture(path: Fixture.path(name))
    let pillow = try NPZFile(path: Fixture.path("pictures.npz")).array(name)
    #expect(pillow.shape == [picture.height, picture.width, picture.channels])
    #expect(picture.bytes == pillow.bytes)
    #expect(picture.depth == 8)
  }

  @Test func readsSixteenBits() throws {
    let picture = try Picture(path: Fixture.path("sixteen.png"))
    let pillow = try NPY(path: Fixture.path("sixteen.samples.npy"))
    #expect(picture.depth == 16 && picture.channels == 1)
    for index in 0..<15 {
      #expect(picture.bytes[2 * index] == pillow.bytes[4 * index])
      #expect(picture.bytes[2 * index + 1] == pillow.bytes[4 * index + 1])
      #expect(picture.withEightBits.bytes[index] == pillow.bytes[4 * index + 1])
    }
    #expect(throws: TensorError.self) { try picture.encodedPNG() }
  }

  @Test(arguments: 1...4) func writingAndReadingReturnThePicture(_ channels: Int) throws {
    var random = SeededGenerator(seed: UInt64(channels))
    for (width, height) in [(1, 1), (1, 7), (7, 1), (5, 3), (64, 33)] {
      let bytes = (0..<(width * height * channels)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let picture = try Picture(bytes, width: width, height: height, channels: channels)
      let path = "\(folder.path)/picture.png"
      try picture.writePNG(to: path)
      #expect(try Picture(path: path) == picture)
      #expect(try folder.names() == ["picture.png"])
    }
  }

  @Test func channelsAreConvertedAsPillowDoes() throws {
    let pixels: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]
    let picture = try Picture(pixels, width: 2, height: 2, channels: 3)
    #expect(try picture.withChannels(1).bytes == [76, 150, 29, 18])
    #expect(try picture.withChannels(2).bytes == [76, 255, 150, 255, 29, 255, 18, 255])
    #expect(try picture.withChannels(4).withChannels(3) == picture)
    let grey = try Picture([1, 2], width: 2, height: 1, channels: 1)
    #expect(try grey.withChannels(3).bytes == [1, 1, 1, 2, 2, 2])
    #expect(try grey.withChannels(4).bytes == [1, 1, 1, 255, 2, 2, 2, 255])
    let alpha = try Picture([1, 9], width: 1, height: 1, channels: 2)
    #expect(try alpha.withChannels(4).bytes == [1, 1, 1, 9])
    #expect(try alpha.withChannels(1).bytes == [1])
    #expect(throws: TensorError.self) { try grey.withChannels(0) }
  }

  @Test func resizingAveragesAndInterpolates() throws {
    let four = try Picture([0, 100, 200, 100], width: 4, height: 1, channels: 1)
    #expect(try four.resized(width: 4, height: 1) == four)
    let flat = try Picture([UInt8](repeating: 77, count: 60), width: 5, height: 4, channels: 3)
    for (width, height) in [(1, 1), (3, 2), (9, 11)] {
      let resized = try flat.resized(width: width, height: height)
      #expect(resized.width == width && resized.height == height)
      #expect(resized.bytes.allSatisfy { $0 == 77 })
    }
    let two = try Picture([0, 100], width: 2, height: 1, channels: 1)
    #expect(try two.resized(width: 4, height: 1).bytes == [0, 25, 75, 100])
    #expect(throws: TensorError.self) { try two.resized(width: 0, height: 1) }
  }

  @Test func resizingIsNearPillows() throws {
    let sizes = try NPZFile(path: Fixture.path("resized.npz"))
    let picture = try Picture(path: Fixture.path("rgb.jpg"))
    #expect(sizes.names.count == 4)
    for name in sizes.names {
      let pillow = try sizes.array(name)
      let resized = try picture.resized(width: pillow.shape[1], height: pillow.shape[0])
      for (own, other) in zip(resized.bytes, pillow.bytes) {
        #expect(abs(Int(own) - Int(other)) <= 1, "\(name)")
      }
    }
  }

  @Test func rejectsWhatIsNoPicture() throws {
    let cases: [(bytes: [UInt8], kind: TensorError.Kind)] = [
      ([], .corruptFile), ([0x89, 0x50], .corruptFile), ([0xFF], .corruptFile),
      (Array("GIF89a".utf8), .unsupportedFile), ([0xFF, 0xD8, 0xFF], .corruptFile),
      (try Fixture.bytes("float32.npy"), .unsupportedFile),
    ]
    for (bytes, kind) in cases {
      let error = #expect(throws: TensorError.self) { try Self.read(bytes) }
      #expect(error?.kind == kind, "\(bytes.prefix(8))")
    }
    #expect(throws: TensorError.self) { try Picture([0, 0], width: 1, height: 1, channels: 1) }
    #expect(throws: TensorError.self) { try Picture([], width: 0, height: 1, channels: 1) }
    #expect(throws: TensorError.self) {
      try Picture([0], width: .max, height: .max, channels: 1)
    }
    #expect(throws: TensorError.self) { try Picture([0], width: 1, height: 1, channels: 5) }
  }

  @Test(arguments: files + ["sixteen.png"]) func damagedFilesAreReadOrRefused(_ name: String) throws
  {
    let whole = try Fixture.bytes(name)
    let hostile = Hostile(whole, read: Self.read)
    try hostile.everyTruncationIsRefused()
    hostile.everyChangeIsReadOrRefused(header: 0..<min(whole.count, 160))
    hostile.randomDamageIsReadOrRefused()
  }

  /// A PNG file that says it has `width` × `height` pixels, its header's check right.
  static func png(width: UInt32, height: UInt32) throws -> [UInt8] {
    var bytes = try Fixture.bytes("grey.png")
    for (index, value) in [width, height].enumerated() {
      for byte in 0..<4 {
        bytes[16 + 4 * index + byte] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(byte)))
      }
    }
    var check = UInt32.max
    for byte in bytes[12..<29] {
      check ^= UInt32(byte)
      for _ in 0..<8 { check = check & 1 == 1 ? check >> 1 ^ 0xEDB8_8320 : check >> 1 }
    }
    for byte in 0..<4 { bytes[29 + byte] = UInt8(truncatingIfNeeded: ~check >> (24 - 8 * byte)) }
    return bytes
  }

  @Test func sizesThatLieAreRefused() throws {
    try Self.read(Self.png(width: 5, height: 3))
    for (width, height) in [
      (0, 0), (0, 3), (5, 0), (5, 4), (5, 2), (6, 3), (4, 3), (50_000, 50_000),
      (0x7FFF_FFFF, 0x7FFF_FFFF), (0x7FFF_FFFF, 1), (1, 0x7FFF_FFFF), (0xFFFF_FFFF, 1),
    ] as [(UInt32, UInt32)] {
      let bytes = try Self.png(width: width, height: height)
      let error = #expect(throws: TensorError.self, "\(width) × \(height)") {
        try Self.read(bytes)
      }
      #expect(error?.kind == .corruptFile)
    }
    var jpeg = try Fixture.bytes("grey.jpg")
    let frame = try #require((2..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    for offset in 5...8 { jpeg[frame + offset] = 0xFA }
    let error = #expect(throws: TensorError.self) { try Self.read(jpeg) }
    #expect(error?.kind == .corruptFile)
    #expect(error?.detail.contains("cannot hold") == true)
  }
}
