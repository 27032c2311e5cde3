public import Geometry

extension Values {
  /// The number of rows: the extent of the first axis.
  public var rowCount: Int { shape.rank == 0 ? 0 : shape[0] }

  /// The shape of a row: all axes but the first.
  public var rowShape: Shape { Shape(Array(shape).dropFirst()) }

  /// A row, without a copy.
  public func row(_ index: Int) throws(TensorError) -> Values {
    guard index >= 0, index < rowCount else {
      throw TensorError(.index, "row", "row \(index) does not exist: \(shape)")
    }
    return uncheckedRow(index)
  }

  func uncheckedRow(_ index: Int) -> Values {
    let shape = rowShape
    let size = shape.count * scalarType.byteCount
    return Values(memory: memory, start: start + index * size, shape: shape, as: scalarType)
  }

  /// Neighbouring rows, without a copy.
  func rows(_ range: Range<Int>) -> Values {
    var shape = self.shape
    shape[0] = range.count
    let size = rowShape.count * scalarType.byteCount
    return Values(
      memory: memory, start: start + range.lowerBound * size, shape: shape, as: scalarType)
  }

  /// The rows of these numbers, one after the other in new memory.
  func gathered(_ indices: [Int]) throws(TensorError) -> Values {
    var shape = self.shape
    shape[0] = indices.count
    let size = rowShape.count * scalarType.byteCount
    for index in indices where index < 0 || index >= rowCount {
      throw TensorError(.index, "gather", "row \(index) does not exist: \(self.shape)")
    }
    return try Values(shape: shape, as: scalarType) { target in
      withUnsafeBytes { source in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for (place, index) in indices.enumerated() {
          (to + place * size).copyMemory(from: from + index * size, byteCount: size)
        }
      }
    }
  }

  /// The rows of several values, one after the other.
  static func joined(_ parts: [Values]) throws(TensorError) -> Values {
    guard let first = parts.first else {
      throw TensorError(.argument, "concatenated", "nothing to join")
    }
    for part in parts where part.rowShape != first.rowShape || part.scalarType != first.scalarType {
      throw TensorError(.shape, "concatenated", "elements differ: \(first) and \(part)")
    }
    var shape = first.shape
    shape[0] = parts.reduce(0) { $0 + $1.rowCount }
    return try Values(shape: shape, as: first.scalarType) { target in
      var start = 0
      for part in parts {
        part.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: target[start..<start + source.count])
            .copyMemory(from: source)
        }
        start += part.byteCount
      }
    }
  }

  /// Values of one shape and type, one after the other along a new first axis.
  static func stacked(_ parts: [Values]) throws(TensorError) -> Values {
    guard let first = parts.first else {
      throw TensorError(.argument, "batched", "nothing to stack")
    }
    let size = first.byteCount
    for part in parts where part.shape != first.shape || part.scalarType != first.scalarType {
      throw TensorError(
        .shape, "batched", "elements differ: \(first) and \(part)",
        hint: "paddedBatch fills shorter sequences up; map can bring images to one size")
    }
    return try Values(shape: Shape([parts.count] + first.shape), as: first.scalarType) { target in
      for (place, part) in parts.enumerated() {
        part.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
            .copyMemory(from: source)
        }
      }
    }
  }
}
