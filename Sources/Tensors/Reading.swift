internal import Backends
public import Geometry

extension Tensor {
  /// The elements in row-major order, computed if they have not been. Any scalar type, as floats.
  public func scalars() throws(TensorError) -> [Float] { try scalars(as: Float.self) }

  /// The elements in row-major order as another type, converted as `cast` does.
  public func scalars<Scalar: TensorScalar>(as type: Scalar.Type) throws(TensorError) -> [Scalar] {
    if scalarType != Scalar.scalarType {
      return try cast(to: Scalar.scalarType).scalars(as: Scalar.self)
    }
    let bytes = try self.bytes()
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Scalar.self)) }
  }

  /// The one element of a tensor that has just one.
  public func scalar() throws(TensorError) -> Float {
    guard count == 1 else {
      throw TensorError(.shape, "scalar", "has \(count) elements, not one", operands: [info])
    }
    return try scalars()[0]
  }

  /// The elements as they lie in memory, row-major.
  public func bytes() throws(TensorError) -> [UInt8] {
    let size = node.byteCount
    if size == 0 { return [] }
    if node.isConstant {
      let element = Word.memoryBits(of: node.constantValue, as: scalarType)
      let bytes = withUnsafeBytes(of: element.littleEndian) {
        Array($0.prefix(scalarType.byteCount))
      }
      return (0..<count).flatMap { _ in bytes }
    }
    try evaluate(self)
    guard let memory = graphLock.withLock({ node.memory }) else {
      throw TensorError(
        .deviceLost, "scalars", "the value was lost with its device", operands: [info])
    }
    let backend = try node.place.backend
    var failure: TensorError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      do throws(TensorError) {
        try backend.read(
          memory.binding,
          into: UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(target)[..<size]))
        count = size
      } catch { failure = error }
    }
    withExtendedLifetime(memory) {}
    if let failure { throw failure }
    return bytes
  }
}

extension Tensor: CustomStringConvertible {
  /// The elements as NumPy prints them, then shape, scalar type and device. Computes them.
  public var description: String {
    let label = "Tensor(shape: \(shape), \(scalarType), \(node.place.name))"
    do throws(TensorError) {
      return "\(try TensorText(self).text)\n\(label)"
    } catch { return "<unavailable: \(error)>\n\(label)" }
  }
}
