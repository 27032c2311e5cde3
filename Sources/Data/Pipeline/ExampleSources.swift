public import Geometry
public import Tensors

extension Dataset where Element == Example {
  /// Examples that lie in memory as columns: their first axis counts the examples.
  ///
  /// Such a set is shuffled by numbers and batched by gathering rows, without anything done for
  /// each example.
  public init(_ block: ExampleBlock) { self.init(BlockStage(block: block)) }

  /// Examples whose inputs and targets are the rows of these numbers.
  public init(inputs: Values, targets: Values? = nil, weights: [Float]? = nil) throws(TensorError) {
    try self.init(inputs: [inputs], targets: targets.map { [$0] } ?? [], weights: weights)
  }

  /// Examples with several inputs or targets, each a row of these numbers.
  public init(
    inputs: [Values], targets: [Values] = [], weights: [Float]? = nil
  ) throws(TensorError) {
    var column: Values?
    if let weights { column = try Values(weights, shape: [weights.count]) }
    self.init(try ExampleBlock(inputs: inputs, targets: targets, weights: column))
  }

  /// Examples whose inputs and targets are the rows of tensors.
  ///
  ///     let data = try Dataset(inputs: Tensor(pixels, shape: [1000, 28, 28, 1]), targets: labels)
  public init(
    inputs: Tensor, targets: Tensor? = nil, weights: [Float]? = nil
  ) throws(TensorError) {
    var column: Values?
    if let targets { column = try Values(targets) }
    try self.init(inputs: try Values(inputs), targets: column, weights: weights)
  }
}

extension Dataset where Element == Values {
  /// The rows of a tensor.
  public init(rows tensor: Tensor) throws(TensorError) { try self.init(rows: try Values(tensor)) }

  /// The rows of these numbers.
  public init(rows values: Values) throws(TensorError) {
    guard values.shape.rank > 0 else {
      throw TensorError(.shape, "dataset", "a single number has no rows")
    }
    self.init(count: values.rowCount) { values.uncheckedRow($0) }
  }
}

/// Examples in memory.
private struct BlockStage: Stage, IndexedPass {
  let block: ExampleBlock
  var count: Int? { block.count }
  var total: Int { block.count }
  var ahead: Ahead { .none }

  var outline: [String] {
    let columns = (block.inputs + block.targets).map { "\($0.rowShape) \($0.scalarType)" }
    return ["\(block.count) examples of " + columns.joined(separator: ", ")]
  }

  func pass(_ epoch: Int) -> Pass<Example> { .indexed(self) }
  func element(at index: Int) throws(TensorError) -> Example { try block.example(index) }
  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? { try block.gathered(indices) }
}
