internal import Formats
internal import Geometry
internal import Tensors

/// A safetensors file with a version, and a checksum of each tensor and of all that is said of
/// them.
///
/// The metadata has `format` (`apus-weights` or `apus-checkpoint`), `version` (`1`), `checksums`, a
/// JSON object with the CRC-32 of each tensor's bytes, `checksum`, that of the header itself, and
/// what the kind of file adds. A file without `format` is anybody's safetensors: it has no
/// checksums.
struct TensorFile {
  enum Kind: String {
    case weights = "apus-weights"
    case checkpoint = "apus-checkpoint"
  }

  static let version = "1"

  /// nil for a file that was written by something else.
  let kind: Kind?
  private let file: SafetensorsFile
  private let checksums: [String: String]

  var path: String { file.path }
  var names: [String] { file.names }
  var metadata: [String: String] { file.metadata }

  /// - Throws: `TensorError` of kind `corruptFile` if the header is not what was written,
  ///   `unsupportedFile` if it is of another version.
  init(path: String) throws(TensorError) {
    file = try SafetensorsFile(path: path)
    let metadata = file.metadata
    // A header that was damaged in one place still has the other keys.
    guard ["format", "version", "checksum", "checksums"].filter({ metadata[$0] != nil }).count > 1
    else {
      kind = nil
      checksums = [:]
      return
    }
    func corrupt(_ detail: String) -> TensorError {
      TensorError(.corruptFile, "load", "\(path): \(detail)")
    }
    guard let version = metadata["version"], let checksum = metadata["checksum"],
      let list = metadata["checksums"], let format = metadata["format"]
    else { throw corrupt("the header lacks format, version, checksum or checksums") }
    var entries: [SafetensorsEntry] = []
    for name in file.names { entries.append(try file.entry(name)) }
    guard CRC32.text(Self.signed(metadata, entries)) == checksum else {
      throw corrupt("the header does not have its checksum \(checksum)")
    }
    guard version == Self.version, let kind = Kind(rawValue: format) else {
      throw TensorError(
        .unsupportedFile, "load",
        "\(path): \(format) in version \(version), this reads version \(Self.version)")
    }
    self.kind = kind
    let found = try JSON(parsing: list, source: "\(path): checksums", in: "load").object ?? [:]
    checksums = found.compactMapValues(\.string)
    guard checksums.count == entries.count else {
      throw corrupt("\(checksums.count) checksums for \(entries.count) tensors")
    }
  }

  func entry(_ name: String) throws(TensorError) -> SafetensorsEntry { try file.entry(name) }

  /// The elements of a tensor, as they were written.
  func bytes(_ name: String) throws(TensorError) -> [UInt8] {
    let bytes = try file.bytes(name)
    if kind != nil {
      let found = CRC32.text(bytes)
      guard let expected = checksums[name], found == expected else {
        throw TensorError(
          .corruptFile, "load",
          "\(path): tensor \"\(name)\" has the checksum \(found), "
            + "\(checksums[name] ?? "none") was written")
      }
    }
    return bytes
  }

  /// A tensor on a device.
  func tensor(_ name: String, on device: Device) throws(TensorError) -> Tensor {
    let entry = try file.entry(name)
    let bytes = try bytes(name)
    let result: Result<Tensor, TensorError> = bytes.withUnsafeBytes { bytes in
      do throws(TensorError) {
        return .success(
          try Tensor(bytes: bytes, shape: entry.shape, as: entry.scalarType, on: device))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// Reads every tensor and compares its checksum.
  func verify() throws(TensorError) { for name in names { _ = try bytes(name) } }

  /// Writes `tensors`, from whatever device, so that the file appears at once and whole.
  static func write(
    _ kind: Kind, _ tensors: [String: Tensor], metadata added: [String: String] = [:],
    to path: String
  ) throws(TensorError) {
    try evaluate(Array(tensors.values))
    var entries: [SafetensorsEntry] = []
    var elements: [String: [UInt8]] = [:]
    var checksums: [String: JSON] = [:]
    for (name, tensor) in tensors {
      entries.append(
        SafetensorsEntry(name: name, scalarType: tensor.scalarType, shape: tensor.shape))
      let bytes = try tensor.bytes()
      checksums[name] = .string(CRC32.text(bytes))
      elements[name] = bytes
    }
    var metadata = added
    metadata["format"] = kind.rawValue
    metadata["version"] = version
    metadata["checksums"] = JSON.object(checksums).description
    metadata["checksum"] = CRC32.text(signed(metadata, entries))
    try writeSafetensors(entries, metadata: metadata, to: path) { (entry) throws(TensorError) in
      elements[entry.name] ?? []
    }
  }

  /// What the checksum of the header is taken of: lines of its metadata and tensors, sorted.
  private static func signed(
    _ metadata: [String: String], _ entries: [SafetensorsEntry]
  ) -> [UInt8] {
    var text = ""
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) where key != "checksum" {
      text += "\(key)=\(value)\n"
    }
    for entry in entries.sorted(by: { $0.name < $1.name }) {
      text += "\(entry.name) \(entry.scalarType) \(entry.shape)\n"
    }
    return Array(text.utf8)
  }
}
