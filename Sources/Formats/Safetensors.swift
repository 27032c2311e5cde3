public import Geometry

/// A safetensors file opened for reading: the header is checked, tensors are read when asked for.
///
/// A header is refused unless every byte of the data belongs to exactly one tensor of a type and
/// shape that tensors can have. Nothing is allocated before its size has been compared with the
/// file's.
///
///     let file = try SafetensorsFile(path: "weights.safetensors")
///     for name in file.names { print(name, try file.entry(name).shape) }
public final class SafetensorsFile: Sendable {
  let file: InputFile
  private let header: SafetensorsHeader
  private let dataStart: Int

  /// - Throws: `TensorError`: `io` if the file cannot be read, `corruptFile` if it breaks the rules
  ///   of the format, `unsupportedFile` for a type or a size that is not supported.
  public init(path: String) throws(TensorError) {
    let file = try InputFile(path: path, operation: "SafetensorsFile")
    guard file.byteCount >= 8 else {
      throw TensorError(
        .corruptFile, file.operation, "\(path): \(file.byteCount) bytes are too few for a header")
    }
    var prefix: UInt64 = 0
    for byte in try file.bytes(at: 0, count: 8).reversed() { prefix = prefix << 8 | UInt64(byte) }
    guard prefix <= SafetensorsHeader.maximumByteCount else {
      throw TensorError(
        .corruptFile, file.operation,
        "\(path): header of \(prefix) bytes, at most \(SafetensorsHeader.maximumByteCount)")
    }
    let length = Int(prefix)
    guard length <= file.byteCount - 8 else {
      throw TensorError(
        .corruptFile, file.operation,
        "\(path): header of \(length) bytes in a file of \(file.byteCount)")
    }
    dataStart = 8 + length
    header = try SafetensorsHeader(
      parsing: try file.bytes(at: 8, count: length), dataByteCount: file.byteCount - dataStart,
      path: path, operation: file.operation)
    self.file = file
  }

  public var path: String { file.path }

  /// The strings under `__metadata__`.
  public var metadata: [String: String] { header.metadata }

  /// The names of the tensors, in the order of the header.
  public var names: [String] { header.records.map(header.name) }

  public func contains(_ name: String) -> Bool { header.record(named: name) != nil }

  /// Shape and type of the tensor called `name`.
  public func entry(_ name: String) throws(TensorError) -> SafetensorsEntry {
    header.entry(try record(name))
  }

  /// The little-endian, row-major elements of the tensor called `name`.
  public func bytes(_ name: String) throws(TensorError) -> [UInt8] {
    let place = try place(name)
    let bytes = try file.bytes(at: place.lowerBound, count: place.count)
    if try record(name).scalarType == .bool, let position = bytes.firstIndex(where: { $0 > 1 }) {
      throw notABool(name, position, bytes[position])
    }
    return bytes
  }

  /// Reads the little-endian, row-major elements of the tensor called `name` into `target`, which
  /// has just their size.
  ///
  /// For memory that is used again: a fresh array costs more than the reading.
  public func read(
    _ name: String, into target: UnsafeMutableRawBufferPointer
  ) throws(TensorError) {
    let place = try place(name)
    guard target.count == place.count else {
      throw TensorError(
        .argument, file.operation,
        "\(path): tensor \(quoted(name)) has \(place.count) bytes, there is room for "
          + "\(target.count)")
    }
    try file.read(into: target, at: place.lowerBound)
    if try record(name).scalarType == .bool, let position = target.firstIndex(where: { $0 > 1 }) {
      throw notABool(name, position, target[position])
    }
  }

  /// Where the elements of the tensor called `name` are in the file.
  func place(_ name: String) throws(TensorError) -> Range<Int> {
    let record = try record(name)
    return (dataStart + record.start)..<(dataStart + record.end)
  }

  func notABool(_ name: String, _ position: Int, _ element: UInt8) -> TensorError {
    TensorError(
      .corruptFile, file.operation,
      "\(path): tensor \(quoted(name)): element \(position) is \(element), not a BOOL")
  }

  private func record(_ name: String) throws(TensorError) -> SafetensorsHeader.Record {
    guard let record = header.record(named: name) else {
      throw TensorError(
        .argument, file.operation, "\(path): there is no tensor \(quoted(name))")
    }
    return record
  }
}

/// What a safetensors file tells of a tensor.
public struct SafetensorsEntry: Hashable, Sendable {
  public let name: String
  public let scalarType: ScalarType
  public let shape: Shape

  public init(name: String, scalarType: ScalarType, shape: Shape) {
    self.name = name
    self.scalarType = scalarType
    self.shape = shape
  }

  /// The size of the elements in the file.
  public var byteCount: Int { shape.count * scalarType.byteCount }
}

extension ScalarType {
  /// What safetensors calls the type.
  var safetensorsName: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int32: "I32"
    case .int64: "I64"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  init?(safetensorsName name: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = type
  }
}
