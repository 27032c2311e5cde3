public import Geometry
internal import Tensors

/// Multiplies the first input by a number and adds another: `Rescale(1 / 255)` brings pixels to
/// 0…1. The result is float32.
public struct Rescale: Preparation {
  public let scale: Float
  public let offset: Float

  public init(_ scale: Float, offset: Float = 0) {
    self.scale = scale
    self.offset = offset
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    guard let input = block.inputs.first else { return }
    block.inputs[0] = try input.scaled(by: scale, offset: offset)
  }
}

extension Values {
  /// The elements times `scale` plus `offset`, as float32.
  public func scaled(by scale: Float, offset: Float = 0) throws(TensorError) -> Values {
    try Values(shape: shape, as: .float32) { target in
      let target = target.assumingMemoryBound(to: Float.self)
      if scalarType == .uint8 {
        withUnsafeBytes { scale8($0.assumingMemoryBound(to: UInt8.self), target, scale, offset) }
      } else {
        withFloats { source in
          for index in 0..<source.count { target[index] = source[index] * scale + offset }
        }
      }
    }
  }

  /// What `transform` makes of each element, as float32.
  public func mapped(_ transform: (Float) -> Float) throws(TensorError) -> Values {
    try Values(shape: shape, as: .float32) { target in
      let target = target.assumingMemoryBound(to: Float.self)
      withFloats { source in
        for index in 0..<source.count { target[index] = transform(source[index]) }
      }
    }
  }
}

private func scale8(
  _ source: UnsafeBufferPointer<UInt8>, _ target: UnsafeMutableBufferPointer<Float>,
  _ scale: Float, _ offset: Float
) {
  guard let from = source.baseAddress, let to = target.baseAddress else { return }
  for index in 0..<source.count { to[index] = Float(from[index]) * scale + offset }
}
