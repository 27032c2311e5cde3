internal import Geometry
internal import Tensors

/// A step that changes examples and works on many at once.
///
/// The same code prepares a whole batch of examples that lie in memory as columns, and a single
/// one:
///
///     struct Inverted: Preparation {
///       func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
///         block.inputs[0] = try block.inputs[0].mapped { 1 - $0 }
///       }
///     }
///     let data = images.prepared(Inverted())
public protocol Preparation: Sendable {
  /// Changes inputs, targets and weights of a block, but not how many examples it has.
  func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws
}

/// Which elements of which epoch the rows of a block are: what their random numbers depend on.
public struct RowNumbers: Sendable {
  public let epoch: Int
  public let numbers: [Int]

  public init(epoch: Int, numbers: [Int]) {
    self.epoch = epoch
    self.numbers = numbers
  }

  /// The random numbers of one row: the same, however rows are grouped.
  public func random(_ row: Int, seed: UInt64) -> Random {
    Random(seed: seed, epoch: epoch, number: numbers[row])
  }
}

extension Dataset where Element == Example {
  /// The examples after these steps, done in this order.
  ///
  ///     let batches = try data.train.shuffled(seed: 1)
  ///       .prepared(Rescale(1 / 255), RandomFlip(seed: 2), OneHot(classes: 10)).batched(64)
  public func prepared(_ steps: any Preparation...) -> Dataset { prepared(steps) }

  public func prepared(_ steps: [any Preparation]) -> Dataset {
    Dataset(PreparedStage(upstream: stage, steps: steps))
  }
}

private struct PreparedStage: Stage {
  let upstream: any Stage<Example>
  let steps: [any Preparation]

  var count: Int? { upstream.count }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + steps.map { "prepared \(Self.outline(of: $0))" } }

  /// The type of a step with its plain numbers, seeds among them.
  private static func outline(of step: any Preparation) -> String {
    let numbers = Mirror(reflecting: step).children.compactMap { name, value -> String? in
      guard value is any Numeric || value is Bool else { return nil }
      return "\(name ?? ""): \(value)"
    }
    return "\(type(of: step))" + (numbers.isEmpty ? "" : "(\(numbers.joined(separator: ", ")))")
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Example> {
    switch try upstream.pass(epoch) {
    case .indexed(let pass):
      .indexed(PreparedPass(upstream: pass, steps: Steps(steps: steps, epoch: epoch)))
    case .stream(let puller):
      .stream(PreparedPuller(puller, Steps(steps: steps, epoch: epoch)))
    }
  }
}

private struct Steps: Sendable {
  let steps: [any Preparation]
  let epoch: Int

  func prepare(_ block: inout ExampleBlock, numbers: [Int]) throws {
    let count = block.count
    let rows = RowNumbers(epoch: epoch, numbers: numbers)
    for step in steps {
      try step.prepare(&block, rows)
      guard block.count == count else {
        throw TensorError(
          .argument, "prepared", "\(type(of: step)) made \(block.count) examples of \(count)")
      }
    }
  }

  func prepared(_ example: Example, number: Int, origin: Int) throws(TensorError) -> Example {
    do {
      var block = try ExampleBlock([example])
      try prepare(&block, numbers: [number])
      return try block.example(0)
    } catch { throw .element(origin, "prepared", error) }
  }
}

private struct PreparedPass: IndexedPass {
  let upstream: any IndexedPass<Example>
  let steps: Steps

  var total: Int { upstream.total }

  func element(at index: Int) throws(TensorError) -> Example {
    try steps.prepared(
      try upstream.element(at: index), number: index, origin: upstream.origin(of: index))
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    guard var block = try upstream.block(at: indices) else { return nil }
    do { try steps.prepare(&block, numbers: indices) } catch {
      // One by one, so that the error names the element.
      for index in indices { _ = try element(at: index) }
      throw error.asTensorError
    }
    return block
  }

  func origin(of index: Int) -> Int { upstream.origin(of: index) }
}

private final class PreparedPuller: Puller {
  private let upstream: any Puller<Example>
  private let steps: Steps
  private var number = 0

  init(_ upstream: any Puller<Example>, _ steps: Steps) {
    self.upstream = upstream
    self.steps = steps
  }

  func next() throws(TensorError) -> Pending<Example>? {
    guard let pending = try upstream.next() else { return nil }
    defer { number += 1 }
    return Pending(origin: pending.origin) { [steps, number] () throws(TensorError) in
      try steps.prepared(try pending.make(), number: number, origin: pending.origin)
    }
  }

  func skip(_ count: Int) throws(TensorError) {
    try upstream.skip(count)
    number += count
  }
}
