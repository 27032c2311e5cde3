internal import CJPEG
internal import Geometry

/// Reads JPEG files through libjpeg: grey and colour, baseline and progressive.
enum JPEGReader {
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]

  /// No picture has more pixels a byte of its file: 32 × 32 pixels take at least nine bits, one a
  /// block, and a file of one scan in a progressive series no fewer.
  private static let largestRatio = 1024

  static func read(_ bytes: [UInt8], name: String) throws(TensorError) -> Picture {
    let memory = UnsafeMutablePointer<jpeg_memory>.allocate(capacity: 1)
    memory.initialize(to: jpeg_memory())
    defer {
      jpeg_memory_close(memory)
      memory.deallocate()
    }
    func failed() -> TensorError {
      TensorError(
        memory.pointee.is_unsupported == 1 ? .unsupportedFile : .corruptFile, "Picture",
        "\(name): \(text(of: memory.pointee.message))")
    }
    var failure: TensorError?
    var samples: [UInt8] = []
    bytes.withUnsafeBufferPointer { file in
      do throws(TensorError) {
        guard jpeg_memory_open(memory, file.baseAddress, file.count) == 1 else { throw failed() }
        let count = try checkedByteCount(memory.pointee, file.count, name)
        samples = try filledBytes(count) { target throws(TensorError) in
          guard
            jpeg_memory_read(memory, target.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
          else { throw failed() }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Picture(
      checked: samples, width: Int(memory.pointee.width), height: Int(memory.pointee.height),
      channels: Int(memory.pointee.channels), depth: 8)
  }

  private static func checkedByteCount(
    _ header: jpeg_memory, _ fileByteCount: Int, _ name: String
  ) throws(TensorError) -> Int {
    let (width, height) = (Int(header.width), Int(header.height))
    let size = "\(height) rows of \(width) pixels"
    guard width * height / largestRatio <= fileByteCount else {
      throw TensorError(
        .corruptFile, "Picture", "\(name): \(fileByteCount) bytes cannot hold \(size)")
    }
    guard let count = Picture.byteCount(width, height, Int(header.channels), 8) else {
      throw TensorError(.unsupportedFile, "Picture", "\(name): \(size) are more than a gibibyte")
    }
    return count
  }
}
