public import Geometry

extension Tensor {
  /// Which steps count: `[batch, time]`, true for those that do; nil if all do.
  ///
  /// Layers hand it on with their results; recurrent layers, attention, pooling over time and
  /// losses leave the other steps out. Operations on tensors do not hand it on.
  public var mask: Tensor? { node.stepMask }

  /// The same tensor with a mask for its leading axes.
  public func masked(by mask: Tensor) throws(TensorError) -> Tensor {
    guard mask.scalarType == .bool, mask.rank <= rank,
      Array(shape).prefix(mask.rank).elementsEqual(Array(mask.shape))
    else {
      throw TensorError(
        .shape, "masked", "a mask is bool and has the leading axes of what it masks",
        operands: [info, TensorInfo(mask, name: "mask")])
    }
    let node = Node(MaskedOperation.shared, shape, scalarType, node.place, node)
    node.stepMask = mask
    return try Tensor(recording: node)
  }
}

/// Its input, with a mask.
final class MaskedOperation: ViewOperation, @unchecked Sendable {
  static let shared = MaskedOperation("masked", code: Operation.newCode())

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try context.give(0, context.upstream)
  }
}
