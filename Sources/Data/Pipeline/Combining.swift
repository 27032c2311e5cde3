internal import Geometry

extension Dataset {
  /// The elements of this data set, then those of another.
  public func concatenated(with other: Dataset) -> Dataset {
    Dataset(ConcatenationStage(first: stage, second: other.stage))
  }
}

/// Pairs of elements with the same number, as many as both data sets have.
public func zip<First, Second>(
  _ first: Dataset<First>, _ second: Dataset<Second>
) -> Dataset<(First, Second)> {
  Dataset(ZipStage(first: first.stage, second: second.stage))
}

/// One step that several sets lead to.
func joined(_ name: String, _ outlines: [[String]]) -> String {
  "\(name) (\(outlines.map { $0.joined(separator: ", ") }.joined(separator: "; ")))"
}

private struct ConcatenationStage<Element: Sendable>: Stage {
  let first: any Stage<Element>
  let second: any Stage<Element>

  var count: Int? {
    guard let first = first.count, let second = second.count else { return nil }
    return first + second
  }

  var ahead: Ahead { first.ahead.joined(with: second.ahead) }
  var outline: [String] { [joined("concatenated", [first.outline, second.outline])] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    let passes = (try first.pass(epoch), try second.pass(epoch))
    if case (.indexed(let first), .indexed(let second)) = passes {
      return .indexed(ConcatenationPass(first: first, second: second))
    }
    return .stream(ConcatenationPuller(passes.0.puller(), passes.1.puller()))
  }
}

private struct ConcatenationPass<Element: Sendable>: IndexedPass {
  let first: any IndexedPass<Element>
  let second: any IndexedPass<Element>

  var total: Int { first.total + second.total }

  func element(at index: Int) throws(TensorError) -> Element {
    let rest = index - first.total
    return rest < 0 ? try first.element(at: index) : try second.element(at: rest)
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    try joinedBlock(at: indices) {
      $0 < first.total ? 0 : 1
    } part: {
      (source, indices) throws(TensorError) in
      source == 0
        ? try first.block(at: indices) : try second.block(at: indices.map { $0 - first.total })
    }
  }

  func origin(of index: Int) -> Int { index }
}

/// The elements of several blocks in the order of `indices`, of which each belongs to one source.
func joinedBlock(
  at indices: [Int], source: (Int) -> Int,
  part: (Int, [Int]) throws(TensorError) -> ExampleBlock?
) throws(TensorError) -> ExampleBlock? {
  let sources = indices.map(source)
  guard let only = sources.first, sources.contains(where: { $0 != only }) else {
    return try part(sources.first ?? 0, indices)
  }
  var parts: [ExampleBlock] = []
  var places: [Int] = []
  for source in Set(sources).sorted() {
    let members = sources.indices.filter { sources[$0] == source }
    guard let block = try part(source, members.map { indices[$0] }) else { return nil }
    parts.append(block)
    places += members
  }
  var order = places
  for (row, place) in places.enumerated() { order[place] = row }
  return try ExampleBlock(joining: parts).gathered(order)
}

private final class ConcatenationPuller<Element: Sendable>: Puller {
  private var first: (any Puller<Element>)?
  private let second: any Puller<Element>

  init(_ first: any Puller<Element>, _ second: any Puller<Element>) {
    self.first = first
    self.second = second
  }

  func next() throws(TensorError) -> Pending<Element>? {
    if let pending = try first?.next() { return pending }
    first = nil
    return try second.next()
  }
}

private struct ZipStage<First: Sendable, Second: Sendable>: Stage {
  let first: any Stage<First>
  let second: any Stage<Second>

  var count: Int? {
    guard let first = first.count, let second = second.count else { return nil }
    return min(first, second)
  }

  var ahead: Ahead { first.ahead.joined(with: second.ahead) }
  var outline: [String] { [joined("zip", [first.outline, second.outline])] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<(First, Second)> {
    let passes = (try first.pass(epoch), try second.pass(epoch))
    if case (.indexed(let first), .indexed(let second)) = passes {
      return .indexed(ZipPass(first: first, second: second))
    }
    return .stream(ZipPuller(passes.0.puller(), passes.1.puller()))
  }
}

private struct ZipPass<First: Sendable, Second: Sendable>: IndexedPass {
  let first: any IndexedPass<First>
  let second: any IndexedPass<Second>

  var total: Int { min(first.total, second.total) }

  func element(at index: Int) throws(TensorError) -> (First, Second) {
    (try first.element(at: index), try second.element(at: index))
  }
}

private final class ZipPuller<First: Sendable, Second: Sendable>: Puller {
  private let first: any Puller<First>
  private let second: any Puller<Second>
  private var number = 0

  init(_ first: any Puller<First>, _ second: any Puller<Second>) {
    self.first = first
    self.second = second
  }

  func next() throws(TensorError) -> Pending<(First, Second)>? {
    guard let first = try first.next(), let second = try second.next() else { return nil }
    defer { number += 1 }
    return Pending(origin: number) { () throws(TensorError) -> (First, Second) in
      (try first.make(), try second.make())
    }
  }

  func skip(_ count: Int) throws(TensorError) {
    try first.skip(count)
    try second.skip(count)
    number += count
  }
}
