internal import CMapping
public import Geometry
internal import Glibc

extension InputFile {
  /// Runs `body` with the bytes of `range` as they lie in the system's cache of the file.
  ///
  /// Of a file that gets shorter meanwhile, what is gone reads as zeros, and the call throws.
  func withMappedBytes<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    guard !range.isEmpty else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard try currentByteCount() >= range.upperBound else {
      throw corrupt("has become shorter than \(range.upperBound) bytes")
    }
    let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = range.lowerBound / pageSize * pageSize
    let length = range.upperBound - start
    let mapping = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, off_t(start))
    guard let mapping, mapping != MAP_FAILED else {
      throw systemError(operation, "cannot map \(quotedPath(path))")
    }
    defer { munmap(mapping, length) }
    let watch = mapped_file_begin(mapping, length)
    guard watch >= 0 else {
      // More mappings at once than can be watched: a copy does as well.
      return try bytes(at: range.lowerBound, count: range.count).withBytes(body)
    }
    _ = madvise(mapping, length, MADV_WILLNEED)
    let result: Swift.Result<Result, TensorError>
    do throws(TensorError) {
      result = .success(
        try body(
          UnsafeRawBufferPointer(start: mapping + (range.lowerBound - start), count: range.count)))
    } catch { result = .failure(error) }
    // Of the last page that is left, what is gone reads as zeros without a signal.
    guard !mapped_file_end(watch), try currentByteCount() >= range.upperBound else {
      throw corrupt("has become shorter while it was read")
    }
    return try result.get()
  }

  private func currentByteCount() throws(TensorError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw systemError(operation, "cannot examine \(quotedPath(path))")
    }
    return Int(status.st_size)
  }
}

extension [UInt8] {
  /// The bytes in memory, for a function that throws errors of its own kind.
  fileprivate func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let result = withUnsafeBytes { bytes -> Swift.Result<Result, TensorError> in
      do throws(TensorError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

extension SafetensorsFile {
  /// Runs `body` with the little-endian, row-major elements of the tensor called `name`, mapped
  /// from the file without a copy. The memory is gone when `body` returns.
  ///
  ///     let tensor = try file.withMappedBytes("dense.kernel") { try Tensor(bytes: $0, …) }
  ///
  /// A file that is replaced meanwhile, as this library does, stays as it was. Of one that is
  /// shortened, what is gone reads as zeros, and the call throws `corruptFile` in the end.
  public func withMappedBytes<Result>(
    _ name: String, _ body: (UnsafeRawBufferPointer) throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    let entry = try entry(name)
    return try file.withMappedBytes(try place(name)) { bytes throws(TensorError) in
      if entry.scalarType == .bool, let position = bytes.firstIndex(where: { $0 > 1 }) {
        throw notABool(name, position, bytes[position])
      }
      return try body(bytes)
    }
  }
}
