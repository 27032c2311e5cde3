internal import Formats
internal import Geometry
internal import Glibc

/// A file of examples that can be read by number.
///
/// `APUSDATA` and the version 2; the length of the outline and the outline, which tells what made
/// the examples; the examples; the offsets at which they begin, and the last one ends; their
/// CRC-32s; the CRC-32 of all but the examples; the number of examples. Numbers are little-endian
/// words of 64 bits. An example is its numbers of inputs and targets, its weight or NaN, then for
/// each of its values type, rank, extents and elements.
struct ExampleRecords: Sendable {
  /// The steps that made the examples.
  let outline: [String]
  private let file: InputFile
  private let offsets: [Int]
  private let checksums: [Int]

  private static let magic = Array("APUSDATA".utf8)
  private static let version = 2
  private static let maximumOutline = 1 << 20

  var count: Int { checksums.count }

  /// Whether there is a cache, of whatever version; an error if there is another kind of file.
  static func exists(_ path: String) throws(TensorError) -> Bool {
    guard access(path, F_OK) == 0 else { return false }
    let file = try InputFile(path: path, operation: "cached")
    let start = try file.bytes(at: 0, count: min(magic.count, file.byteCount))
    guard start == magic else {
      throw TensorError(
        .unsupportedFile, "cached", "\(path) is not a cache of examples, and would be lost",
        hint: "name another file, or remove it")
    }
    return true
  }

  /// - Throws: `TensorError` of kind `corruptFile` for a file of another version too.
  init(_ path: String) throws(TensorError) {
    file = try InputFile(path: path, operation: "cached")
    func corrupt(_ problem: String) -> TensorError {
      TensorError(.corruptFile, "cached", "\(path): \(problem)")
    }
    let size = file.byteCount
    guard size >= 48 else { throw corrupt("\(size) bytes are too few for a cache") }
    var head = RecordReader(try file.bytes(at: 0, count: 24), path)
    guard try head.bytes(8).elementsEqual(Self.magic), try head.word() == Self.version else {
      throw corrupt("is no cache in version \(Self.version)")
    }
    let length = try head.word()
    guard length >= 0, length <= min(Self.maximumOutline, size - 48) else {
      throw corrupt("an outline of \(length) bytes in a file of \(size)")
    }
    let begin = 24 + length
    var tail = RecordReader(try file.bytes(at: size - 16, count: 16), path)
    let checksum = try tail.word()
    let count = try tail.word()
    guard count >= 0, count <= (size - begin - 24) / 16 else {
      throw corrupt("\(size) bytes do not hold \(count) examples")
    }
    let table = size - 16 - (2 * count + 1) * 8
    let start = try file.bytes(at: 0, count: begin)
    let words = try file.bytes(at: table, count: (2 * count + 1) * 8)
    guard checksum == Int(CRC32.checksum(start + words + Self.word(count))) else {
      throw corrupt("its table does not have its checksum")
    }
    var reader = RecordReader(words, path)
    var offsets: [Int] = []
    for _ in 0...count {
      let offset = try reader.word()
      guard offset >= offsets.last ?? begin, offset <= table else {
        throw corrupt("offset \(offset) is out of order")
      }
      offsets.append(offset)
    }
    guard offsets.first == begin, offsets.last == table else { throw corrupt("leaves a hole") }
    var checksums: [Int] = []
    for _ in 0..<count { checksums.append(try reader.word()) }
    self.offsets = offsets
    self.checksums = checksums
    outline = String(decoding: start[24...], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func example(_ index: Int) throws(TensorError) -> Example {
    guard index >= 0, index < count else {
      throw TensorError(.index, "cached", "there is no element \(index)")
    }
    let size = offsets[index + 1] - offsets[index]
    let record = try file.bytes(at: offsets[index], count: size)
    guard Int(CRC32.checksum(record)) == checksums[index] else {
      throw TensorError(
        .corruptFile, "cached", "\(file.path): element \(index) does not have its checksum",
        hint: "remove the file: it is made anew")
    }
    var reader = RecordReader(record, "\(file.path): element \(index)")
    return try reader.example()
  }

  /// Writes what `next` gives until it gives nil.
  static func write(
    _ outline: [String], to path: String, _ next: () throws(TensorError) -> Example?
  ) throws(TensorError) {
    let output = try OutputFile(replacing: path, operation: "cached")
    let text = Array(outline.joined(separator: "\n").utf8)
    let start = magic + word(version) + word(text.count) + text
    guard text.count <= maximumOutline else {
      throw TensorError(.argument, "cached", "the steps before it are too many to be told")
    }
    try output.write(start)
    var offsets = [start.count]
    var checksums: [Int] = []
    while let example = try next() {
      let record = try encoded(example)
      try output.write(record)
      offsets.append(offsets[offsets.count - 1] + record.count)
      checksums.append(Int(CRC32.checksum(record)))
    }
    let table = (offsets + checksums).flatMap { word($0) }
    try output.write(table)
    try output.write(word(Int(CRC32.checksum(start + table + word(checksums.count)))))
    try output.write(word(checksums.count))
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
