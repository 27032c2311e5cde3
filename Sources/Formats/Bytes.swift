extension [UInt8] {
  mutating func appendLittleEndian(_ value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// The little-endian number at `offset`; the caller has compared with the count.
  func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type, at offset: Int
  ) -> Number {
    var value: Number = 0
    for index in (0..<(Number.bitWidth / 8)).reversed() {
      value = value << 8 | Number(self[offset + index])
    }
    return value
  }
}

/// Reverses the bytes of each element of `itemByteCount` bytes.
func swapBytes(_ bytes: inout [UInt8], itemByteCount: Int) {
  guard itemByteCount > 1 else { return }
  bytes.withUnsafeMutableBytes { bytes in
    switch itemByteCount {
    case 2: swapElements(bytes, UInt16.self)
    case 4: swapElements(bytes, UInt32.self)
    default: swapElements(bytes, UInt64.self)
    }
  }
}

private func swapElements<Element: FixedWidthInteger>(
  _ bytes: UnsafeMutableRawBufferPointer, _ type: Element.Type
) {
  let size = MemoryLayout<Element>.size
  for index in 0..<(bytes.count / size) {
    let value = bytes.loadUnaligned(fromByteOffset: index * size, as: type)
    bytes.storeBytes(of: value.byteSwapped, toByteOffset: index * size, as: type)
  }
}
