public import Geometry

/// An array as NumPy's npy format holds it.
///
/// Read are versions 1 to 3 of the format, both byte orders, and both C and Fortran order; what is
/// in memory is little-endian and row-major. Of NumPy's types those are read and written that a
/// tensor can have. Integers that it cannot have become wider ones: int8, int16 and uint16 int32,
/// uint32 and uint64 int64. Complex numbers, texts, dates, records and Python objects are refused.
///
///     let weights = try NPY(path: "weights.npy")
///     print(weights.shape, weights.scalarType)
public struct NPY: Hashable, Sendable {
  public let scalarType: ScalarType
  public let shape: Shape
  /// The elements, row-major and little-endian.
  public let bytes: [UInt8]

  /// An array of `bytes`, row-major and little-endian.
  public init(_ bytes: [UInt8], scalarType: ScalarType, shape: Shape) throws(TensorError) {
    let shape = try shape.validated(in: "NPY")
    let (size, overflow) = shape.count.multipliedReportingOverflow(by: scalarType.byteCount)
    guard !overflow, size == bytes.count else {
      throw TensorError(
        .argument, "NPY", "\(bytes.count) bytes of elements for \(shape) \(scalarType)")
    }
    self.scalarType = scalarType
    self.shape = shape
    self.bytes = bytes
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `TensorError`: `io` if the file cannot be read, `corruptFile` if it breaks the rules
  ///   of the format, `unsupportedFile` for types that tensors do not have.
  public init(path: String) throws(TensorError) {
    let file = try InputFile(path: path, operation: "NPY")
    try self.init(SourceReader(file))
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public init(_ bytes: [UInt8], name: String) throws(TensorError) {
    try self.init(SourceReader(BytesInMemory(bytes: bytes, path: name, operation: "NPY")))
  }

  /// Writes the array to `path`, which holds the old file or the new one at any time.
  public func write(to path: String) throws(TensorError) {
    let header = try encodedHeader(operation: "NPY.write")
    let file = try OutputFile(replacing: path, operation: "NPY.write")
    try file.write(header)
    try file.write(bytes)
    try file.commit()
  }

  init(_ reader: any NPYReader) throws(TensorError) {
    let header = try NPYHeader(reader)
    guard header.byteCount == reader.remaining else {
      throw reader.corrupt(
        "\(reader.remaining) bytes of elements for \(header.shape) \(header.scalarType)")
    }
    var elements = try reader.next(header.byteCount)
    if header.scalarType == .bool, let position = elements.firstIndex(where: { $0 > 1 }) {
      throw reader.corrupt("element \(position) is \(elements[position]), not a bool")
    }
    if header.isBigEndian { swapBytes(&elements, itemByteCount: header.itemByteCount) }
    if let stored = header.stored {
      switch stored.widen(elements) {
      case .success(let wide): elements = wide
      case .failure(let misfit):
        throw reader.unsupported(
          "element \(misfit.index) is \(misfit.value), more than an int64 holds", hint: nil)
      }
    }
    if header.isFortranOrder, header.shape.rank > 1, !elements.isEmpty {
      elements = rowMajor(elements, header.shape, itemByteCount: header.scalarType.byteCount)
    }
    scalarType = header.scalarType
    shape = header.shape
    bytes = elements
  }

  /// The beginning of a file of version 1, padded so that the elements start at a multiple of 64.
  func encodedHeader(operation: String) throws(TensorError) -> [UInt8] {
    guard let type = scalarType.npyName else {
      throw TensorError(
        .unsupportedFile, operation, "NumPy has no type for \(scalarType)",
        hint: "cast to float32, or write safetensors")
    }
    let extents = shape.map { "\($0)" }.joined(separator: ", ") + (shape.rank == 1 ? "," : "")
    var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    // NumPy leaves room for the first axis to grow to 21 digits.
    if shape.rank > 0 {
      text += String(repeating: " ", count: max(0, 21 - "\(shape[0])".utf8.count))
    }
    text += String(repeating: " ", count: (64 - (10 + text.utf8.count + 1) % 64) % 64) + "\n"
    var header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    header.appendLittleEndian(UInt16(text.utf8.count))
    return header + Array(text.utf8)
  }
}

/// Where an npy file is read from: a file of its own or an entry of an archive.
protocol NPYReader: AnyObject {
  /// How many bytes are left.
  var remaining: Int { get }
  /// The next `count` bytes. The caller has compared `count` with `remaining`.
  func next(_ count: Int) throws(TensorError) -> [UInt8]
  func corrupt(_ problem: String) -> TensorError
  func unsupported(_ problem: String, hint: String?) -> TensorError
}

/// Reads a source from its beginning to its end.
private final class SourceReader: NPYReader {
  private let source: any ByteSource
  private var position = 0

  init(_ source: any ByteSource) { self.source = source }

  var remaining: Int { source.byteCount - position }

  func next(_ count: Int) throws(TensorError) -> [UInt8] {
    let bytes = try source.bytes(at: position, count: count)
    position += count
    return bytes
  }

  func corrupt(_ problem: String) -> TensorError { source.corrupt(problem) }

  func unsupported(_ problem: String, hint: String?) -> TensorError {
    source.unsupported(problem, hint: hint)
  }
}

/// Elements whose first axis is contiguous, with the last axis contiguous.
private func rowMajor(_ bytes: [UInt8], _ shape: Shape, itemByteCount: Int) -> [UInt8] {
  let extents = Array(shape)
  var strides: [Int] = []
  var stride = itemByteCount
  for extent in extents {
    strides.append(stride)
    stride *= extent
  }
  return [UInt8](unsafeUninitializedCapacity: bytes.count) { target, initialized in
    bytes.withUnsafeBytes { source in
      var index = [Int](repeating: 0, count: extents.count)
      var place = 0
      for element in 0..<(bytes.count / itemByteCount) {
        for byte in 0..<itemByteCount {
          target[element * itemByteCount + byte] = source[place + byte]
        }
        var axis = extents.count - 1
        while axis >= 0 {
          index[axis] += 1
          place += strides[axis]
          if index[axis] < extents[axis] { break }
          place -= strides[axis] * extents[axis]
          index[axis] = 0
          axis -= 1
        }
      }
    }
    initialized = bytes.count
  }
}
