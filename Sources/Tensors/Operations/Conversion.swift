internal import Backends
public import Geometry

extension Tensor {
  /// The elements as another scalar type.
  ///
  /// From floating point to integers towards zero, at most to the ends of their range, NaN as 0; to
  /// bool whether an element is not 0.
  public func cast(to type: ScalarType) throws(TensorError) -> Tensor {
    if type == scalarType { return self }
    if node.isConstant, type != .bool, scalarType.isFloatingPoint, type.isFloatingPoint {
      return .constant(node.constantValue, shape, type, node.place)
    }
    return try Tensor(
      recording: Node(ElementwiseOperation.of(.cast), shape, type, node.place, node))
  }

  /// The same numbers on another device. Computed and copied at once; gradients flow back.
  public func moved(to device: Device) throws(TensorError) -> Tensor {
    if device.place === node.place { return self }
    if node.isConstant { return .constant(node.constantValue, shape, scalarType, device.place) }
    try evaluate(self)
    let bytes = try self.bytes()
    let backend = try device.place.backend
    let buffer = try backend.memory.allocate(byteCount: bytes.count)
    let result: Result<Void, TensorError> = bytes.withUnsafeBytes { source in
      do throws(TensorError) {
        return .success(source.isEmpty ? () : try backend.write(source, to: Binding(buffer)))
      } catch { return .failure(error) }
    }
    try result.get()
    let copy = Node(TransferOperation.shared, shape, scalarType, device.place, node)
    graphLock.withLock {
      copy.memory = Memory(buffer)
      if let recording = copy.recording?.innermostOpen {
        recording.keep(copy)
      } else {
        copy.unlink()
      }
    }
    return Tensor(copy)
  }
}

/// A copy of what another device holds.
final class TransferOperation: Operation, @unchecked Sendable {
  static let shared = TransferOperation("moved", code: Operation.newCode())

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, context.upstream.moved(to: context.input(0).device))
  }
}
