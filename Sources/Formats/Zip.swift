internal import Geometry

/// The entries of a zip archive, as its directory at the end of the file lists them.
struct ZipDirectory: Sendable {
  struct Entry: Sendable {
    var name = ""
    var isDeflated = false
    var checksum: UInt32 = 0
    /// The size in the file.
    var storedByteCount = 0
    /// The size of the contents.
    var byteCount = 0
    /// Where the local header is.
    var offset = 0
  }

  let source: any ByteSource
  private(set) var entries: [Entry] = []
  /// The places of the entries by name.
  private(set) var index: [String: Int] = [:]

  private static let endByteCount = 22
  private static let maximumEntryCount = 1_000_000

  init(_ source: any ByteSource) throws(TensorError) {
    self.source = source
    let place = try Self.place(source)
    guard place.count <= Self.maximumEntryCount else {
      throw source.unsupported("\(place.count) entries, at most \(Self.maximumEntryCount)")
    }
    let bytes = try source.bytes(at: place.start, count: place.byteCount)
    var position = 0
    for _ in 0..<place.count {
      let entry = try Self.entry(bytes, &position, source)
      guard index.updateValue(entries.count, forKey: entry.name) == nil else {
        throw source.corrupt("entry \(quoted(entry.name)) appears twice")
      }
      entries.append(entry)
    }
    guard position == bytes.count else {
      throw source.corrupt("\(bytes.count - position) bytes in the directory beyond its entries")
    }
    try checkPlaces(before: place.start)
  }

  /// Checks that no two entries share bytes, which is how a small archive unpacks to a huge one.
  private func checkPlaces(before directoryStart: Int) throws(TensorError) {
    var end = 0
    for entry in entries.sorted(by: { $0.offset < $1.offset }) {
      guard entry.offset >= end else {
        throw source.corrupt("entry \(quoted(entry.name)) overlaps the one before")
      }
      // The local header has at least 30 bytes and the name.
      let size = 30 + entry.name.utf8.count
      guard entry.offset <= directoryStart, size <= directoryStart - entry.offset,
        entry.storedByteCount <= directoryStart - entry.offset - size
      else {
        throw source.corrupt(
          "entry \(quoted(entry.name)): \(entry.storedByteCount) bytes at \(entry.offset) of "
            + "\(directoryStart)")
      }
      end = entry.offset + size + entry.storedByteCount
      guard entry.isDeflated || entry.storedByteCount == entry.byteCount,
        InflateStream.isPossible(entry.byteCount, from: entry.storedByteCount)
      else {
        throw source.corrupt(
          "entry \(quoted(entry.name)): \(entry.storedByteCount) bytes cannot hold "
            + "\(entry.byteCount)")
      }
    }
  }
}

