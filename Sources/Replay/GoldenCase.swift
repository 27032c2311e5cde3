internal import Formats
package import Geometry

/// A golden case: a file with inputs, upstream gradients, and what must come of them.
package struct GoldenCase: Sendable {
  /// The name of the file without its ending.
  package let name: String
  package let operation: String
  package let kind: String
  /// The largest error that the framework that computed the case makes in float32.
  package let referenceError: Double
  let attributes: [String: JSON]
  private let file: SafetensorsFile

  package init(path: String, name: String) throws(TensorError) {
    let file = try SafetensorsFile(path: path)
    self.file = file
    self.name = name
    func metadata(_ key: String) throws(TensorError) -> String {
      guard let value = file.metadata[key] else {
        throw TensorError(.corruptFile, "replay", "\(path): __metadata__ has no \"\(key)\"")
      }
      return value
    }
    operation = try metadata("op")
    kind = try metadata("kind")
    let error = try metadata("f32_error")
    guard let referenceError = Double(error), referenceError.isFinite, referenceError >= 0 else {
      throw TensorError(.corruptFile, "replay", "\(path): f32_error is \"\(error)\"")
    }
    self.referenceError = referenceError
    let attributes = try JSON(
      parsing: try metadata("attrs"), source: "\(path): attrs", in: "replay")
    guard let members = attributes.object else {
      throw TensorError(.corruptFile, "replay", "\(path): attrs is not an object")
    }
    self.attributes = members
  }

  /// Names of tensors, sorted.
  var tensorNames: [String] { file.names.sorted() }

  func contains(_ name: String) -> Bool { file.contains(name) }

  /// The elements as they are in the file.
  func contents(_ name: String) throws(TensorError) -> (SafetensorsEntry, bytes: [UInt8]) {
    guard file.contains(name) else {
      throw TensorError(.corruptFile, "replay", "\(self.name): there is no tensor \"\(name)\"")
    }
    return (try file.entry(name), try file.bytes(name))
  }

  /// The elements of an expected tensor.
  func expected(_ name: String) throws(TensorError) -> Expected {
    let (entry, bytes) = try contents(name)
    let values: [Double]
    switch entry.scalarType {
    case .float64: values = Self.load(bytes, UInt64.self).map { Double(bitPattern: $0) }
    case .float32: values = Self.load(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) }
    case .int32: values = Self.load(bytes, Int32.self).map { Double($0) }
    default:
      throw TensorError(
        .unsupportedFile, "replay", "\(self.name): \(name) is expected as \(entry.scalarType)")
    }
    return Expected(
      name: name, shape: entry.shape, isInteger: !entry.scalarType.isFloatingPoint,
      values: values)
  }

  private static func load<Word: FixedWidthInteger>(_ bytes: [UInt8], _: Word.Type) -> [Word] {
    bytes.withUnsafeBytes { raw in
      (0..<raw.count / MemoryLayout<Word>.size).map { index in
        Word(
          littleEndian: raw.loadUnaligned(
            fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self))
      }
    }
  }
}

/// A tensor that a case expects, in double precision.
package struct Expected: Sendable {
  let name: String
  let shape: Shape
  let isInteger: Bool
  package let values: [Double]

  package init(name: String, shape: Shape, isInteger: Bool, values: [Double]) {
    self.name = name
    self.shape = shape
    self.isInteger = isInteger
    self.values = values
  }

  var rootMeanSquare: Double {
    if values.isEmpty { return 0 }
    return (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
  }
}
