internal import Backends
internal import Geometry

extension PlanBuilder {
  /// A node that the kernel of `value` can compute on the way, the first that `matches` among those
  /// that read the first input of `value` too, or nil.
  ///
  /// What `matches` returns are the inputs that the node has besides those of `value`. They are
  /// added to the plan ahead of their turn, so they must not depend on `value`. The caller then
  /// computes both.
  mutating func takeCompanion(
    of value: Int, matching matches: (_ node: Int, _ operation: Operation) -> [Int]?
  ) throws(TensorError) -> Int? {
    for node in fusion.users[inputs[value][0]] where node > value && nodes[node].memory == nil {
      guard !companions.contains(node), !ahead.contains(node),
        let inputs = matches(node, nodes[node].operation)
      else { continue }
      guard let missing = notAdded(of: inputs, before: value) else { continue }
      // Members of a chain that stand before `value` have had their turn.
      for ancestor in missing where ancestor > value {
        try add(ancestor)
        ahead.insert(ancestor)
      }
      companions.insert(node)
      return node
    }
    return nil
  }

  /// What has to be added before the kernel of `value` can read `wanted`, inputs before users; nil
  /// if `value` itself is among it, or something that overwrites memory, or much.
  private func notAdded(of wanted: [Int], before value: Int) -> [Int]? {
    var found: Set<Int> = []
    var open = wanted
    while let node = open.popLast() {
      let root = fusion.root[node]
      if root == value || nodes[node].operation is GroupedOperation { return nil }
      if root < value || ahead.contains(node) || nodes[node].memory != nil { continue }
      if nodes[node].isConstant || !found.insert(node).inserted { continue }
      if found.count > 64 { return nil }
      open += inputs[node]
      if root != node { open.append(root) }
      // A chain is added whole.
      open += fusion.members[node] ?? []
      if let producer = fusion.producer[node] { open.append(producer) }
    }
    return found.sorted()
  }

  /// A number for each row: where they lie in a row, or where the one lies that serves them all.
  mutating func rowNumbers(_ node: Int) throws(TensorError) -> (
    read: (value: Int, byteOffset: Int), isOfRows: Bool
  ) {
    let found = source(of: node)
    let type = nodes[node].scalarType
    if isConstant(found.value) {
      let value = temporary(byteCount: type.byteCount)
      let program = Program(inputs: [], scalars: [type], results: [0])
      add(
        try backend.elementwise(program, over: Domain(shape: [1], reading: [])), reads: [],
        writes: [value], words: [Plan.WordSource(node: Int32(found.value))],
        note: "constant")
      return ((value, 0), false)
    }
    if found.layout.strides.allSatisfy({ $0 == 0 }) {
      return ((found.value, found.layout.offset * type.byteCount), false)
    }
    return (try contiguous(node), true)
  }
}
