internal import Backends
package import Geometry

/// What is known of a recorded node without computing it.
package struct NodeFacts {
  /// In the order of recording; later nodes have larger numbers.
  package let serial: UInt64
  package let operation: String
  package let shape: Shape
  package let byteCount: Int
  /// The multiplications of products and convolutions; elementwise work is not counted.
  package let multiplications: Int
  /// How far each element looks along the rows and columns of its input, if it slides over them.
  package let windows: (rows: Window, columns: Window)?
  /// Which of the facts are those of its inputs.
  package let inputs: [Int]
}

/// The facts of everything that `results` were recorded from, inputs before users.
package func facts(of results: [Tensor]) -> [NodeFacts] {
  graphLock.withLock {
    var facts: [NodeFacts] = []
    var positions: [ObjectIdentifier: Int] = [:]
    // A node is met twice: going down, and again when all its inputs have been.
    var stack = results.reversed().map { (node: $0.node, isReturn: false) }
    while let (node, isReturn) = stack.popLast() {
      guard positions[ObjectIdentifier(node)] == nil else { continue }
      let inputs = (0..<node.inputCount).map { node.input($0) }
      guard isReturn else {
        stack.append((node, true))
        for input in inputs.reversed() { stack.append((input, false)) }
        continue
      }
      positions[ObjectIdentifier(node)] = facts.count
      facts.append(
        NodeFacts(
          serial: node.serial, operation: node.operation.name, shape: node.shape,
          byteCount: node.byteCount,
          multiplications: node.operation.multiplications(
            of: inputs.map(\.shape), result: node.shape),
          windows: node.operation.windows,
          inputs: inputs.compactMap { positions[ObjectIdentifier($0)] }))
    }
    return facts
  }
}
