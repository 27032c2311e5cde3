/// The checksum of zlib, gzip and PNG: polynomial 0xEDB88320, as Python's `zlib.crc32` gives it.
enum CRC32 {
  /// Eight tables, so that eight bytes are taken at a time.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
      tables[byte] = value
    }
    for index in 256..<(8 * 256) {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      bytes.withUnsafeBytes { bytes in
        var value = UInt32.max
        var index = 0
        while index + 8 <= bytes.count {
          let word =
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            ^ UInt64(value)
          var next: UInt32 = 0
          for lane in 0..<8 {
            next ^= tables[(7 - lane) << 8 | Int(word >> (8 * UInt64(lane)) & 0xFF)]
          }
          value = next
          index += 8
        }
        while index < bytes.count {
          value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[index])) & 0xFF)]
          index += 1
        }
        return ~value
      }
    }
  }

  /// Eight hexadecimal digits.
  static func text(_ bytes: [UInt8]) -> String {
    let digits = String(checksum(bytes), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
