public import Geometry
internal import Tensors

/// Elements that are produced when they are asked for: a description, which may be used again and
/// again and by several tasks.
///
/// A pass over the elements is an epoch. Everything random depends on a seed and the number of the
/// epoch, so a pass can be repeated, and continued from any element.
///
///     let batches = Dataset(inputs: images, targets: labels)
///       .shuffled(seed: 1).batched(64).prefetched(2)
///     let iterator = try batches.makeIterator(epoch: 0)
///     while let batch = try iterator.next() { … }
public struct Dataset<Element: Sendable>: Sendable {
  let stage: any Stage<Element>

  init(_ stage: any Stage<Element>) { self.stage = stage }

  /// The number of elements in a pass, where it is known before the pass.
  public var count: Int? { stage.count }

  /// A pass from its first element on.
  public func makeIterator(epoch: Int = 0) throws(TensorError) -> DatasetIterator<Element> {
    try makeIterator(from: DataPosition(epoch: epoch, number: 0))
  }

  /// The pass that `position` was taken in, from there on: the same elements come as then.
  ///
  /// Where elements can be had by number this takes no time. A stream is read again up to the
  /// position, without what `map` does.
  ///
  /// - Throws: `TensorError` if the position was taken in another pipeline: what differs.
  public func makeIterator(
    from position: DataPosition
  ) throws(TensorError) -> DatasetIterator<Element> {
    try accept(position, in: "makeIterator")
    if let count, position.number > count {
      throw TensorError(
        .argument, "makeIterator", "there is no element \(position.number), a pass has \(count)",
        hint: "the position belongs to another data set")
    }
    let puller = try stage.pass(position.epoch).puller()
    try puller.skip(position.number)
    return DatasetIterator(Forcing(puller, stage.ahead), at: position, in: stage.outline)
  }

  /// Throws if `position` was taken in a pipeline of other steps.
  package func accept(_ position: DataPosition, in operation: String) throws(TensorError) {
    let own = stage.outline
    guard let other = position.pipeline, other != own else { return }
    let step = zip(own, other).prefix { $0 == $1 }.count
    func text(_ steps: [String]) -> String {
      step < steps.count ? "\"\(steps[step].prefix(200))\"" : "missing"
    }
    throw TensorError(
      .argument, operation,
      "the position in the data was taken in another pipeline: step \(step + 1) is \(text(own)), there it was "
        + text(other),
      hint: "the data are to be described as they were; threads and prefetching may differ")
  }

  /// All elements of a pass, at once.
  public func elements(epoch: Int = 0) throws(TensorError) -> [Element] {
    let iterator = try makeIterator(epoch: epoch)
    var elements: [Element] = []
    while let element = try iterator.next() { elements.append(element) }
    return elements
  }

  /// What `transform` makes of this data set: a chain of steps with a name.
  ///
  ///     func augmented(_ data: Dataset<Example>) -> Dataset<Example> { … }
  ///     let batches = try data.apply(augmented).batched(64)
  public func apply<Result>(
    _ transform: (Dataset) throws -> Dataset<Result>
  ) throws(TensorError) -> Dataset<Result> {
    do { return try transform(self) } catch { throw error.asTensorError }
  }
}
