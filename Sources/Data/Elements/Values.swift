public import Geometry
internal import Glibc
public import Tensors

/// Numbers in plain memory with a shape: what elements of data sets consist of before a batch of
/// them becomes a tensor.
///
/// Immutable. A row shares the memory of the whole, so that taking one costs nothing.
///
///     let pixels = try Values([0, 128, 255, 64] as [UInt8], shape: [2, 2, 1])
///     pixels.floats                                          // [0, 128, 255, 64]
public struct Values: Sendable {
  public let shape: Shape
  public let scalarType: ScalarType
  let memory: ValueMemory
  let start: Int

  init(memory: ValueMemory, start: Int, shape: Shape, as type: ScalarType) {
    self.memory = memory
    self.start = start
    self.shape = shape
    scalarType = type
  }

  /// `scalars` in row-major order; float32, as literals without a type are.
  public init(_ scalars: [Float], shape: Shape) throws(TensorError) {
    try self.init(elements: scalars, shape)
  }

  /// `scalars` in row-major order, with their own scalar type.
  @_disfavoredOverload
  public init<Scalar: TensorScalar>(_ scalars: [Scalar], shape: Shape) throws(TensorError) {
    try self.init(elements: scalars, shape)
  }

  /// A row of numbers, `[count]`; float32, as literals without a type are.
  public init(_ scalars: [Float]) {
    let memory = ValueMemory(byteCount: scalars.count * 4)
    scalars.withUnsafeBytes { memory.bytes.copyMemory(from: $0) }
    self.init(memory: memory, start: 0, shape: [scalars.count], as: .float32)
  }

  /// A single number, for instance a label.
  public init<Scalar: TensorScalar>(_ scalar: Scalar) {
    memory = ValueMemory(byteCount: Scalar.scalarType.byteCount)
    memory.bytes.storeBytes(of: scalar, as: Scalar.self)
    start = 0
    shape = []
    scalarType = Scalar.scalarType
  }

  /// The elements of `tensor`, computed if they have not been.
  public init(_ tensor: Tensor) throws(TensorError) {
    let bytes = try tensor.bytes()
    try self.init(shape: tensor.shape, as: tensor.scalarType) { $0.copyBytes(from: bytes) }
  }

  /// Memory that somebody else owns, for instance a mapped file; `owner` is kept as long as needed.
  public init(
    bytes: UnsafeRawBufferPointer, owner: any AnyObject & Sendable, shape: Shape,
    as type: ScalarType
  ) throws(TensorError) {
    let shape = try shape.validated(in: "values")
    guard bytes.count == shape.count * type.byteCount else {
      throw TensorError(.shape, "values", "\(bytes.count) bytes are not \(shape) of \(type)")
    }
    let address = UnsafeMutableRawBufferPointer(mutating: bytes)
    self.init(memory: ValueMemory(address, owner: owner), start: 0, shape: shape, as: type)
  }

  /// New memory that `fill` writes, all of it.
  public init(
    shape: Shape, as type: ScalarType, fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws(TensorError) {
    let shape = try shape.validated(in: "values")
    memory = try .large(byteCount: shape.count * type.byteCount)
    start = 0
    self.shape = shape
    scalarType = type
    do { try fill(memory.bytes) } catch { throw error.asTensorError }
  }

  private init<Scalar: TensorScalar>(elements: [Scalar], _ shape: Shape) throws(TensorError) {
    let shape = try shape.validated(in: "values")
    guard elements.count == shape.count else {
      throw TensorError(
        .shape, "values", "\(elements.count) scalars do not fill \(shape), which has \(shape.count)"
      )
    }
    try self.init(shape: shape, as: Scalar.scalarType) { target in
      elements.withUnsafeBytes { target.copyMemory(from: $0) }
    }
  }

  /// The number of elements.
  public var count: Int { shape.count }
  public var byteCount: Int { shape.count * scalarType.byteCount }

  /// Runs `body` with the elements as they lie in memory, row-major.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(memory) {} }
    return try body(UnsafeRawBufferPointer(rebasing: memory.bytes[start..<start + byteCount]))
  }

  /// A tensor of the same elements, on the CPU unless a device is named.
  public func tensor(on device: Device = .cpu) throws(TensorError) -> Tensor {
    try withUnsafeBytes { (bytes) throws(TensorError) in
      try Tensor(bytes: bytes, shape: shape, as: scalarType, on: device)
    }
  }

  /// The same elements in another shape of the same size.
  public func reshaped(_ shape: Shape) throws(TensorError) -> Values {
    let shape = try shape.validated(in: "reshaped")
    guard shape.count == count else {
      throw TensorError(.shape, "reshaped", "\(self.shape) has not as many elements as \(shape)")
    }
    return Values(memory: memory, start: start, shape: shape, as: scalarType)
  }
}

extension Values: CustomStringConvertible {
  /// `[28, 28, 1] uint8`
  public var description: String { "\(shape) \(scalarType)" }
}

/// The memory of values: its own, or lent by an owner.
// Written only while the values that hold it are being made.
final class ValueMemory: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  private let owner: (any AnyObject & Sendable)?

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 64)
    owner = nil
  }

  init(_ bytes: UnsafeMutableRawBufferPointer, owner: any AnyObject & Sendable) {
    self.bytes = bytes
    self.owner = owner
  }

  /// Memory of any size: where there is not so much, that is an error.
  static func large(byteCount: Int) throws(TensorError) -> ValueMemory {
    guard byteCount >= 1 << 20 else { return ValueMemory(byteCount: byteCount) }
    var memory: UnsafeMutableRawPointer?
    let code = posix_memalign(&memory, 64, byteCount)
    guard code == 0, let memory else {
      throw TensorError(
        .outOfMemory, "values", "the system has no \(byteCount) bytes", code: code)
    }
    return ValueMemory(.init(start: memory, count: byteCount), owner: HeapBlock(memory))
  }

  deinit { if owner == nil { bytes.deallocate() } }
}

/// Memory of the C library.
// The address does not change.
private final class HeapBlock: @unchecked Sendable {
  private let address: UnsafeMutableRawPointer

  init(_ address: UnsafeMutableRawPointer) { self.address = address }

  deinit { free(address) }
}
