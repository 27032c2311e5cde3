internal import CPNG
public import Geometry

/// Reads PNG files through libpng.
///
/// Palettes become RGB, fewer than 8 bits become 8, a transparent colour becomes alpha.
enum PNGReader {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func read(_ bytes: [UInt8], name: String) throws(TensorError) -> Picture {
    let memory = UnsafeMutablePointer<png_memory>.allocate(capacity: 1)
    memory.initialize(to: png_memory())
    defer {
      png_memory_close(memory)
      memory.deallocate()
    }
    func corrupt(_ problem: String) -> TensorError {
      TensorError(.corruptFile, "Picture", "\(name): \(problem)")
    }
    var failure: TensorError?
    var samples: [UInt8] = []
    bytes.withUnsafeBufferPointer { file in
      do throws(TensorError) {
        guard png_memory_open(memory, file.baseAddress, file.count) == 1 else {
          throw corrupt(text(of: memory.pointee.message))
        }
        let count = try checkedByteCount(memory.pointee, file.count, name)
        samples = try filledBytes(count) { target throws(TensorError) in
          guard
            png_memory_read(memory, target.baseAddress?.assumingMemoryBound(to: UInt8.self)) == 1
          else { throw corrupt(text(of: memory.pointee.message)) }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Picture(
      checked: samples, width: Int(memory.pointee.width), height: Int(memory.pointee.height),
      channels: Int(memory.pointee.channels), depth: Int(memory.pointee.depth))
  }

  /// The size of the samples, if the file can hold them.
  private static func checkedByteCount(
    _ header: png_memory, _ fileByteCount: Int, _ name: String
  ) throws(TensorError) -> Int {
    let (width, height) = (Int(header.width), Int(header.height))
    let size = "\(height) rows of \(width) pixels"
    let (encoded, overflow) = Int(header.encoded_row_byte_count)
      .multipliedReportingOverflow(by: height)
    guard !overflow, InflateStream.isPossible(encoded, from: fileByteCount) else {
      throw TensorError(
        .corruptFile, "Picture", "\(name): \(fileByteCount) bytes cannot hold \(size)")
    }
    guard
      let count = Picture.byteCount(width, height, Int(header.channels), Int(header.depth)),
      count == height * Int(header.row_byte_count)
    else {
      throw TensorError(.unsupportedFile, "Picture", "\(name): \(size) are more than a gibibyte")
    }
    return count
  }
}

extension Picture {
  /// The picture as a PNG file. The samples have 8 bits.
  public func encodedPNG() throws(TensorError) -> [UInt8] {
    guard depth == 8 else {
      throw TensorError(
        .argument, "Picture.encodedPNG", "samples of \(depth) bits, 8 are written",
        hint: "withEightBits takes the upper ones")
    }
    let output = UnsafeMutablePointer<png_output>.allocate(capacity: 1)
    output.initialize(to: png_output())
    defer {
      free(output.pointee.bytes)
      output.deallocate()
    }
    let isWritten = bytes.withUnsafeBufferPointer { samples in
      png_output_write(
        output, samples.baseAddress, UInt32(width), UInt32(height), Int32(channels))
    }
    guard isWritten == 1 else {
      throw TensorError(
        .argument, "Picture.encodedPNG", text(of: output.pointee.message))
    }
    return Array(UnsafeBufferPointer(start: output.pointee.bytes, count: output.pointee.count))
  }

  /// Writes the picture to a PNG file that appears at once and whole, or not at all.
  public func writePNG(to path: String) throws(TensorError) {
    let bytes = try encodedPNG()
    let file = try OutputFile(replacing: path, operation: "Picture.writePNG")
    try file.write(bytes)
    try file.commit()
  }
}

/// The text in an array of C characters.
func text<Characters>(of characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
