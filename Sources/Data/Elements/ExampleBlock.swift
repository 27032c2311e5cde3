public import Geometry

/// Several examples as the columns of a table: each of `inputs` and `targets` has the examples
/// along its first axis.
///
/// Preparation works on blocks, so that one loop prepares a whole batch.
public struct ExampleBlock: Sendable {
  public var inputs: [Values]
  public var targets: [Values]
  /// How much each example counts, `[count]`; nil where all count the same.
  public var weights: Values?
  /// The number of examples.
  public let count: Int

  public init(
    inputs: [Values], targets: [Values] = [], weights: Values? = nil
  ) throws(TensorError) {
    let columns = inputs + targets + (weights.map { [$0] } ?? [])
    guard let first = columns.first else {
      throw TensorError(.argument, "dataset", "neither inputs nor targets are given")
    }
    for column in columns where column.shape.rank == 0 || column.rowCount != first.rowCount {
      throw TensorError(
        .shape, "dataset",
        "inputs and targets need as many rows as one another: "
          + columns.map { "\($0.shape)" }.joined(separator: ", "))
    }
    if let weights, weights.shape.rank != 1 || weights.scalarType != .float32 {
      throw TensorError(.shape, "dataset", "weights are \(weights), not one float32 an example")
    }
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
    count = first.rowCount
  }

  /// The examples one after the other, if all have the same shapes.
  public init(_ examples: [Example]) throws(TensorError) {
    guard let first = examples.first else {
      throw TensorError(.argument, "batched", "nothing to stack")
    }
    for example in examples
    where example.inputs.count != first.inputs.count || example.targets.count != first.targets.count
    {
      throw TensorError(
        .argument, "batched",
        "examples differ: \(first.inputs.count) inputs and \(first.targets.count) targets, then "
          + "\(example.inputs.count) and \(example.targets.count)")
    }
    inputs = []
    targets = []
    for column in first.inputs.indices {
      inputs.append(try .stacked(examples.map { $0.inputs[column] }))
    }
    for column in first.targets.indices {
      targets.append(try .stacked(examples.map { $0.targets[column] }))
    }
    if examples.contains(where: { $0.weight != nil }) {
      weights = try Values(examples.map { $0.weight ?? 1 }, shape: [examples.count])
    }
    count = examples.count
  }

  /// The examples of several blocks, one after the other.
  init(joining blocks: [ExampleBlock]) throws(TensorError) {
    guard let first = blocks.first else {
      throw TensorError(.argument, "batched", "nothing to join")
    }
    for block in blocks
    where block.inputs.count != first.inputs.count || block.targets.count != first.targets.count
      || (block.weights == nil) != (first.weights == nil)
    {
      throw TensorError(.argument, "batched", "examples have different inputs, targets or weights")
    }
    inputs = []
    targets = []
    for column in first.inputs.indices {
      inputs.append(try .joined(blocks.map { $0.inputs[column] }))
    }
    for column in first.targets.indices {
      targets.append(try .joined(blocks.map { $0.targets[column] }))
    }
    if first.weights != nil { weights = try .joined(blocks.compactMap(\.weights)) }
    count = blocks.reduce(0) { $0 + $1.count }
  }

  /// One of the examples, without a copy.
  public func example(_ index: Int) throws(TensorError) -> Example {
    guard index >= 0, index < count else {
      throw TensorError(.index, "example", "example \(index) does not exist, there are \(count)")
    }
    return Example(
      inputs: inputs.map { $0.uncheckedRow(index) },
      targets: targets.map { $0.uncheckedRow(index) },
      weight: weights?.uncheckedRow(index).floats[0])
  }

  /// Some of the examples, in new memory.
  func gathered(_ indices: [Int]) throws(TensorError) -> ExampleBlock {
    var result = self
    for column in inputs.indices { result.inputs[column] = try inputs[column].gathered(indices) }
    for column in targets.indices { result.targets[column] = try targets[column].gathered(indices) }
    return try ExampleBlock(
      inputs: result.inputs, targets: result.targets, weights: try weights?.gathered(indices))
  }
}
