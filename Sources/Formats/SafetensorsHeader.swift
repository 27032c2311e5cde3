internal import Geometry

/// The header of a safetensors file, checked: types, shapes and places of the tensors.
///
/// A million tensors are legal, so they are kept in four flat arrays, 50 bytes or so a tensor.
struct SafetensorsHeader: Sendable {
  static let maximumByteCount = 100_000_000
  static let maximumTensorCount = 1_000_000
  static let maximumMetadataCount = 65_536
  static let maximumNameByteCount = 65_536
  static let maximumRank = 16

  /// A tensor: where its name and extents are in the flat arrays, and its bytes in the data.
  struct Record: Sendable {
    var nameStart: UInt32 = 0
    var nameEnd: UInt32 = 0
    var extentsStart: UInt32 = 0
    var rank: UInt8 = 0
    var scalarType = ScalarType.float32
    var start = 0
    var end = 0
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var records: [Record] = []
  private var names: [UInt8] = []
  private var extents: [Int32] = []
  private var slots: [UInt32] = []

  init(
    parsing bytes: [UInt8], dataByteCount: Int, path: String, operation: String
  ) throws(TensorError) {
    // The shortest text of a tensor is 49 characters.
    records.reserveCapacity(min(bytes.count / 49, Self.maximumTensorCount) + 1)
    names.reserveCapacity(bytes.count / 8)
    guard bytes.first == UInt8(ascii: "{") else {
      throw TensorError(.corruptFile, operation, "\(path): the header does not start with '{'")
    }
    var reader = JSONReader(bytes, source: "\(path): header", operation: operation)
    var hasMetadata = false
    try reader.expect("{")
    if !reader.take("}") {
      repeat {
        let record = try readName(&reader)
        if nameBytes(record).elementsEqual("__metadata__".utf8) {
          guard !hasMetadata else { throw reader.error("__metadata__ appears twice") }
          hasMetadata = true
          names.removeLast(names.count - Int(record.nameStart))
          try readMetadata(&reader)
        } else {
          try readTensor(&reader, record)
        }
      } while reader.take(",")
      try reader.expect("}")
    }
    try reader.finish()
    try indexNames(path, operation)
    try checkPlaces(dataByteCount, path, operation)
  }

  func entry(_ record: Record) -> SafetensorsEntry {
    let start = Int(record.extentsStart)
    let shape = Shape(extents[start..<start + Int(record.rank)].map { Int($0) })
    return SafetensorsEntry(name: name(record), scalarType: record.scalarType, shape: shape)
  }

  func name(_ record: Record) -> String { String(decoding: nameBytes(record), as: UTF8.self) }

  private func nameBytes(_ record: Record) -> ArraySlice<UInt8> {
    names[Int(record.nameStart)..<Int(record.nameEnd)]
  }
}

// Parsing
extension SafetensorsHeader {
  private mutating func readName(_ reader: inout JSONReader) throws(TensorError) -> Record {
    var record = Record()
    record.nameStart = UInt32(names.count)
    try reader.appendString(to: &names)
    record.nameEnd = UInt32(names.count)
    guard names.count - Int(record.nameStart) <= Self.maximumNameByteCount else {
      throw reader.error("a name of more than \(Self.maximumNameByteCount) bytes")
    }
    try reader.expect(":")
    return record
  }

  private mutating func readMetadata(_ reader: inout JSONReader) throws(TensorError) {
    try reader.expect("{")
    guard !reader.take("}") else { return }
    repeat {
      let key = try reader.string()
      try reader.expect(":")
      let value = try reader.string()
      guard metadata.updateValue(value, forKey: key) == nil else {
        throw reader.error("__metadata__: key \(quoted(key)) appears twice")
      }
      guard metadata.count <= Self.maximumMetadataCount else {
        throw reader.error(
          "__metadata__: more than \(Self.maximumMetadataCount) keys", kind: .unsupportedFile)
      }
    } while reader.take(",")
    try reader.expect("}")
  }

