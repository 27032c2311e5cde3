internal import Backends
public import Geometry

/// A Swift type that tensors can be made of and read as.
public protocol TensorScalar: Sendable {
  static var scalarType: ScalarType { get }
}

extension Float: TensorScalar { public static var scalarType: ScalarType { .float32 } }
extension Double: TensorScalar { public static var scalarType: ScalarType { .float64 } }
extension Float16: TensorScalar { public static var scalarType: ScalarType { .float16 } }
extension Int32: TensorScalar { public static var scalarType: ScalarType { .int32 } }
extension Int64: TensorScalar { public static var scalarType: ScalarType { .int64 } }
extension UInt8: TensorScalar { public static var scalarType: ScalarType { .uint8 } }
extension Bool: TensorScalar { public static var scalarType: ScalarType { .bool } }

extension Tensor {
  /// A scalar. Beside another tensor it takes that one's scalar type and device.
  public init(_ value: Double, as type: ScalarType = .float32) {
    self = .constant(value, [], type, (Device.scoped ?? .cpu).place)
  }

  /// `scalars` in row-major order; float32, as literals without a type are.
  public init(
    _ scalars: [Float], shape: Shape, on device: Device? = nil
  ) throws(TensorError) {
    try self.init(elements: scalars, shape, device)
  }

  /// `scalars` in row-major order, with their own scalar type.
  // Without the attribute a literal with a decimal point would make a float64 tensor.
  @_disfavoredOverload
  public init<Scalar: TensorScalar>(
    _ scalars: [Scalar], shape: Shape, on device: Device? = nil
  ) throws(TensorError) {
    try self.init(elements: scalars, shape, device)
  }

