public import Geometry

/// An array as the IDX format holds it, in which MNIST and its relatives come.
///
/// Two zero bytes, a type, a rank, the extents as big-endian 32-bit numbers, then the elements.
/// Bytes only, which is what images and labels are.
public struct IDX: Sendable {
  public let shape: Shape
  /// The elements, row-major.
  public let bytes: [UInt8]

  /// Reads what `bytes`, the contents of the file called `name`, hold.
  public init(_ bytes: [UInt8], name: String) throws(TensorError) {
    func corrupt(_ detail: String) -> TensorError {
      TensorError(.corruptFile, "idx", "\(name): \(detail)")
    }
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0 else {
      throw corrupt("does not begin as an IDX file does")
    }
    guard bytes[2] == 0x08 else {
      throw TensorError(
        .unsupportedFile, "idx", "\(name): elements of type \(bytes[2]), not bytes (8)")
    }
    let rank = Int(bytes[3])
    let start = 4 + 4 * Int(bytes[3])
    guard rank >= 1, rank <= Shape.maximumRank, bytes.count >= start else {
      throw corrupt("rank \(rank) in \(bytes.count) bytes")
    }
    var extents: [Int] = []
    for axis in 0..<rank {
      extents.append(bytes[(4 + 4 * axis)..<(8 + 4 * axis)].reduce(0) { $0 << 8 | Int($1) })
    }
    shape = try Shape(extents).validated(in: "idx")
    guard bytes.count - start == shape.count else {
      throw corrupt("\(bytes.count - start) bytes of elements for \(shape)")
    }
    self.bytes = Array(bytes[start...])
  }
}