  private mutating func readTensor(
    _ reader: inout JSONReader, _ named: Record
  ) throws(TensorError) {
    var record = named
    var typeName: String?
    var hasShape = false
    var hasOffsets = false
    record.extentsStart = UInt32(extents.count)
    guard records.count < Self.maximumTensorCount else {
      throw reader.error("more than \(Self.maximumTensorCount) tensors", kind: .unsupportedFile)
    }
    // Built only for an error: a million tensors are to be read fast.
    func error(
      _ problem: String, _ kind: TensorError.Kind = .corruptFile, in header: Self
    ) -> TensorError {
      reader.error("tensor \(quoted(header.name(record))): \(problem)", kind: kind)
    }

    try reader.expect("{")
    repeat {
      let field = try reader.string()
      try reader.expect(":")
      switch field {
      case "dtype" where typeName == nil: typeName = try reader.string()
      case "shape" where !hasShape:
        hasShape = true
        try readShape(&reader, &record)
      case "data_offsets" where !hasOffsets:
        hasOffsets = true
        try reader.expect("[")
        record.start = try reader.natural()
        try reader.expect(",")
        record.end = try reader.natural()
        try reader.expect("]")
      case "dtype", "shape", "data_offsets": throw error("\(field) appears twice", in: self)
      default: throw error("unknown field \(quoted(field))", in: self)
      }
    } while reader.take(",")
    try reader.expect("}")

    guard let typeName else { throw error("dtype is missing", in: self) }
    guard hasShape else { throw error("shape is missing", in: self) }
    guard hasOffsets else { throw error("data_offsets are missing", in: self) }
    guard let type = ScalarType(safetensorsName: typeName) else {
      throw error("dtype \(quoted(typeName)) is not supported", .unsupportedFile, in: self)
    }
    record.scalarType = type
    var byteCount = type.byteCount
    for extent in extents[Int(record.extentsStart)...] {
      byteCount = byteCount.multipliedReportingOverflow(by: Int(extent)).partialValue
    }
    guard record.end >= record.start, record.end - record.start == byteCount else {
      throw error(
        "data_offsets [\(record.start), \(record.end)] for \(byteCount) bytes", in: self)
    }
    records.append(record)
  }

  /// Reads extents whose product, with the item size, cannot overflow.
  private mutating func readShape(
    _ reader: inout JSONReader, _ record: inout Record
  ) throws(TensorError) {
    try reader.expect("[")
    guard !reader.take("]") else { return }
    var product = 8
    var rank = 0
    var longest = 0
    repeat {
      let extent = try reader.natural()
      let overflow: Bool
      (product, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow else { throw reader.error("shape: more elements than 63 bits can count") }
      longest = max(longest, extent)
      rank += 1
      guard rank <= Self.maximumRank else {
        throw reader.error("shape: more than \(Self.maximumRank) axes")
      }
      extents.append(Int32(clamping: extent))
    } while reader.take(",")
    try reader.expect("]")
    guard longest <= Int(Int32.max) else {
      throw reader.error("shape: an axis of \(longest) elements", kind: .unsupportedFile)
    }
    guard rank <= Shape.maximumRank else {
      throw reader.error(
        "shape: \(rank) axes, at most \(Shape.maximumRank) are supported", kind: .unsupportedFile)
    }
    record.rank = UInt8(rank)
  }
}

// Looking up
extension SafetensorsHeader {
  func record(named name: String) -> Record? {
    var name = name
    return name.withUTF8 { bytes in
      let slot = slots[self.slot(of: UnsafeRawBufferPointer(bytes))]
      return slot == 0 ? nil : records[Int(slot) - 1]
    }
  }

  /// The slot where the name is, or where it would go: open addressing, seeded hash.
  private func slot(of name: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: name)
    var slot = hasher.finalize() & (slots.count - 1)
    while slots[slot] != 0 {
      if nameBytes(records[Int(slots[slot]) - 1]).elementsEqual(name) { break }
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func indexNames(_ path: String, _ operation: String) throws(TensorError) {
    var capacity = 2
    while capacity < 2 * records.count { capacity *= 2 }
    slots = [UInt32](repeating: 0, count: capacity)
    for (index, record) in records.enumerated() {
      let slot = nameBytes(record).withUnsafeBytes { self.slot(of: $0) }
      guard slots[slot] == 0 else {
        throw TensorError(
          .corruptFile, operation,
          "\(path): header: tensor \(quoted(name(record))) appears twice")
      }
      slots[slot] = UInt32(index + 1)
    }
  }

  /// Checks that the tensors cover the data without holes or overlaps, in whatever order.
  private func checkPlaces(
    _ dataByteCount: Int, _ path: String, _ operation: String
  ) throws(TensorError) {
    var order = [UInt32](0..<UInt32(records.count))
    order.sort {
      let (left, right) = (records[Int($0)], records[Int($1)])
      return (left.start, left.end) < (right.start, right.end)
    }
    var end = 0
    for index in order {
      let record = records[Int(index)]
      guard record.start == end else {
        let problem = record.start < end ? "overlaps the one before" : "leaves a hole"
        throw TensorError(
          .corruptFile, operation,
          "\(path): header: tensor \(quoted(name(record))): data_offsets [\(record.start), "
            + "\(record.end)]: \(problem), which ends at \(end)")
      }
      end = record.end
    }
    guard end == dataByteCount else {
      throw TensorError(
        .corruptFile, operation,
        "\(path): the tensors take \(end) bytes, the file has \(dataByteCount) for them")
    }
  }
}
