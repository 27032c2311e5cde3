internal import Backends
internal import Geometry

/// What the gradient rule of one operation works with: its inputs and output, the gradient that
/// arrived, and where to leave the gradients of the inputs.
///
/// Holds a copy of the graph, so that rules run without the lock.
package final class GradientContext {
  fileprivate struct Snapshot {
    var nodes: ContiguousArray<Node> = []
    /// The inputs of all nodes as indices, and where each node's begin.
    private var links: ContiguousArray<Int32> = []
    private var linkStarts: ContiguousArray<Int32> = [0]
    /// Whether a node's gradient is wanted, and whether a wanted node is reached from it.
    var isWanted: ContiguousArray<Bool> = []
    var isNeeded: ContiguousArray<Bool> = []
    /// Where the values are among the nodes, and where the wanted ones: nil if no value depends on
    /// them.
    var results: [Int] = []
    var inputs: [Int?] = []

    func linkCount(_ index: Int) -> Int { Int(linkStarts[index + 1] - linkStarts[index]) }

    func link(_ index: Int, _ number: Int) -> Int { Int(links[Int(linkStarts[index]) + number]) }

    /// Adds a node whose inputs are there already; a constant one counts as if it had none.
    mutating func append(_ node: Node, isWanted: Bool, isConstant: Bool) {
      node.index = Int32(truncatingIfNeeded: nodes.count)
      var isNeeded = isWanted
      for number in 0..<(isConstant ? 0 : node.inputCount) {
        let link = node.inputReference(number)._withUnsafeGuaranteedRef { $0.index }
        links.append(link)
        isNeeded = isNeeded || self.isNeeded[Int(link)]
      }
      linkStarts.append(Int32(truncatingIfNeeded: links.count))
      nodes.append(node)
      self.isWanted.append(isWanted)
      self.isNeeded.append(isNeeded)
    }
  }

  private let snapshot: Snapshot
  private var adjoints: ContiguousArray<Tensor?>
  /// The gradients that arrived for the results of operations with several.
  private var resultAdjoints: [Int: [Int: Tensor]] = [:]
  private var current = 0

  private init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    adjoints = ContiguousArray(repeating: nil, count: snapshot.nodes.count)
  }

  var inputCount: Int { snapshot.linkCount(current) }

  func input(_ number: Int) -> Tensor { Tensor(snapshot.nodes[snapshot.link(current, number)]) }

  /// The result of the operation.
  var output: Tensor { Tensor(snapshot.nodes[current]) }

  /// The gradient of the final value with respect to the result. The rule of an operation with
  /// several results asks for each by number.
  private(set) var upstream = Tensor(0)

  func upstream(ofResult number: Int) -> Tensor? { resultAdjoints[current]?[number] }

  /// Whether the gradient of this input is of use to anybody.
  func isWanted(_ number: Int) -> Bool {
    let index = snapshot.link(current, number)
    return snapshot.isNeeded[index] && snapshot.nodes[index].scalarType.isFloatingPoint
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
    let context = GradientContext(copy(from: results, to: inputs, since: start))
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
    where snapshot.isNeeded[index] && snapshot.linkCount(index) > 0 {
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
      if !snapshot.isWanted[index] { adjoints[index] = nil }
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
    var stack: ContiguousArray<(node: Unmanaged<Node>, next: Int32, isWanted: Bool)> = []
    for result in results {
      var found: Unmanaged<Node>? = .passUnretained(result.node)
      while true {
        found?._withUnsafeGuaranteedRef { node in
          if node.mark == mark { return }
          stack.append((.passUnretained(node), 0, node.mark == wantedMark))
          node.mark = mark
        }
        guard let (reference, next, isWanted) = stack.last else { break }
        found = reference._withUnsafeGuaranteedRef { node in
          let isConstant = node.serial < start
          if !isConstant, Int(next) < node.inputCount {
            stack[stack.count - 1].next = next + 1
            return node.inputReference(Int(next))
          }
          stack.removeLast()
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
