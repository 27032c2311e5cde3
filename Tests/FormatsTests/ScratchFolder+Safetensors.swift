import TestSupport

extension ScratchFolder {
  /// A safetensors file with this header, its length in front, and `data` zero bytes.
  func safetensors(_ header: String, data: Int = 0) throws -> String {
    try safetensors(Array(header.utf8), data: data)
  }

  func safetensors(_ header: [UInt8], data: Int = 0) throws -> String {
    var length = UInt64(header.count).littleEndian
    let prefix = withUnsafeBytes(of: &length) { Array($0) }
    return try file(
      "file.safetensors", prefix + header + [UInt8](repeating: 0, count: data))
  }
}
