internal import Backends
internal import Geometry

/// The nodes that one evaluation needs, inputs before users, and the key of their plan.
///
/// Works under the graph's lock.
struct Gathering {
  private(set) var nodes: ContiguousArray<Node> = []
  /// The inputs of all nodes as indices, and where each node's begin.
  private(set) var links: ContiguousArray<Int32> = []
  private(set) var linkStarts: ContiguousArray<Int32> = []
  /// Whether a node gets memory that outlives the evaluation.
  var isKept: ContiguousArray<Bool> = []
  /// Whether somebody asked for the node by name; otherwise it is kept only because it is held.
  private(set) var isRequested: ContiguousArray<Bool> = []
  private(set) var key = Key()
  private var stack: ContiguousArray<(Unmanaged<Node>, Int32)> = []
  /// For each assignment, the index of the node that the box held before, or -1.
  private var replaced: ContiguousArray<Int32> = []
  /// Whether a node is a result of this one.
  private var hasResults: ContiguousArray<Bool> = []
  private var hasOpenNodes = false

  func inputs(of index: Int) -> ArraySlice<Int32> {
    let isLast = index + 1 == linkStarts.count
    return ArraySlice(
      links[Int(linkStarts[index])..<(isLast ? links.count : Int(linkStarts[index + 1]))])
  }

  mutating func removeAll() {
    nodes.removeAll(keepingCapacity: true)
    links.removeAll(keepingCapacity: true)
    linkStarts.removeAll(keepingCapacity: true)
    isKept.removeAll(keepingCapacity: true)
    isRequested.removeAll(keepingCapacity: true)
    replaced.removeAll(keepingCapacity: true)
    hasResults.removeAll(keepingCapacity: true)
    key.removeAll()
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
    isRequested.append(contentsOf: repeatElement(false, count: nodes.count))
    for node in requested where node.memory == nil && !node.isConstant {
      isRequested[Int(node.index)] = true
    }
    for index in assignments.indices {
      var previous: Int32 = -1
      if assignments[index].node.memory == nil {
        isRequested[Int(assignments[index].node.index)] = true
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

  private mutating func visit(_ root: Node, _ mark: UInt64) {
    if root.mark == mark { return }
    root.mark = mark
    stack.append((.passUnretained(root), 0))
    while let (unmanaged, next) = stack.last {
      unmanaged._withUnsafeGuaranteedRef { node in
        guard Int(next) < node.pendingInputCount else {
          stack.removeLast()
          append(node)
          return
        }
        stack[stack.count - 1].1 = next + 1
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
    linkStarts.append(Int32(truncatingIfNeeded: links.count))
    let hasMemory = node.memory != nil
    let count = node.pendingInputCount
    key.append(
      (hasMemory ? 0 : node.operation.code) | UInt64(node.scalarType.rawValue) << 32
        | UInt64(node.shape.rank) << 40 | UInt64(truncatingIfNeeded: count) << 44)
    key.append(node.shape)
    if hasMemory { return }
    node.operation.describe(into: &key)
    for number in 0..<count {
      let link = node.inputReference(number)._withUnsafeGuaranteedRef { $0.index }
      links.append(link)
      key.append(UInt64(truncatingIfNeeded: link))
    }
  }

  /// Cuts the links of nodes that need not keep them, users before inputs, and finds out on the way
  /// which nodes somebody outside still holds: those are kept.
  mutating func unlink() {
    isKept.append(contentsOf: isRequested)
    hasResults.append(contentsOf: repeatElement(false, count: nodes.count))
    for index in stride(from: nodes.count - 1, through: 0, by: -1) {
      let reference = Unmanaged.passUnretained(nodes[index])
      let (isSettled, isResult) = reference._withUnsafeGuaranteedRef {
        ($0.memory != nil || $0.isConstant, $0.operation.code == ResultOperation.code)
      }
      if isSettled { continue }
      if isResult { hasResults[Int(links[Int(linkStarts[index])])] = true }
      let isHeld = isRequested[index] || !isKnownUniquelyReferenced(&nodes[index])
      if isHeld, !isRequested[index], nodes[index].operation is ViewOperation {
        // A view that is only held costs nothing to keep as it is: its input is kept instead.
        continue
      }
      // One of whose results somebody holds that nobody has asked for yet is computed again for it.
      if isHeld, hasResults[index] { continue }
      if isHeld { isKept[index] = true }
      reference._withUnsafeGuaranteedRef { node in
        if node.recording?.innermostOpen != nil {
          hasOpenNodes = true
        } else {
          node.unlink()
        }
      }
    }
    var word: UInt64 = 0
    for (index, kept) in isKept.enumerated() {
      if kept { word |= 1 << UInt64(index & 31) }
      if isRequested[index] { word |= 1 << UInt64(32 + index & 31) }
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
      for link in self.inputs(of: index) { inputs.append(nodes[Int(link)]) }
      nodes[index].link(inputs)
    }
  }

  /// What the box of an assignment held before, if that is among the nodes.
  func previous(ofAssignment number: Int) -> Node? {
    replaced[number] < 0 ? nil : nodes[Int(replaced[number])]
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
