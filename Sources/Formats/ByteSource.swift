package import Geometry

/// Bytes that a format is read from: a file, or an array that stands for one.
package protocol ByteSource: Sendable {
  /// What errors call it: the path of the file.
  var path: String { get }
  var operation: String { get }
  var byteCount: Int { get }

  /// Fills `target` with the bytes from `offset` on.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(TensorError)
}

extension ByteSource {
  /// The `count` bytes from `offset` on. The caller has compared `count` with the size.
  package func bytes(at offset: Int, count: Int) throws(TensorError) -> [UInt8] {
    try filledBytes(count) { target throws(TensorError) in try read(into: target, at: offset) }
  }

  func corrupt(_ problem: String) -> TensorError {
    TensorError(.corruptFile, operation, "\(path): \(problem)")
  }

  func unsupported(_ problem: String, hint: String? = nil) -> TensorError {
    TensorError(.unsupportedFile, operation, "\(path): \(problem)", hint: hint)
  }
}

/// The contents of a file that are in memory already.
struct BytesInMemory: ByteSource {
  let bytes: [UInt8]
  let path: String
  let operation: String

  var byteCount: Int { bytes.count }

  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws(TensorError) {
    guard offset <= bytes.count, target.count <= bytes.count - offset else {
      throw corrupt("ends at byte \(bytes.count), expected \(offset + target.count)")
    }
    bytes.withUnsafeBytes {
      target.copyMemory(from: .init(rebasing: $0[offset...].prefix(target.count)))
    }
  }
}

/// An array of `count` bytes that `fill` writes.
func filledBytes(
  _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(TensorError) -> Void
) throws(TensorError) -> [UInt8] {
  var failure: TensorError?
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    do throws(TensorError) {
      try fill(UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    } catch {
      failure = error
    }
  }
  if let failure { throw failure }
  return bytes
}
