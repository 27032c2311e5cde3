public import Geometry

/// Writes a safetensors file that appears at once and whole, or not at all.
///
/// The same tensors and metadata give the same bytes. `bytes` gives the little-endian, row-major
/// elements of one entry at a time, so that a model need not be in memory twice.
///
/// - Throws: `TensorError`: `argument` for names that a file cannot have, `io` if the file cannot
///   be written, and whatever `bytes` throws. The file at `path` is then as it was.
public func writeSafetensors(
  _ entries: [SafetensorsEntry], metadata: [String: String] = [:], to path: String,
  bytes: (SafetensorsEntry) throws(TensorError) -> [UInt8]
) throws(TensorError) {
  let operation = "writeSafetensors"
  // Wide elements first: then every tensor starts at a multiple of its item size.
  let entries = entries.sorted {
    ($1.scalarType.byteCount, $0.name) < ($0.scalarType.byteCount, $1.name)
  }
  let header = try headerText(entries, metadata, path, operation)

  let file = try OutputFile(replacing: path, operation: operation)
  var length = UInt64(header.count).littleEndian
  try file.write(withUnsafeBytes(of: &length) { Array($0) })
  try file.write(header)
  for entry in entries {
    let elements = try bytes(entry)
    guard elements.count == entry.byteCount else {
      throw TensorError(
        .argument, operation,
        "\(path): tensor \(quoted(entry.name)): \(elements.count) bytes, expected "
          + "\(entry.byteCount)")
    }
    try file.write(elements)
  }
  try file.commit()
}

private func headerText(
  _ entries: [SafetensorsEntry], _ metadata: [String: String], _ path: String, _ operation: String
) throws(TensorError) -> [UInt8] {
  var members: [(String, JSON)] = []
  if !metadata.isEmpty {
    members.append(("__metadata__", .object(metadata.mapValues { .string($0) })))
  }
  var seen: Set<[UInt8]> = []
  var offset = 0
  for entry in entries {
    _ = try entry.shape.validated(in: operation)
    guard seen.insert(Array(entry.name.utf8)).inserted, entry.name != "__metadata__",
      entry.name.utf8.count <= SafetensorsHeader.maximumNameByteCount
    else {
      throw TensorError(
        .argument, operation,
        "\(path): a tensor cannot be called \(quoted(entry.name)): "
          + "names are unique, not __metadata__, and have at most "
          + "\(SafetensorsHeader.maximumNameByteCount) bytes")
    }
    let (end, overflow) = offset.addingReportingOverflow(entry.byteCount)
    guard !overflow else {
      throw TensorError(.argument, operation, "\(path): more bytes than a file can have")
    }
    members.append(
      (
        entry.name,
        .object([
          "dtype": .string(entry.scalarType.safetensorsName),
          "shape": .array(entry.shape.map { .integer($0) }),
          "data_offsets": .array([.integer(offset), .integer(end)]),
        ])
      ))
    offset = end
  }
  guard entries.count <= SafetensorsHeader.maximumTensorCount,
    metadata.count <= SafetensorsHeader.maximumMetadataCount
  else {
    throw TensorError(.argument, operation, "\(path): \(entries.count) tensors are too many")
  }
  var header = Array(JSON.line(members).utf8)
  while header.count % 8 != 0 { header.append(0x20) }
  guard header.count <= SafetensorsHeader.maximumByteCount else {
    throw TensorError(.argument, operation, "\(path): a header of \(header.count) bytes")
  }
  return header
}
