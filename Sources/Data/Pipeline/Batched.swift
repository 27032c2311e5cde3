internal import Geometry

extension Dataset where Element == Example {
  /// Batches of `size` examples; the last one is smaller, or left out.
  ///
  /// Examples that lie in memory are gathered as rows. Others are made one by one and must have the
  /// same shapes; `paddedBatch` is for sequences of different lengths.
  public func batched(_ size: Int, dropRemainder: Bool = false) -> Dataset<Batch> {
    Dataset<Batch>(
      GroupStage(upstream: stage, size: size, drops: dropRemainder, operation: "batched") {
        (pass, indices) throws(TensorError) -> Batch in
        if let block = try pass.block(at: indices) { return try Batch(block) }
        return try Batch(try ExampleBlock(try pass.elements(at: indices)))
      } collect: { (examples) throws(TensorError) -> Batch in
        try Batch(try ExampleBlock(examples))
      })
  }
}

extension Dataset where Element == Values {
  /// Values of one shape stacked along a new first axis, `size` at a time; the last batch is
  /// smaller, or left out.
  public func batched(_ size: Int, dropRemainder: Bool = false) -> Dataset<Values> {
    grouped(size, dropRemainder: dropRemainder, "batched") { (values) throws(TensorError) in
      try .stacked(values)
    }
  }
}

extension Dataset {
  /// Arrays of `size` elements; the last one is smaller, or left out.
  public func chunked(_ size: Int, dropRemainder: Bool = false) -> Dataset<[Element]> {
    grouped(size, dropRemainder: dropRemainder, "chunked") { $0 }
  }

  /// What `collect` makes of `size` elements at a time.
  func grouped<Group>(
    _ size: Int, dropRemainder: Bool, _ operation: String,
    collect: @escaping @Sendable ([Element]) throws(TensorError) -> Group
  ) -> Dataset<Group> {
    Dataset<Group>(
      GroupStage(upstream: stage, size: size, drops: dropRemainder, operation: operation) {
        (pass, indices) throws(TensorError) in
        try collect(try pass.elements(at: indices))
      } collect: { (elements) throws(TensorError) in
        try collect(elements)
      })
  }
}

extension IndexedPass {
  func elements(at indices: [Int]) throws(TensorError) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(indices.count)
    for index in indices { elements.append(try element(at: index)) }
    return elements
  }
}

/// Groups of neighbouring elements.
struct GroupStage<Input: Sendable, Element: Sendable>: Stage {
  typealias Gather = @Sendable (any IndexedPass<Input>, [Int]) throws(TensorError) -> Element
  typealias Collect = @Sendable ([Input]) throws(TensorError) -> Element

  let upstream: any Stage<Input>
  let size: Int
  let drops: Bool
  let operation: String
  let gather: Gather
  let collect: Collect

  init(
    upstream: any Stage<Input>, size: Int, drops: Bool, operation: String,
    gather: @escaping Gather, collect: @escaping Collect
  ) {
    self.upstream = upstream
    self.size = size
    self.drops = drops
    self.operation = operation
    self.gather = gather
    self.collect = collect
  }

  var count: Int? { upstream.count.map(groups) }
  var ahead: Ahead { upstream.ahead.grouped(by: size) }

  var outline: [String] {
    upstream.outline + ["\(operation) \(size)" + (drops ? " without the rest" : "")]
  }

  private func groups(_ count: Int) -> Int {
    size < 1 ? 0 : drops ? count / size : count / size + (count % size == 0 ? 0 : 1)
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    guard size > 0 else {
      throw TensorError(.argument, operation, "\(size) elements are no batch")
    }
    switch try upstream.pass(epoch) {
    case .indexed(let pass):
      return .indexed(
        GroupPass(upstream: pass, size: size, total: groups(pass.total), gather: gather))
    case .stream(let puller): return .stream(GroupPuller(puller, size, drops, collect))
    }
  }
}

private struct GroupPass<Input: Sendable, Element: Sendable>: IndexedPass {
  let upstream: any IndexedPass<Input>
  let size: Int
  let total: Int
  let gather: GroupStage<Input, Element>.Gather

  func element(at index: Int) throws(TensorError) -> Element {
    let start = index * size
    return try gather(upstream, Array(start..<min(start + size, upstream.total)))
  }
}

private final class GroupPuller<Input: Sendable, Element: Sendable>: Puller {
  private let upstream: any Puller<Input>
  private let size: Int
  private let drops: Bool
  private let collect: GroupStage<Input, Element>.Collect
  private var number = 0

  init(
    _ upstream: any Puller<Input>, _ size: Int, _ drops: Bool,
    _ collect: @escaping GroupStage<Input, Element>.Collect
  ) {
    self.upstream = upstream
    self.size = size
    self.drops = drops
    self.collect = collect
  }

  func next() throws(TensorError) -> Pending<Element>? {
    var members: [Pending<Input>] = []
    while members.count < size, let pending = try upstream.next() { members.append(pending) }
    guard members.count == size || !members.isEmpty && !drops else { return nil }
    defer { number += 1 }
    return Pending(origin: number) { [collect, members] () throws(TensorError) in
      var elements: [Input] = []
      elements.reserveCapacity(members.count)
      for member in members { elements.append(try member.make()) }
      return try collect(elements)
    }
  }

  func skip(_ count: Int) throws(TensorError) {
    let (elements, overflow) = count.multipliedReportingOverflow(by: size)
    try upstream.skip(overflow ? .max : elements)
    number += count
  }
}