extension ZipDirectory {
  /// Where the directory is and how many entries it has, from the record at the end of the file.
  private static func place(_ source: any ByteSource) throws(TensorError)
    -> (start: Int, byteCount: Int, count: Int)
  {
    guard source.byteCount >= endByteCount else {
      throw source.corrupt("\(source.byteCount) bytes are too few for a zip archive")
    }
    // A comment of up to 65,535 bytes may follow the record.
    let tailStart = max(0, source.byteCount - endByteCount - 0xFFFF)
    let tail = try source.bytes(at: tailStart, count: source.byteCount - tailStart)
    var found = tail.count - endByteCount
    while found >= 0 {
      if tail[found] == 0x50, tail.littleEndian(UInt32.self, at: found) == 0x0605_4B50,
        found + endByteCount + Int(tail.littleEndian(UInt16.self, at: found + 20)) == tail.count
      {
        break
      }
      found -= 1
    }
    guard found >= 0 else { throw source.corrupt("does not end as a zip archive does") }
    let end = tailStart + found
    let disks = tail.littleEndian(UInt32.self, at: found + 4)
    var count = Int(tail.littleEndian(UInt16.self, at: found + 10))
    let countHere = Int(tail.littleEndian(UInt16.self, at: found + 8))
    var byteCount = Int(tail.littleEndian(UInt32.self, at: found + 12))
    var start = Int(tail.littleEndian(UInt32.self, at: found + 16))
    guard disks == 0, count == countHere else {
      throw source.unsupported("an archive in several files")
    }
    var limit = end
    if count == 0xFFFF || byteCount == 0xFFFF_FFFF || start == 0xFFFF_FFFF, end >= 20 {
      let locator = try source.bytes(at: end - 20, count: 20)
      if locator.littleEndian(UInt32.self, at: 0) == 0x0706_4B50 {
        let place = locator.littleEndian(UInt64.self, at: 8)
        guard place <= UInt64(max(end - 76, 0)), end >= 76 else {
          throw source.corrupt("the large directory's record is at \(place) of \(end)")
        }
        let record = try source.bytes(at: Int(place), count: 56)
        guard record.littleEndian(UInt32.self, at: 0) == 0x0606_4B50 else {
          throw source.corrupt("no record of a large directory at \(place)")
        }
        // Numbers beyond the file are refused below.
        count = Int(clamping: record.littleEndian(UInt64.self, at: 32))
        byteCount = Int(clamping: record.littleEndian(UInt64.self, at: 40))
        start = Int(clamping: record.littleEndian(UInt64.self, at: 48))
        limit = Int(place)
      }
    }
    guard start <= limit, byteCount == limit - start, count <= byteCount / 46 else {
      throw source.corrupt(
        "a directory of \(count) entries in \(byteCount) bytes at \(start) of \(limit)")
    }
    return (start, byteCount, count)
  }

  private static func entry(
    _ bytes: [UInt8], _ position: inout Int, _ source: any ByteSource
  ) throws(TensorError) -> Entry {
    let at = position
    guard bytes.count - at >= 46, bytes.littleEndian(UInt32.self, at: at) == 0x0201_4B50 else {
      throw source.corrupt("no directory entry at byte \(at) of the directory")
    }
    func short(_ offset: Int) -> Int { Int(bytes.littleEndian(UInt16.self, at: at + offset)) }
    func long(_ offset: Int) -> Int { Int(bytes.littleEndian(UInt32.self, at: at + offset)) }
    let (nameCount, extraCount) = (short(28), short(30))
    let end = at + 46 + nameCount + extraCount + short(32)
    guard end <= bytes.count else { throw source.corrupt("a directory entry ends early") }
    position = end
    guard let name = String(validating: bytes[(at + 46)..<(at + 46 + nameCount)], as: UTF8.self)
    else { throw source.corrupt("a name in the directory is not UTF-8") }
    guard short(8) & 1 == 0 else {
      throw source.unsupported("entry \(quoted(name)) is encrypted")
    }
    let method = short(10)
    guard method == 0 || method == 8 else {
      throw source.unsupported(
        "entry \(quoted(name)) is compressed by method \(method), not stored or deflated")
    }
    var entry = Entry(
      name: name, isDeflated: method == 8, checksum: UInt32(long(16)), storedByteCount: long(20),
      byteCount: long(24), offset: long(42))
    let extra = Array(bytes[(at + 46 + nameCount)..<(at + 46 + nameCount + extraCount)])
    try readLargeNumbers(extra, &entry, source)
    return entry
  }

  /// Takes the numbers that do not fit 32 bits from the extra field that has them.
  private static func readLargeNumbers(
    _ extra: [UInt8], _ entry: inout Entry, _ source: any ByteSource
  ) throws(TensorError) {
    var position = 0
    while extra.count - position >= 4 {
      let kind = extra.littleEndian(UInt16.self, at: position)
      let size = Int(extra.littleEndian(UInt16.self, at: position + 2))
      position += 4
      guard size <= extra.count - position else { break }
      let end = position + size
      if kind == 1 {
        for field in [\Entry.byteCount, \.storedByteCount, \.offset]
        where entry[keyPath: field] == 0xFFFF_FFFF {
          guard end - position >= 8 else {
            throw source.corrupt("entry \(quoted(entry.name)): its large sizes are missing")
          }
          entry[keyPath: field] = Int(clamping: extra.littleEndian(UInt64.self, at: position))
          position += 8
        }
        return
      }
      position = end
    }
  }
}
