public import Geometry
public import Tensors

extension Values {
  /// The elements in row-major order, converted to float32.
  public var floats: [Float] {
    if scalarType == .float32 { return elements(as: Float.self) }
    return [Float](unsafeUninitializedCapacity: count) { target, initialized in
      convert(into: target)
      initialized = count
    }
  }

  /// The elements in row-major order as their own scalar type.
  public func scalars<Scalar: TensorScalar>(as type: Scalar.Type) throws(TensorError) -> [Scalar] {
    guard scalarType == Scalar.scalarType else {
      throw TensorError(.dtype, "scalars", "holds \(scalarType), not \(Scalar.scalarType)")
    }
    return elements(as: type)
  }

  /// The elements as whole numbers: labels and indices. Fractions are cut off.
  public var integers: [Int] {
    switch scalarType {
    case .uint8: elements(as: UInt8.self).map(Int.init)
    case .int32: elements(as: Int32.self).map(Int.init)
    case .int64: elements(as: Int64.self).map { Int(truncatingIfNeeded: $0) }
    case .bool: elements(as: UInt8.self).map(Int.init)
    case .float32, .float64, .float16, .bfloat16:
      doubles.map { Int(exactly: $0.rounded(.towardZero)) ?? 0 }
    }
  }

  /// The elements in row-major order, converted to float64.
  public var doubles: [Double] {
    switch scalarType {
    case .float64: elements(as: Double.self)
    case .int32: elements(as: Int32.self).map(Double.init)
    case .int64: elements(as: Int64.self).map(Double.init)
    case .float32, .float16, .bfloat16, .uint8, .bool: floats.map(Double.init)
    }
  }

  /// The elements where they lie, if they are float32: without a copy.
  func withFloats<Result>(_ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
    if scalarType == .float32 {
      return withUnsafeBytes { body($0.assumingMemoryBound(to: Float.self)) }
    }
    return floats.withUnsafeBufferPointer(body)
  }

  func elements<Scalar>(as type: Scalar.Type) -> [Scalar] {
    withUnsafeBytes { Array($0.assumingMemoryBound(to: Scalar.self)) }
  }

  /// Writes all elements, converted, from the first place of `target` on.
  func convert(into target: UnsafeMutableBufferPointer<Float>) {
    switch scalarType {
    case .float32: convert(Float.self, target) { $0 }
    case .float64: convert(Double.self, target) { Float($0) }
    case .float16: convert(Float16.self, target) { Float($0) }
    case .bfloat16: convert(UInt16.self, target) { Float(bitPattern: UInt32($0) << 16) }
    case .int32: convert(Int32.self, target) { Float($0) }
    case .int64: convert(Int64.self, target) { Float($0) }
    case .uint8, .bool: convert(UInt8.self, target) { Float($0) }
    }
  }

  @inline(__always)
  private func convert<Scalar>(
    _ type: Scalar.Type, _ target: UnsafeMutableBufferPointer<Float>,
    _ number: (Scalar) -> Float
  ) {
    withUnsafeBytes { bytes in
      let source = bytes.assumingMemoryBound(to: Scalar.self)
      for index in 0..<source.count { target[index] = number(source[index]) }
    }
  }
}
