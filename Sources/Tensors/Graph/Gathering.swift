internal import Backends
internal import Geometry

/// The nodes that one evaluation needs, inputs before users, and the key of their plan.
///
/// Works under the graph's lock.
struct Gathering: ~Copyable {
  /// What is found out about a node.
  struct Facts: BitwiseCopyable {
    /// Where its inputs are among the links.
    var firstLink: Int32, linkCount: Int32
    /// Whether it has its memory, or is a constant.
    var isSettled: Bool
    /// Whether it is one of several results of its input.
    var isResult: Bool
    /// Whether another node is a result of this one.
    var hasResults = false
    /// Whether it gets memory that outlives the evaluation.
    var isKept = false
    /// Whether somebody asked for it by name; otherwise it is kept only because it is held.
    var isRequested = false
  }

  private(set) var nodes: ContiguousArray<Node> = []
  private(set) var facts = PlainList<Facts>()
  private(set) var key = Key()
  /// The inputs of all nodes as indices.
  private var links = PlainList<Int32>()
  private var stack = PlainList<(node: Unmanaged<Node>, next: Int32)>()
  /// For each assignment, the index of the node that the box held before, or -1.
  private var replaced = PlainList<Int32>()
  private var hasOpenNodes = false
  /// Makes `recall` do something that is not left out.
  private var recalled: UInt64 = 0

  func inputs(of index: Int) -> [Int] {
    let first = Int(facts[index].firstLink)
    var inputs: [Int] = []
    for number in first..<(first + Int(facts[index].linkCount)) {
      inputs.append(Int(links[number]))
    }
    return inputs
  }

  mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    facts.removeAll()
    key.removeAll()
    links.removeAll()
    replaced.removeAll()
    hasOpenNodes = false
  }

  /// Collects what `requested` and `assignments` need. Previous values that are among the nodes are
  /// taken out of the assignments, so that nothing but the graph refers to them.
  mutating func gather(
    _ requested: ContiguousArray<Node>, _ assignments: inout ContiguousArray<Engine.Assignment>
  ) {
    newestMark += 1
    let mark = newestMark
    for node in requested where node.memory == nil && !node.isConstant { visit(node, mark) }
    for index in assignments.indices where assignments[index].node.memory == nil {
      visit(assignments[index].node, mark)
    }
    if nodes.isEmpty { return }
    for node in requested where node.memory == nil && !node.isConstant { request(node) }
    for index in assignments.indices {
      var previous: Int32 = -1
      if assignments[index].node.memory == nil {
        request(assignments[index].node)
        if assignments[index].previous?.mark == mark {
          previous = assignments[index].previous?.index ?? -1
          assignments[index].previous = nil
        }
      } else {
        assignments[index].previous = nil
      }
      replaced.append(previous)
    }
  }

  private mutating func request(_ node: Node) {
    facts[Int(node.index)].isKept = true
    facts[Int(node.index)].isRequested = true
  }

  private mutating func visit(_ root: Node, _ mark: UInt64) {
    if root.mark == mark { return }
    root.mark = mark
    stack.append((.passUnretained(root), 0))
    while let (unmanaged, next) = stack.popLast() {
      unmanaged._withUnsafeGuaranteedRef { node in
        if Int(next) == node.pendingInputCount { return append(node) }
        stack.append((unmanaged, next + 1))
        let input = node.inputReference(Int(next))
        input._withUnsafeGuaranteedRef { input in
          if input.mark == mark { return }
          input.mark = mark
          stack.append((.passUnretained(input), 0))
        }
      }
    }
  }

  /// Adds a node whose inputs are there already, and writes its structure into the key.
  private mutating func append(_ node: Node) {
    node.index = Int32(truncatingIfNeeded: nodes.count)
    nodes.append(node)
    let hasMemory = node.memory != nil
    let count = node.pendingInputCount
    let operation = node.operation
    facts.append(
      Facts(
        firstLink: Int32(truncatingIfNeeded: links.count),
        linkCount: Int32(truncatingIfNeeded: count), isSettled: hasMemory || node.isConstant,
        isResult: operation.code == ResultOperation.code))
    key.append(
      (hasMemory ? 0 : operation.code) | UInt64(node.scalarType.rawValue) << 32
        | UInt64(node.shape.rank) << 40 | UInt64(truncatingIfNeeded: count) << 44)
    key.append(node.shape)
    if hasMemory { return }
    operation.describe(into: &key)
    for number in 0..<count {
      let link = node.inputReference(number)._withUnsafeGuaranteedRef { $0.index }
      links.append(link)
      key.append(UInt64(truncatingIfNeeded: link))
    }
  }

  /// Cuts the links of nodes that need not keep them, users before inputs, and finds out on the way
  /// which nodes somebody outside still holds: those are kept.
  mutating func unlink() {
    for index in stride(from: nodes.count - 1, through: 0, by: -1) {
      let fact = facts[index]
      if fact.isSettled { continue }
      if fact.isResult { facts[Int(links[Int(fact.firstLink)])].hasResults = true }
      let isHeld = fact.isRequested || !isKnownUniquelyReferenced(&nodes[index])
      if isHeld, !fact.isRequested, nodes[index].operation is ViewOperation {
        // A view that is only held costs nothing to keep as it is: its input is kept instead.
        continue
      }
      // One of whose results somebody holds that nobody has asked for yet is computed again for it.
      if isHeld, fact.hasResults { continue }
      if isHeld { facts[index].isKept = true }
      Unmanaged.passUnretained(nodes[index])._withUnsafeGuaranteedRef { node in
        if node.recording?.innermostOpen != nil {
          hasOpenNodes = true
        } else {
          node.unlink()
        }
      }
    }
    var word: UInt64 = 0
    for index in facts.indices {
      if facts[index].isKept { word |= 1 << UInt64(index & 31) }
      if facts[index].isRequested { word |= 1 << UInt64(32 + index & 31) }
      if index & 31 == 31 {
        key.append(word)
        word = 0
      }
    }
    key.append(word)
  }

  /// Puts the links back after a failure.
  func relink() {
    for index in nodes.indices where nodes[index].memory == nil && !nodes[index].isConstant {
      var inputs: ContiguousArray<Node> = []
      for input in self.inputs(of: index) { inputs.append(nodes[input]) }
      nodes[index].link(inputs)
    }
  }

  /// What the box of an assignment held before, if that is among the nodes.
  func previous(ofAssignment number: Int) -> Node? {
    replaced[number] < 0 ? nil : nodes[Int(replaced[number])]
  }

  /// Reads a little of each node and box, once the kernels are through. These have driven them out of
  /// the caches, and what is read in a row comes back together, not one after the other as they are
  /// let go of.
  mutating func recall(_ assignments: ContiguousArray<Engine.Assignment>) {
    func firstWord(_ object: AnyObject) -> UInt64 {
      Unmanaged.passUnretained(object).toOpaque().load(as: UInt64.self)
    }
    var sum: UInt64 = 0
    for node in nodes {
      sum &+= firstWord(node) &+ node.serial &+ node.word &+ node.mark
    }
    for assignment in assignments { sum &+= firstWord(assignment.box) }
    recalled = sum
  }

  /// Has the recordings that need them keep the nodes' inputs until they close.
  func keepOpen() {
    guard hasOpenNodes else { return }
    for node in nodes where node.memory != nil && node.inputCount > 0 {
      node.recording?.innermostOpen?.keep(node)
    }
  }

  /// Whether nobody but this evaluation can see the leaf or its memory, so that a result may take
  /// it over.
  mutating func isUnseen(_ index: Int) -> Bool {
    // The memory is not nil where the second check is reached.
    nodes[index].memory != nil && isKnownUniquelyReferenced(&nodes[index])
      && isKnownUniquelyReferenced(&nodes[index].memory!.buffer)
  }

  mutating func takeMemory(of index: Int) -> Memory? {
    defer { nodes[index].memory = nil }
    return nodes[index].memory
  }

  mutating func setMemory(_ memory: Memory, of index: Int) { nodes[index].memory = memory }
}
