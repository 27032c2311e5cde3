internal import CZlib
internal import Geometry

/// A deflated part of a source, decompressed piece by piece.
///
/// It holds one chunk of the source; what comes out goes where the caller wants it, so that a
/// header can be read and checked before there is memory for what it declares.
final class InflateStream {
  enum Container {
    case raw, gzip
  }

  /// Deflate never makes more than this many bytes out of one.
  static let largestRatio = 1032

  private let source: any ByteSource
  private let what: String
  private let container: Container
  private var position: Int
  private let end: Int
  private let stream: UnsafeMutablePointer<z_stream>
  private let chunk: UnsafeMutableRawBufferPointer
  private var isReady = false
  private var isAtEnd = false
  private var produced = 0

  /// - Parameter what: the part in errors, such as `entry 'x'`, or nothing for the whole.
  init(
    _ source: any ByteSource, _ range: Range<Int>, _ container: Container, what: String = ""
  ) throws(TensorError) {
    self.source = source
    self.container = container
    self.what = what.isEmpty ? "" : "\(what): "
    position = range.lowerBound
    end = range.upperBound
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    chunk = .allocate(byteCount: Swift.max(1, Swift.min(1 << 16, range.count)), alignment: 16)
    let windowBits = container == .gzip ? MAX_WBITS + 16 : -MAX_WBITS
    let code = inflateInit2_(
      stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard code == Z_OK else {
      throw TensorError(
        .outOfMemory, source.operation, "\(source.path): zlib cannot start", code: code)
    }
    isReady = true
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deallocate()
    chunk.deallocate()
  }

  /// Whether deflate can have made `byteCount` bytes out of `compressedByteCount`.
  static func isPossible(_ byteCount: Int, from compressedByteCount: Int) -> Bool {
    byteCount / largestRatio <= compressedByteCount
  }

  /// Fills all of `target`.
  func fill(_ target: UnsafeMutableRawBufferPointer) throws(TensorError) {
    var done = 0
    while done < target.count {
      let count = Swift.min(target.count - done, 1 << 30)
      let made = try step(target.baseAddress.map { $0 + done }, count)
      guard made > 0 || !isAtEnd else {
        throw source.corrupt("\(what)decompresses to \(produced) bytes, more are expected")
      }
      done += made
    }
  }

  func bytes(_ count: Int) throws(TensorError) -> [UInt8] {
    try filledBytes(count) { target throws(TensorError) in try fill(target) }
  }

  /// Checks that all is read, and with it the check of a gzip file.
  func finish() throws(TensorError) {
    var extra: UInt8 = 0
    while !isAtEnd {
      let made = try step(&extra, 1)
      guard made == 0 else {
        throw source.corrupt("\(what)decompresses to more than the \(produced - 1) bytes declared")
      }
    }
    guard position == end, stream.pointee.avail_in == 0 else {
      throw source.corrupt(
        "\(what)\(end - position + Int(stream.pointee.avail_in)) bytes after the end")
    }
  }

  /// Writes up to `count` bytes at `target`, and returns how many.
  private func step(_ target: UnsafeMutableRawPointer?, _ count: Int) throws(TensorError) -> Int {
    guard !isAtEnd else { return 0 }
    if stream.pointee.avail_in == 0, position < end {
      let size = Swift.min(chunk.count, end - position)
      try source.read(into: .init(rebasing: chunk[..<size]), at: position)
      position += size
      stream.pointee.next_in = chunk.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_in = UInt32(size)
    }
    stream.pointee.next_out = target?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(count)
    let code = inflate(stream, Z_NO_FLUSH)
    let made = count - Int(stream.pointee.avail_out)
    produced += made
    switch code {
    case Z_OK: break
    case Z_STREAM_END:
      // A gzip file may be several, one after the other.
      if container == .gzip, stream.pointee.avail_in > 0 || position < end {
        inflateReset(stream)
      } else {
        isAtEnd = true
      }
    case Z_BUF_ERROR where stream.pointee.avail_in == 0 && position < end: break
    case Z_BUF_ERROR:
      throw source.corrupt("\(what)the compressed data end early, after \(produced) bytes")
    case Z_MEM_ERROR:
      throw TensorError(
        .outOfMemory, source.operation, "\(source.path): \(what)zlib has no memory", code: code)
    default:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)"
      throw source.corrupt("\(what)the compressed data are damaged: \(reason)")
    }
    return made
  }
}

/// What deflate makes of `bytes`, without a header.
func deflated(_ bytes: [UInt8], operation: String) throws(TensorError) -> [UInt8] {
  func failed(_ code: Int32) -> TensorError {
    TensorError(.outOfMemory, operation, "zlib cannot compress \(bytes.count) bytes", code: code)
  }
  // zlib checks that its state stays where it was made.
  let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  stream.initialize(to: z_stream())
  defer { stream.deallocate() }
  let code = deflateInit2_(
    stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  guard code == Z_OK else { throw failed(code) }
  defer { deflateEnd(stream) }
  guard let length = UInt32(exactly: bytes.count) else {
    throw TensorError(.argument, operation, "\(bytes.count) bytes are too many to compress")
  }
  let capacity = Int(deflateBound(stream, UInt(bytes.count)))
  var result = Z_OK
  let compressed = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
    bytes.withUnsafeBytes { bytes in
      let start = bytes.bindMemory(to: UInt8.self).baseAddress
      stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
      stream.pointee.avail_in = length
      stream.pointee.next_out = buffer.baseAddress
      stream.pointee.avail_out = UInt32(clamping: capacity)
      result = deflate(stream, Z_FINISH)
      initialized = capacity - Int(stream.pointee.avail_out)
    }
  }
  guard result == Z_STREAM_END else { throw failed(result) }
  return compressed
}
