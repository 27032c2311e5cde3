public import Geometry
public import Tensors

/// Samples that are trained on, or asked about, together.
///
/// The leading axis of every tensor is that of the samples. Tensors lie on the CPU until training
/// moves them to its device.
public struct Batch: Sendable {
  /// Usually one; a model with several inputs has several.
  public var inputs: [Tensor]
  /// What the predictions should be; none where there is nothing to learn from.
  public var targets: [Tensor]
  /// How much each sample counts, `[batch]`; nil where all count the same.
  public var weights: Tensor?

  public init(inputs: [Tensor], targets: [Tensor] = [], weights: Tensor? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }

  /// The number of samples.
  public var count: Int {
    let shape = (inputs.first ?? targets.first).map { Array($0.shape) }
    return shape?.first ?? 0
  }
}

extension Batch {
  /// The examples of a block as tensors on the CPU.
  public init(_ block: ExampleBlock) throws(TensorError) {
    var inputs: [Tensor] = []
    var targets: [Tensor] = []
    for column in block.inputs { inputs.append(try column.tensor()) }
    for column in block.targets { targets.append(try column.tensor()) }
    self.init(inputs: inputs, targets: targets, weights: try block.weights?.tensor())
  }
}
