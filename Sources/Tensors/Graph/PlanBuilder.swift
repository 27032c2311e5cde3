internal import Backends
internal import Geometry

/// Makes a plan: fuses elementwise chains, resolves views, orders steps and shares memory.
///
/// Values are numbered as the nodes are; temporaries follow.
struct PlanBuilder {
  /// Where the elements of a node lie: in the memory of a value, or nowhere for a constant.
  struct Source {
    let value: Int
    let layout: Layout
  }

  /// What a kernel is handed, in its family's order.
  enum Argument {
    case read((value: Int, byteOffset: Int))
    case write(Int)

    var value: Int {
      switch self {
      case .read(let source): source.value
      case .write(let value): value
      }
    }

    var byteOffset: Int {
      if case .read(let source) = self { return source.byteOffset }
      return 0
    }

    var isWrite: Bool {
      if case .write = self { return true }
      return false
    }
  }

  struct PendingStep {
    let kernel: any Kernel
    let arguments: [Argument]
    let words: [Plan.WordSource]
    let note: String
    let isLate: Bool
  }

  let backend: any Backend
  let nodes: ContiguousArray<Node>
  let isKept: ContiguousArray<Bool>
  let isRequested: ContiguousArray<Bool>
  let inputs: [[Int]]
  let fusion: Fusion
  private var sources: [Source?]
  private(set) var steps: [PendingStep] = []
  /// The size in bytes of each value.
  private(set) var sizes: [Int]
  private(set) var results: [(node: Int, value: Int, byteOffset: Int)] = []
  /// Results that may take over the memory of a leaf.
  private(set) var donors: [Int: Int] = [:]
  private var late: Set<Int> = []
  /// The copies in a row that were made of views and constants.
  private var copies: [Int: Int] = [:]

  /// Nodes added ahead of their turn.
  var ahead: Set<Int> = []
  /// Nodes that the kernel of another one computes.
  var companions: Set<Int> = []

  private init(_ work: borrowing Gathering, _ backend: any Backend) {
    self.backend = backend
    nodes = work.nodes
    var isKept: ContiguousArray<Bool> = []
    var isRequested: ContiguousArray<Bool> = []
    var inputs: [[Int]] = []
    for index in work.facts.indices {
      isKept.append(work.facts[index].isKept)
      isRequested.append(work.facts[index].isRequested)
      inputs.append(work.inputs(of: index))
    }
    self.isKept = isKept
    self.isRequested = isRequested
    self.inputs = inputs
    fusion = Fusion(nodes: nodes, inputs: inputs, isKept: isKept)
    sources = [Source?](repeating: nil, count: nodes.count)
    sizes = nodes.map(\.byteCount)
  }

  static func plan(for work: borrowing Gathering, _ backend: any Backend) throws(TensorError)
    -> Plan
  {
    var builder = PlanBuilder(work, backend)
    for index in builder.nodes.indices where builder.nodes[index].memory == nil {
      try builder.add(index)
    }
    return MemoryPlan.finish(builder)
  }

  mutating func add(_ index: Int) throws(TensorError) {
    let node = nodes[index]
    if node.isConstant || ahead.contains(index) { return }
    if isLate(index) { late.insert(index) }
    if let view = node.operation as? ViewOperation {
      try resolve(view, index)
    } else if node.operation is ElementwiseOperation {
      if fusion.root[index] == index { try addGroup(index) }
    } else if let operation = node.operation as? KernelOperation {
      if fusion.root[index] == index, !companions.contains(index) {
        try operation.plan(index, in: &self)
      }
    }
    if isKept[index], !(node.operation is ViewOperation) { results.append((index, index, 0)) }
  }

  /// Operations that overwrite memory run after everything else that might read it.
  private func isLate(_ index: Int) -> Bool {
    nodes[index].operation is GroupedOperation || inputs[index].contains { late.contains($0) }
  }

  private mutating func resolve(_ view: ViewOperation, _ index: Int) throws(TensorError) {
    let input = inputs[index][0]
    let shape = nodes[index].shape
    let source = source(of: input)
    var layout = view.view(of: source.layout, as: shape)
    var value = source.value
    if layout == nil {
      value = try contiguous(input).value
      layout = view.view(of: Layout(contiguous: nodes[input].shape), as: shape)
    }
    // A row-major input can be viewed by every operation.
    let found = Source(value: value, layout: layout ?? Layout(contiguous: shape))
    guard isRequested[index] else {
      sources[index] = found
      return
    }
    let bytes = nodes[index].scalarType.byteCount
    let isMost = nodes[index].byteCount * 2 >= sizes[value]
    if !isConstant(value), found.layout.isContiguous, isMost {
      results.append((index, value, found.layout.offset * bytes))
      sources[index] = found
    } else {
      try copy(found, nodes[index].scalarType, into: index)
      results.append((index, index, 0))
    }
  }

