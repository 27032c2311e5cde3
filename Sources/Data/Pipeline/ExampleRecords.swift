internal import Formats
internal import Geometry
internal import Glibc

/// A file of examples that can be read by number.
///
/// `APUSDATA` and the version 1; the examples; the offsets at which they begin, and the last one
/// ends; the number of examples. Numbers are little-endian words of 64 bits. An example is its
/// numbers of inputs and targets, its weight or NaN, then for each of its values type, rank, extents
/// and elements.
struct ExampleRecords: Sendable {
  private let file: InputFile
  private let offsets: [Int]

  private static let magic = Array("APUSDATA".utf8)
  private static let headerSize = 16

  var count: Int { offsets.count - 1 }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  init(_ path: String) throws(TensorError) {
    file = try InputFile(path: path, operation: "cached")
    var header = RecordReader(
      try file.bytes(at: 0, count: min(Self.headerSize, file.byteCount)), path)
    guard try header.bytes(8).elementsEqual(Self.magic), try header.word() == 1 else {
      throw TensorError(.unsupportedFile, "cached", "\(path): is no file of examples, version 1")
    }
    var footer = RecordReader(try file.bytes(at: max(0, file.byteCount - 8), count: 8), path)
    let count = try footer.word()
    guard count >= 0, count <= (file.byteCount - Self.headerSize - 16) / 8 else {
      throw TensorError(
        .corruptFile, "cached", "\(path): \(file.byteCount) bytes do not hold \(count) examples")
    }
    let table = file.byteCount - 8 * (count + 2)
    var reader = RecordReader(try file.bytes(at: table, count: (count + 1) * 8), path)
    var offsets: [Int] = []
    for _ in 0...count {
      let offset = try reader.word()
      guard offset >= offsets.last ?? Self.headerSize, offset <= table else {
        throw TensorError(.corruptFile, "cached", "\(path): offset \(offset) is out of order")
      }
      offsets.append(offset)
    }
    self.offsets = offsets
  }

  func example(_ index: Int) throws(TensorError) -> Example {
    guard index >= 0, index < count else {
      throw TensorError(.index, "cached", "there is no element \(index)")
    }
    let size = offsets[index + 1] - offsets[index]
    var reader = RecordReader(try file.bytes(at: offsets[index], count: size), "element \(index)")
    return try reader.example()
  }

  /// Writes what `next` gives until it gives nil.
  static func write(
    to path: String, _ next: () throws(TensorError) -> Example?
  ) throws(TensorError) {
    let output = try OutputFile(replacing: path, operation: "cached")
    try output.write(magic + word(1))
    var offsets = [headerSize]
    while let example = try next() {
      let record = try encoded(example)
      try output.write(record)
      offsets.append(offsets[offsets.count - 1] + record.count)
    }
    for offset in offsets { try output.write(word(offset)) }
    try output.write(word(offsets.count - 1))
    try output.commit()
  }

  private static func word(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: Int64(number).littleEndian) { Array($0) }
  }

  private static func encoded(_ example: Example) throws(TensorError) -> [UInt8] {
    var bytes = word(example.inputs.count) + word(example.targets.count)
    bytes += ScalarType.float32.bytes(of: Double(example.weight ?? .nan))
    for values in example.inputs + example.targets {
      bytes += [values.scalarType.rawValue, UInt8(values.shape.rank)]
      for extent in values.shape { bytes += word(extent) }
      values.withUnsafeBytes { bytes += $0 }
    }
    return bytes
  }
}

/// Reads a record from its first byte to its last.
private struct RecordReader {
  private let content: [UInt8]
  private let name: String
  private var place = 0

  init(_ content: [UInt8], _ name: String) {
    self.content = content
    self.name = name
  }

  mutating func bytes(_ count: Int) throws(TensorError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= content.count - place else {
      throw TensorError(.corruptFile, "cached", "\(name): ends at byte \(content.count)")
    }
    defer { place += count }
    return content[place..<place + count]
  }

  mutating func word() throws(TensorError) -> Int {
    var bits: UInt64 = 0
    for byte in try bytes(8).reversed() { bits = bits << 8 | UInt64(byte) }
    return Int(truncatingIfNeeded: bits)
  }

  mutating func example() throws(TensorError) -> Example {
    let inputs = try word()
    let targets = try word()
    var weight: UInt32 = 0
    for byte in try bytes(4).reversed() { weight = weight << 8 | UInt32(byte) }
    let rest = content.count - place
    guard inputs >= 0, targets >= 0, inputs <= rest, targets <= rest - inputs else {
      throw TensorError(
        .corruptFile, "cached", "\(name): \(inputs) inputs and \(targets) targets do not fit")
    }
    var values: [Values] = []
    for _ in 0..<inputs + targets { values.append(try self.values()) }
    guard place == content.count else {
      throw TensorError(.corruptFile, "cached", "\(name): is longer than its values")
    }
    let number = Float(bitPattern: weight)
    return Example(
      inputs: Array(values[..<inputs]), targets: Array(values[inputs...]),
      weight: number.isNaN ? nil : number)
  }

  private mutating func values() throws(TensorError) -> Values {
    let head = Array(try bytes(2))
    guard let type = ScalarType(rawValue: head[0]), Int(head[1]) <= Shape.maximumRank else {
      throw TensorError(.corruptFile, "cached", "\(name): type \(head[0]) of rank \(head[1])")
    }
    var extents: [Int] = []
    for _ in 0..<head[1] { extents.append(try word()) }
    let shape = try Shape(extents).validated(in: "cached")
    let elements = try bytes(shape.count * type.byteCount)
    return try Values(shape: shape, as: type) { target in
      elements.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }
}
