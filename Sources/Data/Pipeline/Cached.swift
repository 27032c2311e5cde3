internal import Geometry

extension Dataset {
  /// The same elements, kept in memory once they have been made: the steps before it run in the
  /// first pass only.
  ///
  /// All passes give what the first one gave: put shuffling and random preparation after it.
  /// Examples in columns are kept as columns, so that batches of them stay fast.
  public func cached() -> Dataset {
    Dataset(CacheStage(upstream: stage, memory: CacheMemory()))
  }
}

private struct CacheStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let memory: CacheMemory<Element>

  var count: Int? { upstream.count ?? memory.knownCount }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["cached"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    if memory.isComplete { return .indexed(CachePass(upstream: nil, memory: memory)) }
    switch try upstream.pass(0) {
    case .indexed(let pass):
      guard pass.total <= Int(Int32.max) else {
        throw TensorError(
          .argument, "cached", "at most 2147483647 elements can be kept, not \(pass.total)",
          hint: "repeated() after cached()")
      }
      memory.expect(pass.total)
      return .indexed(CachePass(upstream: pass, memory: memory))
    case .stream(let puller): return .stream(CachePuller(puller, memory))
    }
  }
}

/// What a cache holds so far, by number.
// Everything is read and written under the monitor.
private final class CacheMemory<Element: Sendable>: @unchecked Sendable {
  private let monitor = Monitor()
  private var elements: [Element?] = []
  private var missing = 0
  private var total: Int?
  private var columns: Columns = .unknown

  enum Columns {
    case unknown, none
    case block(ExampleBlock)
  }

  var knownCount: Int? { monitor.withLock { total } }
  var isComplete: Bool {
    monitor.withLock {
      if case .block = columns { return true }
      return total != nil && missing == 0
    }
  }

  /// Says how many elements there will be.
  func expect(_ count: Int) {
    monitor.withLock {
      guard total == nil else { return }
      while elements.count < count {
        elements.append(nil)
        missing += 1
      }
      total = count
    }
  }

  func element(at index: Int) -> Element? {
    monitor.withLock {
      if case .block(let block) = columns, let example = try? block.example(index) {
        return example as? Element
      }
      return index < elements.count ? elements[index] : nil
    }
  }

  func keep(_ element: Element, at index: Int) {
    monitor.withLock {
      while elements.count <= index {
        elements.append(nil)
        missing += 1
      }
      guard elements[index] == nil else { return }
      elements[index] = element
      missing -= 1
    }
  }

  /// All elements as columns, made now if `pass` has a way to; others wait for it.
  func block(_ pass: (any IndexedPass<Element>)?) throws(TensorError) -> ExampleBlock? {
    try monitor.withLock { () throws(TensorError) -> ExampleBlock? in
      if case .block(let block) = columns { return block }
      if case .unknown = columns, let pass {
        guard let block = try pass.block(at: Array(0..<pass.total)) else {
          columns = .none
          return nil
        }
        columns = .block(block)
        elements = []
        return block
      }
      return nil
    }
  }
}

private struct CachePass<Element: Sendable>: IndexedPass {
  let upstream: (any IndexedPass<Element>)?
  let memory: CacheMemory<Element>

  var total: Int { memory.knownCount ?? 0 }

  func element(at index: Int) throws(TensorError) -> Element {
    if let element = memory.element(at: index) { return element }
    guard let upstream else {
      throw TensorError(.index, "cached", "there is no element \(index)")
    }
    let element = try upstream.element(at: index)
    memory.keep(element, at: index)
    return element
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    try memory.block(upstream)?.gathered(indices)
  }

  func origin(of index: Int) -> Int { upstream?.origin(of: index) ?? index }
}

/// The first passes over a stream: what is made on the way is kept.
private final class CachePuller<Element: Sendable>: Puller {
  private let upstream: any Puller<Element>
  private let memory: CacheMemory<Element>
  private var number = 0

  init(_ upstream: any Puller<Element>, _ memory: CacheMemory<Element>) {
    self.upstream = upstream
    self.memory = memory
  }

  func next() throws(TensorError) -> Pending<Element>? {
    guard let pending = try upstream.next() else {
      memory.expect(number)
      return nil
    }
    defer { number += 1 }
    return Pending(origin: pending.origin) {
      [memory, number] () throws(TensorError) in
      if let element = memory.element(at: number) { return element }
      let element = try pending.make()
      memory.keep(element, at: number)
      return element
    }
  }
}