  func isConstant(_ value: Int) -> Bool { value < nodes.count && nodes[value].isConstant }

  /// Where a node's elements lie: views lead to what they view.
  func source(of node: Int) -> Source {
    sources[node] ?? Source(value: node, layout: Layout(contiguous: nodes[node].shape))
  }

  /// A new value of that size, which lives while steps use it.
  mutating func temporary(byteCount: Int) -> Int {
    sizes.append(byteCount)
    return sizes.count - 1
  }

  /// A node's elements in a row, copied if they are not.
  mutating func contiguous(_ node: Int) throws(TensorError) -> (value: Int, byteOffset: Int) {
    let source = source(of: node)
    let type = nodes[node].scalarType
    if !isConstant(source.value), source.layout.isContiguous {
      return (source.value, source.layout.offset * type.byteCount)
    }
    if let value = copies[node] { return (value, 0) }
    let value = temporary(byteCount: nodes[node].byteCount)
    try copy(source, type, into: value)
    copies[node] = value
    return (value, 0)
  }

  /// Copies what `source` reads into `value`, in a row.
  private mutating func copy(_ source: Source, _ type: ScalarType, into value: Int)
    throws(TensorError)
  {
    let shape = source.layout.shape
    if isConstant(source.value) {
      let program = Program(inputs: [], scalars: [type], results: [0])
      let domain = Domain(shape: shape, reading: [])
      add(
        try backend.elementwise(program, over: domain), reads: [], writes: [value],
        words: [Plan.WordSource(node: Int32(source.value))], note: "constant")
      return
    }
    let part = Assembly.Part(source: source.layout, destination: Layout(contiguous: shape))
    let kernel = try backend.assembly(Assembly(type: type, shape: shape, parts: [part], fill: nil))
    add(kernel, reads: [(source.value, 0)], writes: [value], note: "copy of a view")
  }

  mutating func add(
    _ kernel: any Kernel, reads: [(value: Int, byteOffset: Int)], writes: [Int],
    words: [Plan.WordSource] = [], note: String = ""
  ) {
    let arguments = reads.map { Argument.read($0) } + writes.map { Argument.write($0) }
    add(kernel, arguments, words: words, note: note, donors: [:])
  }

  /// - Parameter donors: for results that may overwrite a leaf, that leaf. Such a step comes last.
  mutating func add(
    _ kernel: any Kernel, _ arguments: [Argument], words: [Plan.WordSource], note: String,
    donors: [Int: Int]
  ) {
    let isLate = !donors.isEmpty || arguments.contains { late.contains($0.value) }
    if isLate { for argument in arguments where argument.isWrite { late.insert(argument.value) } }
    self.donors.merge(donors) { first, _ in first }
    steps.append(
      PendingStep(
        kernel: kernel, arguments: arguments, words: words, note: note, isLate: isLate))
  }

  /// Emits the fused chain whose last operation is `root`, as an epilogue if there is something to
  /// take it along.
  private mutating func addGroup(_ root: Int) throws(TensorError) {
    let members = fusion.members[root] ?? [root]
    let kept = members.filter { $0 == root || isKept[$0] }
    let producer = fusion.producer[root]
    let fused = fuse(members, results: kept, shape: nodes[root].shape, producer: producer)
    if fused.domain.count == 0 { return }
    if let producer {
      let operation = nodes[producer].operation as? KernelOperation
      try operation?.plan(producer, epilogue: fused, in: &self)
      return
    }
    let kernel = try backend.elementwise(fused.program, over: fused.domain)
    add(
      kernel, reads: fused.reads.map { ($0, 0) }, writes: kept, words: fused.words,
      note: fused.note)
  }

  /// The program that computes `node`, fused with what leads to it where `user` takes it along,
  /// else reading it from memory.
  mutating func prologue(of node: Int, for user: Int) -> FusedProgram {
    if let members = fusion.members[user], members.contains(node) {
      return fuse(members, results: [node], shape: nodes[node].shape, producer: nil)
    }
    return fuse([], results: [node], shape: nodes[node].shape, producer: nil)
  }
}
