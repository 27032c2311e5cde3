internal import Formats
public import Geometry

extension Dataset {
  /// The first `count` elements of each pass.
  public func take(_ count: Int) -> Dataset {
    Dataset(SliceStage(upstream: stage, start: 0, step: 1, limit: max(0, count)))
  }

  /// All elements of each pass but the first `count`.
  public func skip(_ count: Int) -> Dataset {
    Dataset(SliceStage(upstream: stage, start: max(0, count), step: 1, limit: nil))
  }

  /// Every `count`-th element from number `index` on: the share of one of `count` machines.
  ///
  /// Shuffle after it, or before it with the same seed on all machines; then no element is in two
  /// shares.
  public func shard(_ index: Int, of count: Int) throws(TensorError) -> Dataset {
    guard count > 0, index >= 0, index < count else {
      throw TensorError(.argument, "shard", "share \(index) of \(count) does not exist")
    }
    return Dataset(SliceStage(upstream: stage, start: index, step: count, limit: nil))
  }

  /// The elements of these numbers, in this order. They may repeat.
  ///
  /// For sets whose elements can be had by number.
  public func selected(_ numbers: [Int]) throws(TensorError) -> Dataset {
    if let count {
      for number in numbers where number < 0 || number >= count {
        throw TensorError(.index, "selected", "there is no element \(number), a pass has \(count)")
      }
    }
    return Dataset(
      ChoiceStage(
        upstream: stage, count: numbers.count, operation: "selected",
        note: "\(numbers.count) with the checksum \(checksum(numbers))"
      ) {
        (pass, _) throws(TensorError) -> [Int32] in
        var order: [Int32] = []
        order.reserveCapacity(numbers.count)
        for number in numbers {
          guard number >= 0, number < pass.total, let number = Int32(exactly: number) else {
            throw TensorError(
              .index, "selected", "there is no element \(number), a pass has \(pass.total)")
          }
          order.append(number)
        }
        return order
      })
  }
}

/// Neighbouring elements, or every so-manieth of them.
private struct SliceStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let start: Int
  let step: Int
  let limit: Int?

  var count: Int? {
    guard let count = upstream.count else { return nil }
    return members(of: count)
  }

  var ahead: Ahead { upstream.ahead }

  var outline: [String] {
    if let limit { return upstream.outline + ["take \(limit)"] }
    return upstream.outline + [step > 1 ? "shard \(start) of \(step)" : "skip \(start)"]
  }

  private func members(of count: Int) -> Int {
    let rest = max(0, count - start)
    return min(rest / step + (rest % step == 0 ? 0 : 1), limit ?? .max)
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    switch try upstream.pass(epoch) {
    case .indexed(let pass):
      let total = members(of: pass.total)
      return .indexed(SlicePass(upstream: pass, start: start, step: step, total: total))
    case .stream(let puller): return .stream(SlicePuller(puller, start, step, limit ?? .max))
    }
  }
}

private struct SlicePass<Element: Sendable>: IndexedPass {
  let upstream: any IndexedPass<Element>
  let start: Int
  let step: Int
  let total: Int

  func element(at index: Int) throws(TensorError) -> Element {
    try upstream.element(at: start + index * step)
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    try upstream.block(at: indices.map { start + $0 * step })
  }

  func origin(of index: Int) -> Int { upstream.origin(of: start + index * step) }
}

private final class SlicePuller<Element: Sendable>: Puller {
  private let upstream: any Puller<Element>
  private var gap: Int
  private let step: Int
  private var rest: Int

  init(_ upstream: any Puller<Element>, _ start: Int, _ step: Int, _ limit: Int) {
    self.upstream = upstream
    gap = start
    self.step = step
    rest = limit
  }

  func next() throws(TensorError) -> Pending<Element>? {
    guard rest > 0 else { return nil }
    if gap > 0 { try upstream.skip(gap) }
    gap = step - 1
    rest -= 1
    return try upstream.next()
  }
}

/// Elements whose numbers are chosen for each epoch.
struct ChoiceStage<Element: Sendable>: Stage {
  typealias Choose = @Sendable (any IndexedPass<Element>, Int) throws(TensorError) -> [Int32]

  let upstream: any Stage<Element>
  let count: Int?
  let operation: String
  /// What the choice depends on.
  let note: String
  let choose: Choose

  init(
    upstream: any Stage<Element>, count: Int?, operation: String, note: String,
    choose: @escaping Choose
  ) {
    self.upstream = upstream
    self.count = count
    self.operation = operation
    self.note = note
    self.choose = choose
  }

  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["\(operation) \(note)"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    let pass = try upstream.pass(epoch).indexed(for: operation)
    return .indexed(SelectedPass(upstream: pass, order: try choose(pass, epoch)))
  }
}

/// The CRC-32 of numbers or weights, as they lie in memory.
func checksum<Number: BitwiseCopyable>(_ numbers: [Number]) -> String {
  numbers.withUnsafeBytes { CRC32.text(Array($0)) }
}

extension Pass {
  /// The elements by number; an error for a stream.
  func indexed(for operation: String) throws(TensorError) -> any IndexedPass<Element> {
    guard case .indexed(let pass) = self else {
      throw TensorError(
        .argument, operation, "the elements come as a stream and cannot be had by number",
        hint: "Dataset(try stream.elements()) holds them in memory")
    }
    return pass
  }
}
