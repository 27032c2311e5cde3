public import Geometry
internal import Glibc

extension InputFile {
  /// Runs `body` with the bytes of `range` as they lie in the system's cache of the file.
  ///
  /// The file may not get shorter meanwhile: reading what is gone ends the process.
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
    _ = madvise(mapping, length, MADV_WILLNEED)
    return try body(
      UnsafeRawBufferPointer(start: mapping + (range.lowerBound - start), count: range.count))
  }

  private func currentByteCount() throws(TensorError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw systemError(operation, "cannot examine \(quotedPath(path))")
    }
    return Int(status.st_size)
  }
}

extension SafetensorsFile {
  /// Runs `body` with the little-endian, row-major elements of the tensor called `name`, mapped
  /// from the file without a copy. The memory is gone when `body` returns.
  ///
  ///     let tensor = try file.withMappedBytes("dense.kernel") { try Tensor(bytes: $0, …) }
  ///
  /// Only for a file that no program shortens meanwhile, which would end the process; a file that
  /// is replaced, as this library does, stays as it was. `bytes(_:)` copies, and throws instead.
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
