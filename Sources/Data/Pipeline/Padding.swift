public import Geometry
internal import Tensors

/// What a padded batch says of the lengths that its sequences had.
public enum PaddingNote: Sendable {
  /// Nothing.
  case none
  /// One more input, the length of each sequence: int32 `[batch]`.
  case lengths
  /// One more input, true where there is something to read: bool `[batch, longest]`.
  case mask
}

extension Dataset where Element == Example {
  /// Batches of `size` examples whose inputs and targets are filled up to the largest in the batch,
  /// along each axis.
  ///
  ///     let batches = sentences.paddedBatch(32, fill: 0, adding: .mask)
  ///
  /// - Parameters:
  ///   - size: how many examples a batch has.
  ///   - length: the extent of the first axis of inputs, where it should be the same in all
  ///     batches.
  ///   - fill: what inputs are filled with.
  ///   - targetFill: what targets are filled with; a loss may be told to ignore it.
  ///   - note: what is added of the lengths of the first input.
  ///   - dropRemainder: whether a smaller batch at the end is left out.
  public func paddedBatch(
    _ size: Int, length: Int? = nil, fill: Double = 0, targetFill: Double = 0,
    adding note: PaddingNote = .none, dropRemainder: Bool = false
  ) -> Dataset<Batch> {
    grouped(size, dropRemainder: dropRemainder, "paddedBatch") {
      (examples) throws(TensorError) in
      try Batch(
        padding: examples, length: length, fill: fill, targetFill: targetFill, adding: note)
    }
  }
}

extension Dataset where Element == [Example] {
  /// Each group of examples as a batch, filled up as `paddedBatch` does.
  public func padded(
    length: Int? = nil, fill: Double = 0, targetFill: Double = 0, adding note: PaddingNote = .none
  ) -> Dataset<Batch> {
    map { try Batch(padding: $0, length: length, fill: fill, targetFill: targetFill, adding: note) }
  }
}

extension Batch {
  /// Examples as one batch, with inputs and targets filled up to the largest along each axis.
  public init(
    padding examples: [Example], length: Int? = nil, fill: Double = 0, targetFill: Double = 0,
    adding note: PaddingNote = .none
  ) throws(TensorError) {
    guard let first = examples.first, !first.inputs.isEmpty else {
      throw TensorError(.argument, "paddedBatch", "there are no inputs to pad")
    }
    for example in examples
    where example.inputs.count != first.inputs.count || example.targets.count != first.targets.count
    {
      throw TensorError(.argument, "paddedBatch", "examples differ in their inputs or targets")
    }
    var inputs: [Tensor] = []
    var targets: [Tensor] = []
    for column in first.inputs.indices {
      let values = try Values.padded(
        examples.map { $0.inputs[column] }, length: length, fill: fill)
      inputs.append(try values.tensor())
    }
    for column in first.targets.indices {
      let values = try Values.padded(
        examples.map { $0.targets[column] }, length: nil, fill: targetFill)
      targets.append(try values.tensor())
    }
    let lengths = examples.map { $0.inputs[0].rowCount }
    switch note {
    case .none: break
    case .lengths:
      inputs.append(try Values(lengths.map { Int32($0) }, shape: [lengths.count]).tensor())
    case .mask:
      let longest = inputs[0].rank > 1 ? inputs[0].shape[1] : 0
      let mask = lengths.flatMap { length in (0..<longest).map { $0 < length } }
      inputs.append(try Values(mask, shape: [lengths.count, longest]).tensor())
    }
    let isWeighted = examples.contains { $0.weight != nil }
    self.init(
      inputs: inputs, targets: targets,
      weights: isWeighted
        ? try Values(examples.map { $0.weight ?? 1 }).tensor() : nil)
  }
}

extension Values {
  /// Values along a new first axis, each filled up at the end of its axes.
  static func padded(
    _ parts: [Values], length: Int?, fill: Double
  ) throws(TensorError) -> Values {
    guard let first = parts.first else {
      throw TensorError(.argument, "paddedBatch", "nothing to pad")
    }
    var shape = first.shape
    for (number, part) in parts.enumerated() {
      guard part.shape.rank == shape.rank, part.scalarType == first.scalarType else {
        throw TensorError(
          .shape, "paddedBatch", "elements differ: \(first) and \(part), number \(number)")
      }
      for axis in shape.indices { shape[axis] = max(shape[axis], part.shape[axis]) }
    }
    if let length, shape.rank > 0 {
      guard shape[0] <= length else {
        throw TensorError(
          .shape, "paddedBatch",
          "a sequence has \(shape[0]) steps, more than the \(length) asked for"
        )
      }
      shape[0] = length
    }
    let result = Shape([parts.count] + shape)
    let size = shape.count * first.scalarType.byteCount
    return try Values(shape: result, as: first.scalarType) { target in
      let pattern = first.scalarType.bytes(of: fill)
      for index in target.indices { target[index] = pattern[index % pattern.count] }
      for (number, part) in parts.enumerated() {
        let place = UnsafeMutableRawBufferPointer(
          rebasing: target[number * size..<(number + 1) * size])
        part.copy(into: place, of: shape)
      }
    }
  }

  /// Copies the elements into the corner of a larger row-major array.
  private func copy(into target: UnsafeMutableRawBufferPointer, of outer: Shape) {
    guard count > 0 else { return }
    let rank = shape.rank
    let width = (rank == 0 ? 1 : shape[rank - 1]) * scalarType.byteCount
    withUnsafeBytes { source in
      for line in 0..<(source.count / max(width, 1)) {
        // The place of the line in the larger array, axis by axis from the last but one.
        var rest = line
        var offset = 0
        var stride = outer.last * scalarType.byteCount
        for axis in Swift.stride(from: rank - 2, through: 0, by: -1) {
          offset += rest % shape[axis] * stride
          rest /= shape[axis]
          stride *= outer[axis]
        }
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + width])
          .copyMemory(
            from: UnsafeRawBufferPointer(rebasing: source[line * width..<(line + 1) * width]))
      }
    }
  }
}

extension ScalarType {
  /// A number as it lies in memory; the nearest that the type has.
  func bytes(of number: Double) -> [UInt8] {
    func raw<Scalar>(_ scalar: Scalar) -> [UInt8] { withUnsafeBytes(of: scalar) { Array($0) } }
    func whole<Scalar: FixedWidthInteger>(_ type: Scalar.Type) -> [UInt8] {
      let rounded = number.rounded()
      return raw(Scalar(exactly: rounded) ?? (rounded < 0 ? .min : rounded > 0 ? .max : 0))
    }
    switch self {
    case .float32: return raw(Float(number))
    case .float64: return raw(number)
    case .float16: return raw(Float16(number))
    case .bfloat16:
      let bits = Float(number).bitPattern
      return raw(UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16))
    case .int32: return whole(Int32.self)
    case .int64: return whole(Int64.self)
    case .uint8: return whole(UInt8.self)
    case .bool: return [number == 0 ? 0 : 1]
    }
  }
}
