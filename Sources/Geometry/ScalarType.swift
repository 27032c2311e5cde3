/// The type of a tensor's elements.
///
/// Arithmetic on `float16` and `bfloat16` is done in float32 and rounded after each operation.
public enum ScalarType: UInt8, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  case float32, float64, float16, bfloat16, int32, int64, uint8, bool

  /// The size of one element in memory.
  @inlinable public var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .bfloat16: 2
    case .uint8, .bool: 1
    }
  }

  /// Whether gradients can be taken with respect to elements of this type.
  @inlinable public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    case .int32, .int64, .uint8, .bool: false
    }
  }

  /// The type that arithmetic is done in: float32 for the two half-size types, else the type
  /// itself.
  @inlinable public var computeType: ScalarType {
    self == .float16 || self == .bfloat16 ? .float32 : self
  }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }
}
