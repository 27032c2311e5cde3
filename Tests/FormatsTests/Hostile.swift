import Geometry
import Glibc
import Testing

/// A generator whose numbers depend on its seed alone.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// Reads damaged versions of a file, and records what is neither read nor refused as it should be.
struct Hostile {
  /// How many random changes are tried: `APUS_FUZZ_ROUNDS`, or 3000.
  static let rounds = getenv("APUS_FUZZ_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 3000

  let whole: [UInt8]
  /// Reads all that a file with these bytes holds.
  let read: ([UInt8]) throws -> Void

  init(_ whole: [UInt8], read: @escaping ([UInt8]) throws -> Void) {
    self.whole = whole
    self.read = read
  }

  /// Every beginning of the file is refused as corrupt.
  func everyTruncationIsRefused(sourceLocation: SourceLocation = #_sourceLocation) throws {
    try read(whole)
    for end in whole.indices {
      let error = #expect(
        throws: TensorError.self, "the first \(end) bytes", sourceLocation: sourceLocation
      ) { try read(Array(whole[..<end])) }
      #expect(error?.kind == .corruptFile, "the first \(end)", sourceLocation: sourceLocation)
    }
  }

  /// Every value of every byte of the header is read, or refused with a typed error.
  func everyChangeIsReadOrRefused(
    header: Range<Int>? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for index in header ?? 0..<whole.count {
      for byte in UInt8.min...UInt8.max {
        var changed = whole
        changed[index] = byte
        expectReadOrRefused(changed, "byte \(index) is \(byte)", sourceLocation)
      }
    }
  }

  /// The same for changes in several places, bytes left out, put in and repeated.
  func randomDamageIsReadOrRefused(
    count: Int = rounds, seed: UInt64 = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var random = SeededGenerator(seed: seed)
    for round in 0..<count {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        let end = Int.random(in: place..<min(place + 16, bytes.count), using: &random)
        switch UInt8.random(in: 0..<6, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: for index in place..<end { bytes[index] = 0xFF }
        default: for index in place..<end { bytes[index] = 0 }
        }
      }
      expectReadOrRefused(bytes, "round \(round)", sourceLocation)
    }
  }

  private func expectReadOrRefused(
    _ bytes: [UInt8], _ what: String, _ sourceLocation: SourceLocation
  ) {
    do {
      try read(bytes)
    } catch let error as TensorError {
      if error.kind != .corruptFile && error.kind != .unsupportedFile {
        Issue.record("\(what): \(error)", sourceLocation: sourceLocation)
      }
      if error.detail.utf8.count > 1000 {
        Issue.record("\(what): a long text: \(error)", sourceLocation: sourceLocation)
      }
    } catch {
      Issue.record("\(what): \(error)", sourceLocation: sourceLocation)
    }
  }
}
