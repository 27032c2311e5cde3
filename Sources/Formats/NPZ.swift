public import Geometry

/// An npz file opened for reading: named arrays in a zip archive, stored or deflated.
///
/// The directory of the archive is checked when the file is opened, an array and its checksum when
/// it is asked for. Nothing is allocated before its size has been compared with the file's; what a
/// deflated array declares is compared with what deflate can make of its bytes.
///
///     let file = try NPZFile(path: "weights.npz")
///     for name in file.names { print(name, try file.array(name).shape) }
public final class NPZFile: Sendable {
  private let archive: ZipDirectory

  /// - Throws: `TensorError`: `io` if the file cannot be read, `corruptFile` if it breaks the rules
  ///   of the format, `unsupportedFile` for archives that are encrypted or in several files.
  public convenience init(path: String) throws(TensorError) {
    try self.init(InputFile(path: path, operation: "NPZFile"))
  }

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public convenience init(_ bytes: [UInt8], name: String) throws(TensorError) {
    try self.init(BytesInMemory(bytes: bytes, path: name, operation: "NPZFile"))
  }

  private init(_ source: any ByteSource) throws(TensorError) {
    archive = try ZipDirectory(source)
  }

  public var path: String { archive.source.path }

  /// The names of the arrays, in the order of the archive. What does not end in `.npy` is no array.
  public var names: [String] {
    archive.entries.compactMap { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : nil }
  }

  public func contains(_ name: String) -> Bool { archive.index["\(name).npy"] != nil }

  /// The array called `name`.
  public func array(_ name: String) throws(TensorError) -> NPY {
    guard let index = archive.index["\(name).npy"] else {
      throw TensorError(
        .argument, "NPZFile", "\(path): there is no array \(quoted(name))")
    }
    let reader = try ZipEntryReader(archive.source, archive.entries[index])
    let array = try NPY(reader)
    try reader.finish()
    return array
  }
}

/// Writes `arrays` to an npz file that appears at once and whole, or not at all. They are deflated
/// if `compressed`, otherwise stored.
///
/// - Throws: `TensorError`: `argument` for names that are not unique and arrays that do not fit a
///   zip archive of 4 GiB, `io` if the file cannot be written. The file at `path` is then as it
///   was.
public func writeNPZ(
  _ arrays: KeyValuePairs<String, NPY>, compressed: Bool = false, to path: String
) throws(TensorError) {
  try writeNPZ(arrays.map { ($0.key, $0.value) }, compressed: compressed, to: path)
}

/// Writes `arrays`, in their order, to an npz file that appears at once and whole, or not at all.
public func writeNPZ(
  _ arrays: [(name: String, array: NPY)], compressed: Bool = false, to path: String
) throws(TensorError) {
  let operation = "writeNPZ"
  var names: Set<[UInt8]> = []
  for (name, _) in arrays {
    guard names.insert(Array(name.utf8)).inserted, name.utf8.count <= 65_000, !name.isEmpty else {
      throw TensorError(
        .argument, operation,
        "\(path): an array cannot be called \(quoted(name)): names are unique, not empty, and have "
          + "at most 65000 bytes")
    }
  }
  guard arrays.count < 0xFFFF else {
    throw TensorError(.argument, operation, "\(path): \(arrays.count) arrays are too many")
  }
  let file = try OutputFile(replacing: path, operation: operation)
  var directory: [UInt8] = []
  var offset = 0
  for (name, array) in arrays {
    let contents = try array.encodedHeader(operation: operation) + array.bytes
    let stored = compressed ? try deflated(contents, operation: operation) : contents
    let fields = ZipFields(
      name: "\(name).npy", isDeflated: compressed, checksum: CRC32.checksum(contents),
      storedByteCount: stored.count, byteCount: contents.count, offset: offset)
    let header = fields.localHeader
    offset += header.count + stored.count
    guard offset < Int(UInt32.max), contents.count < Int(UInt32.max) else {
      throw TensorError(
        .argument, operation, "\(path): array \(quoted(name)) ends after 4 GiB of the archive",
        hint: "write safetensors, or several files")
    }
    try file.write(header)
    try file.write(stored)
    directory += fields.directoryHeader
  }
  guard offset + directory.count < Int(UInt32.max) else {
    throw TensorError(.argument, operation, "\(path): the archive is longer than 4 GiB")
  }
  try file.write(directory)
  try file.write(
    ZipFields.end(count: arrays.count, directoryByteCount: directory.count, offset: offset))
  try file.commit()
}
