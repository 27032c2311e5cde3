internal import CZlib

/// The checksum of zlib, gzip, zip and PNG: polynomial 0xEDB88320, as Python's `zlib.crc32` gives
/// it.
package enum CRC32 {
  /// The checksum of what `previous` is that of, with `bytes` behind it.
  package static func checksum(_ bytes: [UInt8], after previous: UInt32 = 0) -> UInt32 {
    // To zlib no bytes at all mean that a checksum begins.
    guard !bytes.isEmpty else { return previous }
    return bytes.withUnsafeBytes { bytes in
      UInt32(
        truncatingIfNeeded: crc32_z(
          UInt(previous), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count))
    }
  }

  /// The checksum in eight hexadecimal digits.
  package static func text(_ bytes: [UInt8]) -> String {
    let digits = String(checksum(bytes), radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