  private init<Scalar: TensorScalar>(
    elements: [Scalar], _ shape: Shape, _ device: Device?
  ) throws(TensorError) {
    let shape = try shape.validated(in: "tensor")
    guard elements.count == shape.count else {
      throw TensorError(
        .shape, "tensor", "\(elements.count) scalars do not fill \(shape), which has \(shape.count)"
      )
    }
    let result: Result<Tensor, TensorError> = elements.withUnsafeBytes { bytes in
      do throws(TensorError) {
        return .success(try Tensor(bytes: bytes, shape: shape, as: Scalar.scalarType, on: device))
      } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// The elements that `bytes` hold in row-major order, copied.
  public init(
    bytes: UnsafeRawBufferPointer, shape: Shape, as type: ScalarType, on device: Device? = nil
  ) throws(TensorError) {
    let shape = try shape.validated(in: "tensor")
    guard bytes.count == shape.count * type.byteCount else {
      throw TensorError(
        .shape, "tensor", "\(bytes.count) bytes are not \(shape) of \(type)")
    }
    let place = try Device.resolved(device).place
    let backend = try place.backend
    let buffer = try backend.memory.allocate(byteCount: bytes.count)
    if bytes.count > 0 { try backend.write(bytes, to: Binding(buffer)) }
    node = Node(LeafOperation.shared, shape, type, place, memory: Memory(buffer))
  }

  /// All elements `value`. Takes no memory until it must.
  public static func full(
    _ value: Double, _ shape: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    constant(value, try shape.validated(in: "full"), type, try Device.resolved(device).place)
  }

  /// All elements 0.
  public static func zeros(
    _ shape: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    constant(0, try shape.validated(in: "zeros"), type, try Device.resolved(device).place)
  }

  /// All elements 1.
  public static func ones(
    _ shape: Shape, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    constant(1, try shape.validated(in: "ones"), type, try Device.resolved(device).place)
  }

  /// `start`, `start + step`, … up to but not including `end`.
  public static func arange(
    _ start: Double, _ end: Double, step: Double = 1, as type: ScalarType = .float32,
    on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    let count = ((end - start) / step).rounded(.up)
    guard step != 0, count.isFinite, count <= Double(Int32.max), type != .bool else {
      throw TensorError(
        .argument, "arange", "from \(start) to \(end) by \(step) as \(type) is no range")
    }
    let index = try coordinates([Swift.max(0, Int(count))], axis: 0, device)
    return try ramp(index, start, step, type)
  }

  /// `count` numbers from `start` to `end`, both included, evenly spaced.
  public static func linspace(
    _ start: Double, _ end: Double, count: Int, as type: ScalarType = .float32,
    on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    guard count >= 0, count <= Int(Int32.max), start.isFinite, end.isFinite, type.isFloatingPoint
    else {
      throw TensorError(
        .argument, "linspace", "\(count) numbers from \(start) to \(end) as \(type) is no range")
    }
    let index = try coordinates([count], axis: 0, device)
    return try ramp(index, start, count > 1 ? (end - start) / Double(count - 1) : 0, type)
  }

  /// `start + index · step`: for integers exactly.
  private static func ramp(
    _ index: Tensor, _ start: Double, _ step: Double, _ type: ScalarType
  ) throws(TensorError) -> Tensor {
    let isExact = start == start.rounded() && step == step.rounded()
    if !type.isFloatingPoint, !isExact {
      return try (index.cast(to: .float32) * step + start).cast(to: type)
    }
    return try index.cast(to: type) * Tensor(step, as: type) + Tensor(start, as: type)
  }

  /// Ones on the main diagonal, zeros elsewhere.
  public static func eye(
    _ rows: Int, _ columns: Int? = nil, as type: ScalarType = .float32, on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    let shape = try Shape([rows, columns ?? rows]).validated(in: "eye")
    let row = try coordinates(shape, axis: 0, device)
    let column = try coordinates(shape, axis: 1, device)
    return try equal(row, column).cast(to: type)
  }

  /// Ones on and below the diagonal that many places right of the main one, or on and above it.
  public static func triangle(
    _ rows: Int, _ columns: Int? = nil, diagonal: Int = 0, upper: Bool = false,
    as type: ScalarType = .bool, on device: Device? = nil
  ) throws(TensorError) -> Tensor {
    let shape = try Shape([rows, columns ?? rows]).validated(in: "triangle")
    guard diagonal.magnitude <= UInt(Int32.max) / 2 else {
      throw TensorError(.argument, "triangle", "diagonal \(diagonal) is outside any matrix")
    }
    let row = try coordinates(shape, axis: 0, device) + Double(diagonal)
    let column = try coordinates(shape, axis: 1, device)
    return try (upper ? lessEqual(row, column) : lessEqual(column, row)).cast(to: type)
  }

  /// The last two axes with zeros above the diagonal that many places right of the main one.
  public func lowerTriangle(diagonal: Int = 0) throws(TensorError) -> Tensor {
    try triangular(diagonal, upper: false, "lowerTriangle")
  }

  /// The last two axes with zeros below the diagonal that many places right of the main one.
  public func upperTriangle(diagonal: Int = 0) throws(TensorError) -> Tensor {
    try triangular(diagonal, upper: true, "upperTriangle")
  }

  private func triangular(
    _ diagonal: Int, upper: Bool, _ name: String
  ) throws(TensorError) -> Tensor {
    guard rank >= 2 else {
      throw TensorError(.shape, name, "needs two axes or more", operands: [info])
    }
    let mask = try Tensor.triangle(
      shape[rank - 2], shape[rank - 1], diagonal: diagonal, upper: upper, on: device)
    return try select(mask, self, scalar(0))
  }

  /// The index of each element along one axis, an int32.
  static func coordinates(
    _ shape: Shape, axis: Int, _ device: Device?
  ) throws(TensorError) -> Tensor {
    let place = try Device.resolved(device).place
    return try Tensor(recording: Node(CoordinateOperation(axis), shape, .int32, place))
  }
}

/// The index of each element along one axis.
final class CoordinateOperation: ElementwiseOperation, @unchecked Sendable {
  let axis: Int

  init(_ axis: Int) {
    self.axis = axis
    super.init(.coordinate, "coordinate")
  }

  override func describe(into key: inout Key) { key.append(axis) }
}
