internal import Backends
internal import Geometry

/// What the gradient rule of one operation works with: its inputs and output, the gradient that
/// arrived, and where to leave the gradients of the inputs.
///
/// Holds a copy of the graph, so that rules run without the lock.
package final class GradientContext {
  fileprivate struct Snapshot: ~Copyable {
    private struct Facts: BitwiseCopyable {
      /// Where the node's inputs are among the links.
      var firstLink: Int32, linkCount: Int32
      /// Whether its gradient is wanted, and whether a wanted node is reached from it.
      var isWanted: Bool, isNeeded: Bool
    }

    private(set) var nodes: ContiguousArray<Node> = []
    private var facts = PlainList<Facts>()
    /// The inputs of all nodes as indices.
    private var links = PlainList<Int32>()
    /// Where the values are among the nodes, and where the wanted ones: nil if no value depends on
    /// them.
    var results: [Int] = []
    var inputs: [Int?] = []

    init() { nodes.reserveCapacity(64) }

    func isWanted(_ index: Int) -> Bool { facts[index].isWanted }
    func isNeeded(_ index: Int) -> Bool { facts[index].isNeeded }
    func linkCount(_ index: Int) -> Int { Int(facts[index].linkCount) }

    func link(_ index: Int, _ number: Int) -> Int {
      Int(links[Int(facts[index].firstLink) + number])
    }

    /// Adds a node whose inputs are there already; a constant one counts as if it had none.
    mutating func append(_ node: Node, isWanted: Bool, isConstant: Bool) {
      node.index = Int32(truncatingIfNeeded: nodes.count)
      let firstLink = links.count
      var isNeeded = isWanted
      for number in 0..<(isConstant ? 0 : node.inputCount) {
        let link = node.inputReference(number)._withUnsafeGuaranteedRef { $0.index }
        links.append(link)
        isNeeded = isNeeded || facts[Int(link)].isNeeded
      }
      nodes.append(node)
      facts.append(
        Facts(
          firstLink: Int32(truncatingIfNeeded: firstLink),
          linkCount: Int32(truncatingIfNeeded: links.count - firstLink), isWanted: isWanted,
          isNeeded: isNeeded))
    }
  }

  // One thread at a time has a context, and no rule calls itself: that needs no check at each use.
  private let snapshot: Snapshot
  @exclusivity(unchecked) private var adjoints: ContiguousArray<Tensor?> = []
  /// The gradients that arrived for the results of operations with several.
  @exclusivity(unchecked) private var resultAdjoints: [Int: [Int: Tensor]] = [:]
  @exclusivity(unchecked) private var current = 0
  /// The gradient of the final value with respect to the result. The rule of an operation with
  /// several results asks for each by number.
  @exclusivity(unchecked) private(set) var upstream: Tensor

  private init(_ snapshot: consuming Snapshot, upstream: Tensor) {
    self.upstream = upstream
    // Not by `repeating:`, which looks up the type of such an array each time.
    adjoints.reserveCapacity(snapshot.nodes.count)
    for _ in snapshot.nodes.indices { adjoints.append(nil) }
    self.snapshot = snapshot
  }

  var inputCount: Int { snapshot.linkCount(current) }

  func input(_ number: Int) -> Tensor { Tensor(snapshot.nodes[snapshot.link(current, number)]) }

  /// The result of the operation.
  var output: Tensor { Tensor(snapshot.nodes[current]) }

  func upstream(ofResult number: Int) -> Tensor? { resultAdjoints[current]?[number] }

  /// Whether the gradient of this input is of use to anybody.
  func isWanted(_ number: Int) -> Bool {
    let index = snapshot.link(current, number)
    return snapshot.isNeeded(index) && snapshot.nodes[index].scalarType.isFloatingPoint
  }

  /// Adds to the gradient of an input. One of a broadcast result is summed to the input's shape.
  func give(_ number: Int, _ gradient: Tensor) throws(TensorError) {
    try give(to: snapshot.link(current, number), gradient)
  }

  private func give(to index: Int, _ gradient: Tensor) throws(TensorError) {
    let gradient = try gradient.summed(to: snapshot.nodes[index].shape)
    if let earlier = adjoints[index] {
      adjoints[index] = try earlier + gradient
    } else {
      adjoints[index] = gradient
    }
  }

  /// The gradients of `Σ results[k] · upstreams[k]` with respect to `inputs`, zeros for those that
  /// nothing depends on. What was recorded before `start` is a constant.
  static func walk(
    from results: [Tensor], _ upstreams: [Tensor], to inputs: [Tensor], since start: UInt64
  ) throws(TensorError) -> [Tensor] {
    let context = GradientContext(
      copy(from: results, to: inputs, since: start), upstream: upstreams.first ?? Tensor(0))
    for (index, upstream) in zip(context.snapshot.results, upstreams) {
      try context.give(to: index, upstream)
    }
    try context.run()
    var gradients: [Tensor] = []
    gradients.reserveCapacity(inputs.count)
    for (input, index) in zip(inputs, context.snapshot.inputs) {
      if let adjoint = index.flatMap({ context.adjoints[$0] }) {
        gradients.append(adjoint)
      } else {
        gradients.append(Tensor.constant(0, input.shape, input.scalarType, input.node.place))
      }
    }
    return gradients
  }

  private func run() throws(TensorError) {
    for index in stride(from: snapshot.nodes.count - 1, through: 0, by: -1)
    where snapshot.isNeeded(index) && snapshot.linkCount(index) > 0 {
      let node = snapshot.nodes[index]
      current = index
      if let number = node.operation.resultNumber {
        guard let adjoint = adjoints[index] else { continue }
        let source = snapshot.link(index, 0)
        let earlier = resultAdjoints[source]?[number]
        let sum = if let earlier { try earlier + adjoint } else { adjoint }
        resultAdjoints[source, default: [:]][number] = sum
      } else if let adjoint = adjoints[index] {
        upstream = adjoint
        try differentiate(node)
      } else if resultAdjoints[index] != nil {
        try differentiate(node)
      }
      if !snapshot.isWanted(index) { adjoints[index] = nil }
    }
  }

  private func differentiate(_ node: Node) throws(TensorError) {
    guard node.operation.isDifferentiable else {
      guard node.scalarType.isFloatingPoint else { return }
      throw TensorError(
        .argument, "gradients", "\(node.operation.name) has no gradient", operands: [output.info])
    }
    try node.operation.gradient(self)
  }

  /// Copies the part of the graph that leads to `results` and was recorded since `start`.
  private static func copy(
    from results: [Tensor], to inputs: [Tensor], since start: UInt64
  ) -> Snapshot {
    graphLock.acquire()
    defer { graphLock.release() }
    // Two marks: nodes that were seen, and wanted ones that were not yet.
    newestMark += 2
    let mark = newestMark
    let wantedMark = mark - 1
    for input in inputs { input.node.mark = wantedMark }
    var snapshot = Snapshot()
    // The results hold whatever is on the stack.
    var stack = PlainList<(node: Unmanaged<Node>, next: Int32, isWanted: Bool)>()
    for result in results {
      var found: Unmanaged<Node>? = .passUnretained(result.node)
      while true {
        found?._withUnsafeGuaranteedRef { node in
          if node.mark == mark { return }
          stack.append((.passUnretained(node), 0, node.mark == wantedMark))
          node.mark = mark
        }
        guard let (reference, next, isWanted) = stack.popLast() else { break }
        found = reference._withUnsafeGuaranteedRef { node in
          let isConstant = node.serial < start
          if !isConstant, Int(next) < node.inputCount {
            stack.append((reference, next + 1, isWanted))
            return node.inputReference(Int(next))
          }
          snapshot.append(node, isWanted: isWanted, isConstant: isConstant)
          return nil
        }
      }
    }
    snapshot.results = results.map { Int($0.node.index) }
    snapshot.inputs = inputs.map { $0.node.mark == mark ? Int($0.node.index) : nil }
    return snapshot
  }
}
