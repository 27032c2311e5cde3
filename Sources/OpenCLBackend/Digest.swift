/// 128 bits that tell texts and files apart. Not for secrets.
struct Digest: Hashable {
  static let byteCount = 16

  private var low: UInt64 = 0x9e37_79b9_7f4a_7c15
  private var high: UInt64 = 0xc2b2_ae3d_27d4_eb4f

  init(of texts: [String]) {
    for text in texts {
      var text = text
      text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }
  }

  init(of bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var i = 0
    while i < bytes.count {
      var word: UInt64 = 0
      if i + 8 <= bytes.count {
        word = bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
      } else {
        for k in i..<bytes.count { word = word << 8 | UInt64(bytes[k]) }
      }
      mix(word)
      i += 8
    }
    mix(UInt64(bytes.count))
  }

  private mutating func mix(_ word: UInt64) {
    let product = (low ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f | 1)
    high = (high ^ word &* 0xe703_7ed1_a0b4_28db) &* 0x8ebc_6af0_9c88_c6e3
    high ^= high >> 32
    low = product.high ^ product.low ^ high
  }

  var bytes: [UInt8] {
    [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  var hexadecimal: String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
