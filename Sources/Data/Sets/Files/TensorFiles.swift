public import Formats
public import Geometry
public import Tensors

extension Tensor {
  /// The array in the npy file at `path`.
  ///
  ///     let weights = try Tensor(npy: "weights.npy")
  public init(npy path: String, on device: Device? = nil) throws(TensorError) {
    try self.init(try NPY(path: path), on: device)
  }

  /// The elements of an array that was read from a file.
  public init(_ array: NPY, on device: Device? = nil) throws(TensorError) {
    self = try tensor(array.bytes, array.shape, array.scalarType, device)
  }

  /// Writes the elements to an npy file that appears at once and whole, or not at all.
  public func writeNPY(to path: String) throws(TensorError) {
    try npy().write(to: path)
  }

  fileprivate func npy() throws(TensorError) -> NPY {
    try NPY(try bytes(), scalarType: scalarType, shape: shape)
  }
}

/// The tensors in the npz or safetensors file at `path`, told apart by how their names end.
///
///     let weights = try readTensors(from: "weights.safetensors")
///     print(weights["dense.kernel"]?.shape as Any)
public func readTensors(
  from path: String, on device: Device? = nil
) throws(TensorError) -> [String: Tensor] {
  var tensors: [String: Tensor] = [:]
  switch try TensorFileFormat(path, operation: "readTensors") {
  case .npz:
    let file = try NPZFile(path: path)
    for name in file.names { tensors[name] = try Tensor(try file.array(name), on: device) }
  case .safetensors:
    try readSafetensors(try SafetensorsFile(path: path), device) { tensors[$0] = $1 }
  }
  return tensors
}

/// Writes tensors to an npz or safetensors file, by how its name ends, that appears at once and
/// whole, or not at all. `compressed` deflates the arrays of an npz file, and changes nothing of
/// a safetensors file.
public func writeTensors(
  _ tensors: [String: Tensor], to path: String, compressed: Bool = false
) throws(TensorError) {
  let sorted = tensors.sorted { $0.key < $1.key }
  switch try TensorFileFormat(path, operation: "writeTensors") {
  case .npz:
    var arrays: [(name: String, array: NPY)] = []
    for (name, tensor) in sorted { arrays.append((name, try tensor.npy())) }
    try writeNPZ(arrays, compressed: compressed, to: path)
  case .safetensors:
    let entries = sorted.map {
      SafetensorsEntry(name: $0.key, scalarType: $0.value.scalarType, shape: $0.value.shape)
    }
    try writeSafetensors(entries, to: path) { (entry) throws(TensorError) in
      guard let tensor = tensors[entry.name] else { return [] }
      return try tensor.bytes()
    }
  }
}

/// Reads one tensor after the other into the same memory, from where it goes to the device.
private func readSafetensors(
  _ file: SafetensorsFile, _ device: Device?, _ use: (String, Tensor) -> Void
) throws(TensorError) {
  var entries: [SafetensorsEntry] = []
  for name in file.names { entries.append(try file.entry(name)) }
  let largest = entries.map(\.byteCount).max() ?? 0
  let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: largest, alignment: 64)
  defer { memory.deallocate() }
  for entry in entries {
    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory[..<entry.byteCount])
    try file.read(entry.name, into: bytes)
    use(
      entry.name,
      try Tensor(
        bytes: UnsafeRawBufferPointer(bytes), shape: entry.shape, as: entry.scalarType, on: device))
  }
}

private enum TensorFileFormat {
  case npz, safetensors

  init(_ path: String, operation: String) throws(TensorError) {
    if path.hasSuffix(".npz") {
      self = .npz
    } else if path.hasSuffix(".safetensors") {
      self = .safetensors
    } else {
      throw TensorError(
        .unsupportedFile, operation, "'\(path)' ends neither in .npz nor in .safetensors",
        hint: path.hasSuffix(".npy") ? "Tensor(npy:) and writeNPY(to:) are for one array" : nil)
    }
  }
}

private func tensor(
  _ bytes: [UInt8], _ shape: Shape, _ type: ScalarType, _ device: Device?
) throws(TensorError) -> Tensor {
  let result: Result<Tensor, TensorError> = bytes.withUnsafeBytes { bytes in
    do throws(TensorError) {
      return .success(try Tensor(bytes: bytes, shape: shape, as: type, on: device))
    } catch { return .failure(error) }
  }
  return try result.get()
}
