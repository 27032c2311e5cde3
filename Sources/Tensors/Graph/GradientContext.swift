internal import Backends
internal import Geometry

/// What the gradient rule of one operation works with: its inputs and output, the gradient that
/// arrived, and where to leave the gradients of the inputs.
///
/// Holds a copy of the graph, so that rules run without the lock.
package final class GradientContext {
  fileprivate struct Snapshot {
    var nodes: ContiguousArray<Node> = []
    var links: [[Int]] = []
    /// Whether a wanted node is reached from here.
    var isNeeded: [Bool] = []
    /// Where the values and the wanted nodes are among the nodes.
    var positions: [ObjectIdentifier: Int] = [:]
  }

  private let snapshot: Snapshot
  private var adjoints: [Tensor?]
  /// The gradients that arrived for the results of operations with several.
  private var resultAdjoints: [Int: [Int: Tensor]] = [:]
  private var current = 0

  private init(_ snapshot: Snapshot) {
    self.snapshot = snapshot
    adjoints = [Tensor?](repeating: nil, count: snapshot.nodes.count)
  }

  var inputCount: Int { snapshot.links[current].count }

  func input(_ number: Int) -> Tensor { Tensor(snapshot.nodes[snapshot.links[current][number]]) }

  /// The result of the operation.
  var output: Tensor { Tensor(snapshot.nodes[current]) }

  /// The gradient of the final value with respect to the result. The rule of an operation with
  /// several results asks for each by number.
  private(set) var upstream = Tensor(0)

  func upstream(ofResult number: Int) -> Tensor? { resultAdjoints[current]?[number] }

  /// Whether the gradient of this input is of use to anybody.
  func isWanted(_ number: Int) -> Bool {
    let index = snapshot.links[current][number]
    return snapshot.isNeeded[index] && snapshot.nodes[index].scalarType.isFloatingPoint
  }

  /// Adds to the gradient of an input. One of a broadcast result is summed to the input's shape.
  func give(_ number: Int, _ gradient: Tensor) throws(TensorError) {
    let index = snapshot.links[current][number]
    try give(to: index, gradient)
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
    let wanted = Set(inputs.map { ObjectIdentifier($0.node) })
    let context = GradientContext(copy(from: results, wanted, since: start))
    for (result, upstream) in zip(results, upstreams) {
      try context.give(to: context.index(of: result.node), upstream)
    }
    try context.run(wanted)
    var gradients: [Tensor] = []
    for input in inputs {
      let found = context.snapshot.positions[ObjectIdentifier(input.node)]
      if let adjoint = found.flatMap({ context.adjoints[$0] }) {
        gradients.append(adjoint)
      } else {
        gradients.append(Tensor.constant(0, input.shape, input.scalarType, input.node.place))
      }
    }
    return gradients
  }

  /// The values that a walk begins at are always among the nodes.
  private func index(of node: Node) -> Int {
    snapshot.positions[ObjectIdentifier(node)] ?? snapshot.nodes.count - 1
  }

  private func run(_ wanted: Set<ObjectIdentifier>) throws(TensorError) {
    for index in stride(from: snapshot.nodes.count - 1, through: 0, by: -1)
    where snapshot.isNeeded[index] && !snapshot.links[index].isEmpty {
      let node = snapshot.nodes[index]
      current = index
      if let number = node.operation.resultNumber {
        guard let adjoint = adjoints[index] else { continue }
        let source = snapshot.links[index][0]
        let earlier = resultAdjoints[source]?[number]
        let sum = if let earlier { try earlier + adjoint } else { adjoint }
        resultAdjoints[source, default: [:]][number] = sum
      } else if let adjoint = adjoints[index] {
        upstream = adjoint
        try differentiate(node)
      } else if resultAdjoints[index] != nil {
        try differentiate(node)
      }
      if !wanted.contains(ObjectIdentifier(node)) { adjoints[index] = nil }
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
    from results: [Tensor], _ wanted: Set<ObjectIdentifier>, since start: UInt64
  ) -> Snapshot {
    graphLock.acquire()
    defer { graphLock.release() }
    newestMark += 1
    let mark = newestMark
    var snapshot = Snapshot()
    var stack: [(node: Node, next: Int)] = []
    for result in results where result.node.mark != mark {
      result.node.mark = mark
      stack.append((result.node, 0))
      while let (node, next) = stack.last {
        let isEnd = node.serial < start
        if !isEnd, next < node.inputCount {
          stack[stack.count - 1].next = next + 1
          let input = node.input(next)
          if input.mark != mark {
            input.mark = mark
            stack.append((input, 0))
          }
          continue
        }
        stack.removeLast()
        node.index = Int32(truncatingIfNeeded: snapshot.nodes.count)
        var links: [Int] = []
        var isNeeded = wanted.contains(ObjectIdentifier(node))
        if !isEnd {
          links.reserveCapacity(node.inputCount)
          for number in 0..<node.inputCount {
            let link = Int(node.input(number).index)
            links.append(link)
            isNeeded = isNeeded || snapshot.isNeeded[link]
          }
        }
        if isNeeded, wanted.contains(ObjectIdentifier(node)) {
          snapshot.positions[ObjectIdentifier(node)] = snapshot.nodes.count
        }
        snapshot.nodes.append(node)
        snapshot.links.append(links)
        snapshot.isNeeded.append(isNeeded)
      }
    }
    for result in results {
      snapshot.positions[ObjectIdentifier(result.node)] = Int(result.node.index)
    }
    return snapshot
  }
}
