internal import Geometry

/// The messages of event files in the wire format of protocol buffers.
enum EventMessage {
  static func version(wallTime: Double) -> [UInt8] {
    var event = Message()
    event.double(1, wallTime)
    event.bytes(3, Array("brain.Event:2".utf8))
    return event.encoded
  }

  static func scalar(_ name: String, _ value: Double, step: Int, wallTime: Double) -> [UInt8] {
    var entry = Message()
    entry.bytes(1, Array(name.utf8))
    entry.float(2, Float(value))
    return summary(entry, step: step, wallTime: wallTime)
  }

  static func histogram(
    _ name: String, _ histogram: EventHistogram, step: Int, wallTime: Double
  ) -> [UInt8] {
    var counted = Message()
    counted.double(1, histogram.minimum)
    counted.double(2, histogram.maximum)
    counted.double(3, histogram.counts.reduce(0, +))
    counted.double(4, histogram.sum)
    counted.double(5, histogram.sumOfSquares)
    counted.doubles(6, histogram.limits)
    counted.doubles(7, histogram.counts)
    var entry = Message()
    entry.bytes(1, Array(name.utf8))
    entry.bytes(5, counted.encoded)
    return summary(entry, step: step, wallTime: wallTime)
  }

  private static func summary(_ entry: Message, step: Int, wallTime: Double) -> [UInt8] {
    var summary = Message()
    summary.bytes(1, entry.encoded)
    var event = Message()
    event.double(1, wallTime)
    event.integer(2, step)
    event.bytes(5, summary.encoded)
    return event.encoded
  }
}

/// Fields of a protocol buffer, one after the other.
private struct Message {
  private(set) var encoded: [UInt8] = []

  mutating func integer(_ field: Int, _ value: Int) {
    variable(UInt64(field << 3))
    variable(UInt64(bitPattern: Int64(value)))
  }

  mutating func double(_ field: Int, _ value: Double) {
    variable(UInt64(field << 3 | 1))
    encoded.appendLittleEndian(value.bitPattern)
  }

  mutating func float(_ field: Int, _ value: Float) {
    variable(UInt64(field << 3 | 5))
    encoded.appendLittleEndian(value.bitPattern)
  }

  mutating func bytes(_ field: Int, _ bytes: [UInt8]) {
    variable(UInt64(field << 3 | 2))
    variable(UInt64(bytes.count))
    encoded += bytes
  }

  mutating func doubles(_ field: Int, _ values: [Double]) {
    variable(UInt64(field << 3 | 2))
    variable(UInt64(values.count * 8))
    for value in values { encoded.appendLittleEndian(value.bitPattern) }
  }

  private mutating func variable(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      encoded.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    encoded.append(UInt8(rest))
  }
}

/// The size of the whole records that an event file begins with.
///
/// - Throws: `TensorError` of kind `corruptFile` if what follows is not the beginning of one more.
func wholeRecordsByteCount(path: String, operation: String) throws(TensorError) -> Int {
  let file = try InputFile(path: path, operation: operation)
  var position = 0
  while file.byteCount - position >= 12 {
    let start = try file.bytes(at: position, count: 12)
    let length = start.littleEndian(UInt64.self, at: 0)
    guard start.littleEndian(UInt32.self, at: 8) == CRC32C.masked(start[..<8]) else {
      throw TensorError(
        .corruptFile, operation, "\(path): byte \(position) does not begin a record of events")
    }
    guard length <= UInt64(Swift.max(file.byteCount - position - 16, 0)) else { break }
    let message = try file.bytes(at: position + 12, count: Int(length) + 4)
    guard
      message.littleEndian(UInt32.self, at: Int(length)) == CRC32C.masked(message.dropLast(4))
    else {
      throw TensorError(
        .corruptFile, operation, "\(path): the record at byte \(position) is damaged")
    }
    position += 16 + Int(length)
  }
  return position
}
