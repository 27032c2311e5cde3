public import Geometry

/// An array as the IDX format holds it, in which MNIST and its relatives come.
///
/// Two zero bytes, a type, a rank, the extents as big-endian 32-bit numbers, then the elements,
/// big-endian too. A file may be compressed by gzip. Elements are unsigned bytes, int32, float32 or
/// float64.
public struct IDX: Sendable {
  public let scalarType: ScalarType
  public let shape: Shape
  /// The elements, row-major and little-endian.
  public let bytes: [UInt8]

  private static let operation = "IDX"

  /// Reads the file at `path`, compressed or not.
  public init(path: String) throws(TensorError) {
    try self.init(try InputFile(path: path, operation: Self.operation))
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public init(_ bytes: [UInt8], name: String) throws(TensorError) {
    try self.init(BytesInMemory(bytes: bytes, path: name, operation: Self.operation))
  }

  private init(_ source: some ByteSource) throws(TensorError) {
    let magic = try source.bytes(at: 0, count: min(4, source.byteCount))
    let isCompressed = magic.starts(with: [0x1F, 0x8B])
    let stream = isCompressed ? try InflateStream(source, 0..<source.byteCount, .gzip) : nil
    var position = 0
    func next(_ count: Int) throws(TensorError) -> [UInt8] {
      if let stream { return try stream.bytes(count) }
      guard count <= source.byteCount - position else {
        throw source.corrupt(
          "\(source.byteCount) bytes, at least \(position + count) are expected")
      }
      defer { position += count }
      return try source.bytes(at: position, count: count)
    }

    let start = try next(4)
    guard start[0] == 0, start[1] == 0 else {
      throw source.corrupt("does not begin as an IDX file does")
    }
    scalarType = try Self.type(start[2], source)
    let rank = Int(start[3])
    guard rank >= 1, rank <= Shape.maximumRank else {
      throw source.corrupt("rank \(rank), expected 1 to \(Shape.maximumRank)")
    }
    let numbers = try next(4 * rank)
    let extents = (0..<rank).map { axis in
      numbers[(4 * axis)..<(4 * axis + 4)].reduce(0) { $0 << 8 | Int($1) }
    }
    do throws(TensorError) {
      shape = try Shape(extents).validated(in: Self.operation)
    } catch {
      throw source.corrupt(error.detail)
    }
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: scalarType.byteCount)
    let declared = "\(shape) \(scalarType)"
    guard !overflow else { throw source.corrupt("elements for \(declared) are too many") }
    var bytes: [UInt8]
    if let stream {
      guard InflateStream.isPossible(byteCount, from: source.byteCount) else {
        throw source.corrupt("\(source.byteCount) bytes cannot hold \(declared) compressed")
      }
      bytes = try stream.bytes(byteCount)
      try stream.finish()
    } else {
      guard source.byteCount - position == byteCount else {
        throw source.corrupt("\(source.byteCount - position) bytes of elements for \(declared)")
      }
      bytes = try next(byteCount)
    }
    swapBytes(&bytes, itemByteCount: scalarType.byteCount)
    self.bytes = bytes
  }

  private static func type(_ code: UInt8, _ source: some ByteSource) throws(TensorError)
    -> ScalarType
  {
    switch code {
    case 0x08: return .uint8
    case 0x0C: return .int32
    case 0x0D: return .float32
    case 0x0E: return .float64
    case 0x09, 0x0B:
      throw source.unsupported("elements of type \(code), a signed byte or a 16-bit integer")
    default: throw source.corrupt("elements of type \(code), which IDX does not have")
    }
  }
}
