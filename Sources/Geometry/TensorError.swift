/// What a failed operation says: which operation, on what operands, what was expected.
///
/// Every throwing function of the library throws this type and no other.
public struct TensorError: Error, Sendable, CustomStringConvertible {
  /// The families of mistakes; each maps to an exit code of the `apus` command.
  @nonexhaustive public enum Kind: String, Sendable {
    case shape, dtype, argument, index, device, deviceLost, outOfMemory, kernelBuild
    case corruptFile, unsupportedFile, io, numeric, nondeterministic, cancelled
  }

  /// The family of the mistake.
  public let kind: Kind
  /// The function that was called, as the caller spells it: `matmul`.
  public let operation: String
  /// What is wrong, in the caller's words, with the values that show it.
  public let detail: String
  /// What to do about it, where that can be known.
  public let hint: String?
  /// Shape, scalar type and device of every operand.
  public let operands: [TensorInfo]
  /// The layer that called the operation, as a path: `encoder.3.attention.query`.
  public private(set) var path: String
  /// The module that the path starts at, while the error is on its way out of the model.
  package var origin: ObjectIdentifier?
  /// The code of the system call or OpenCL call that failed.
  public let code: Int32?

  /// An error, worded as the operation's caller would.
  public init(
    _ kind: Kind, _ operation: String, _ detail: String, operands: [TensorInfo] = [],
    hint: String? = nil, code: Int32? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.detail = detail
    self.hint = hint
    self.operands = operands
    self.path = ""
    self.code = code
  }

  /// Puts the way to the module that the path starts at in front of it.
  package mutating func prefix(_ part: String) {
    path = part.isEmpty || path.isEmpty ? part + path : "\(part).\(path)"
  }

  /// `path: operation: detail: operands (hint)`
  public var description: String {
    var text = path.isEmpty ? "" : "\(path): "
    text += "\(operation): \(detail)"
    if !operands.isEmpty { text += ": " + operands.map(\.description).joined(separator: " and ") }
    if let hint { text += " (\(hint))" }
    return text
  }
}

/// What an error tells of an operand.
public struct TensorInfo: Hashable, Sendable, CustomStringConvertible {
  public let name: String
  /// The extents of the operand.
  public let shape: Shape
  public let scalarType: ScalarType
  /// The device that it is on, by name.
  public let device: String

  /// What an error is to tell of an operand.
  public init(name: String = "", shape: Shape, scalarType: ScalarType, device: String) {
    self.name = name
    self.shape = shape
    self.scalarType = scalarType
    self.device = device
  }

  /// `weight [3, 4] float32 on cpu`
  public var description: String {
    "\(name.isEmpty ? "" : name + " ")\(shape) \(scalarType) on \(device)"
  }
}
