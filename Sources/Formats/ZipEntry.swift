internal import CZlib
internal import Geometry

/// Reads one entry of a zip archive from its beginning to its end, and checks its checksum.
final class ZipEntryReader: NPYReader {
  private let source: any ByteSource
  private let entry: ZipDirectory.Entry
  private var inflating: InflateStream?
  private var position = 0
  private(set) var remaining: Int
  private var checksum: UInt32 = 0

  init(_ source: any ByteSource, _ entry: ZipDirectory.Entry) throws(TensorError) {
    self.source = source
    self.entry = entry
    remaining = entry.byteCount
    // The directory's checks leave at least 30 bytes for the local header.
    let header = try source.bytes(at: entry.offset, count: 30)
    let nameCount = Int(header.littleEndian(UInt16.self, at: 26))
    let start = entry.offset + 30 + nameCount + Int(header.littleEndian(UInt16.self, at: 28))
    guard header.littleEndian(UInt32.self, at: 0) == 0x0403_4B50,
      header.littleEndian(UInt16.self, at: 8) == (entry.isDeflated ? 8 : 0),
      nameCount == entry.name.utf8.count, start <= source.byteCount,
      entry.storedByteCount <= source.byteCount - start
    else { throw corrupt("its local header does not match the directory") }
    let name = try source.bytes(at: entry.offset + 30, count: nameCount)
    guard name.elementsEqual(entry.name.utf8) else {
      throw corrupt("its local header has another name")
    }
    position = start
    if entry.isDeflated {
      inflating = try InflateStream(
        source, start..<(start + entry.storedByteCount), .raw, what: "entry \(quoted(entry.name))")
    }
  }

  func next(_ count: Int) throws(TensorError) -> [UInt8] {
    let bytes: [UInt8]
    if let inflating {
      bytes = try inflating.bytes(count)
    } else {
      bytes = try source.bytes(at: position, count: count)
      position += count
    }
    remaining -= count
    checksum = CRC32.checksum(bytes, after: checksum)
    return bytes
  }

  /// Checks that all was read and is what was written.
  func finish() throws(TensorError) {
    try inflating?.finish()
    guard checksum == entry.checksum else {
      throw corrupt("the checksum does not match")
    }
  }

  func corrupt(_ problem: String) -> TensorError {
    source.corrupt("entry \(quoted(entry.name)): \(problem)")
  }

  func unsupported(_ problem: String, hint: String?) -> TensorError {
    source.unsupported("entry \(quoted(entry.name)): \(problem)", hint: hint)
  }
}

/// What a zip archive says of an entry, in front of it and in the directory.
struct ZipFields {
  var name: String
  var isDeflated: Bool
  var checksum: UInt32
  var storedByteCount: Int
  var byteCount: Int
  var offset: Int

  var localHeader: [UInt8] {
    var bytes: [UInt8] = [0x50, 0x4B, 3, 4]
    appendCommon(to: &bytes)
    bytes.appendLittleEndian(UInt16(0))
    return bytes + Array(name.utf8)
  }

  var directoryHeader: [UInt8] {
    var bytes: [UInt8] = [0x50, 0x4B, 1, 2, 20, 0]
    appendCommon(to: &bytes)
    // No extra field, no comment, one file, no attributes.
    bytes += [UInt8](repeating: 0, count: 12)
    bytes.appendLittleEndian(UInt32(offset))
    return bytes + Array(name.utf8)
  }

  static func end(count: Int, directoryByteCount: Int, offset: Int) -> [UInt8] {
    var bytes: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    bytes.appendLittleEndian(UInt16(count))
    bytes.appendLittleEndian(UInt16(count))
    bytes.appendLittleEndian(UInt32(directoryByteCount))
    bytes.appendLittleEndian(UInt32(offset))
    return bytes + [0, 0]
  }

  private func appendCommon(to bytes: inout [UInt8]) {
    bytes.appendLittleEndian(UInt16(20))
    // Names are UTF-8.
    bytes.appendLittleEndian(UInt16(0x0800))
    bytes.appendLittleEndian(UInt16(isDeflated ? 8 : 0))
    // The same arrays give the same bytes: all files are of midnight, 1 January 1980.
    bytes.appendLittleEndian(UInt32(0x0021_0000))
    bytes.appendLittleEndian(checksum)
    bytes.appendLittleEndian(UInt32(storedByteCount))
    bytes.appendLittleEndian(UInt32(byteCount))
    bytes.appendLittleEndian(UInt16(name.utf8.count))
  }
}
