internal import Formats
internal import Geometry
internal import Tensors

/// A workload as a file describes it: a name, a kind, and the sizes that the kind needs.
struct Workload {
  let name: String
  let kind: String
  private let members: [String: JSON]

  /// The workloads listed in a JSON file.
  static func list(ofFile path: String) throws(TensorError) -> [Workload] {
    let bytes = try contents(ofFile: path, limit: 16 << 20, in: "workloads")
    let file = try JSON(parsing: bytes, source: path, in: "workloads")
    guard let list = file.object?["workloads"]?.array else {
      throw TensorError(.corruptFile, "workloads", "\(path): there is no list \"workloads\"")
    }
    var workloads: [Workload] = []
    for (index, entry) in list.enumerated() {
      guard let members = entry.object, let name = members["name"]?.string,
        let kind = members["kind"]?.string
      else {
        throw TensorError(
          .corruptFile, "workloads", "\(path): workload \(index) has no name or no kind")
      }
      workloads.append(Workload(name: name, kind: kind, members: members))
    }
    return workloads
  }

  /// Makes the data of the workload on the current device.
  func prepared() throws -> PreparedWorkload {
    guard let prepare = Self.kinds[kind] else { throw unsupported("unknown kind \"\(kind)\"") }
    return try withSeed(1) { try prepare(self) }
  }

  private static let kinds: [String: @Sendable (Workload) throws -> PreparedWorkload] = [
    "gemm": matrixProduct, "bgemm": matrixProducts, "elementwise": elementwise, "pool": pooling,
    "batchnorm": batchNormalization, "lstm": longShortTermMemory, "reduce": reduction,
    "optimizer": optimizer, "train": training, "embedding": embedding, "softmax_ce": crossEntropy,
    "conv2d": convolution,
  ]

  func unsupported(_ problem: String) -> TensorError {
    TensorError(.argument, "bench", problem)
  }
}

// Members
extension Workload {
  /// A size: an integer from 1 on.
  func size(_ key: String) throws(TensorError) -> Int {
    guard let value = members[key] else { throw unsupported("\(kind) needs \"\(key)\"") }
    guard let size = value.integer, size >= 1, size <= Int(Int32.max) else {
      throw unsupported("\(key) is \(value), not a size")
    }
    return size
  }

  /// A size that may be absent.
  func size(_ key: String, ifAbsent usual: Int) throws(TensorError) -> Int {
    members[key] == nil ? usual : try size(key)
  }

  /// A choice of 0 and 1 that may be absent.
  func flag(_ key: String) throws(TensorError) -> Bool {
    switch members[key] {
    case nil, .integer(0), .bool(false): return false
    case .integer(1), .bool(true): return true
    case let value?: throw unsupported("\(key) is \(value), not 0 or 1")
    }
  }

  func integer(_ key: String) throws(TensorError) -> Int {
    guard let integer = members[key]?.integer else {
      throw unsupported("\(kind) needs an integer \"\(key)\"")
    }
    return integer
  }

  func string(_ key: String) throws(TensorError) -> String {
    guard let string = members[key]?.string else {
      throw unsupported("\(kind) needs a string \"\(key)\"")
    }
    return string
  }

  /// Normally distributed numbers on the current device, computed.
  func random(_ shape: Shape) throws(TensorError) -> Tensor {
    let tensor = try Tensor.normal(shape)
    try evaluate(tensor)
    return tensor
  }
}
