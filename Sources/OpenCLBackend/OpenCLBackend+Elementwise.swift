package import Backends
package import Geometry

extension OpenCLBackend: ElementwiseKernels {
  package func elementwise(_ program: Program, over domain: Domain) throws(TensorError)
    -> any Kernel
  {
    let label = "elementwise \(program.instructions.count) \(domain.extents)"
    let count = domain.count
    try requireTypes(program, in: "elementwise")
    guard count > 0 else { return OpenCLKernel(label) { _ in } }
    // Moving keeps every bit, even those of a NaN.
    if program.isIdentity {
      let copy = try CopyLaunch(self, program.inputs[0], gathering: domain)
      return OpenCLKernel("copy \(domain.extents)") { call throws(TensorError) in
        try copy.run(call.bindings[0], to: call.bindings[1])
      }
    }
    let launch = try ElementwiseLaunch(self, program, domain, counts: [count], perLaunch: 1)
    return OpenCLKernel(label) { call throws(TensorError) in try launch.run(call, from: 0) }
  }

  package func elementwise(_ program: Program, overGroups counts: [Int]) throws(TensorError)
    -> any Kernel
  {
    let label =
      "elementwise \(program.instructions.count) \(counts.reduce(0, +)) in \(counts.count) groups"
    try requireTypes(program, in: "elementwise")
    guard let largest = counts.max(), largest > 0 else { return OpenCLKernel(label) { _ in } }
    let domain = Domain(count: largest, inputs: program.inputs.count)
    let fixed = program.scalars.count + 2 * program.generators + 1
    let perGroup = 2 * (program.inputs.count + program.results.count) + 2
    let perLaunch = max(1, min(counts.count, (maximumArguments - fixed) / perGroup))
    var launches: [(first: Int, launch: ElementwiseLaunch)] = []
    for first in stride(from: 0, to: counts.count, by: perLaunch) {
      let part = Array(counts[first..<min(first + perLaunch, counts.count)])
      guard part.contains(where: { $0 > 0 }) else { continue }
      launches.append(
        (first, try ElementwiseLaunch(self, program, domain, counts: part, perLaunch: perLaunch)))
    }
    return OpenCLKernel(label) { [launches] call throws(TensorError) in
      for (first, launch) in launches { try launch.run(call, from: first) }
    }
  }

  /// Throws if the program has numbers of a type that the device does not compute in.
  func requireTypes(_ program: Program, in operation: String) throws(TensorError) {
    guard !information.hasFloat64 else { return }
    let types = program.inputs + program.scalars + program.instructions.map(\.type)
    if types.contains(.float64) { throw noFloat64(operation) }
  }

  func requireType(_ type: ScalarType, in operation: String) throws(TensorError) {
    if type == .float64, !information.hasFloat64 { throw noFloat64(operation) }
  }

  private func noFloat64(_ operation: String) -> TensorError {
    TensorError(
      .dtype, operation, "\(name) (\(information.name)) has no float64",
      hint: "float32 works everywhere, float64 on the cpu")
  }
}

/// One launch of an elementwise program over a few groups of tensors.
private final class ElementwiseLaunch {
  private let backend: OpenCLBackend
  private let source: ElementwiseSource
  private let single: KernelFunction
  private let lanes: KernelFunction?
  private let counts: [Int]
  private let bindingsPerGroup: Int

  init(
    _ backend: OpenCLBackend, _ program: Program, _ domain: Domain, counts: [Int], perLaunch: Int
  ) throws(TensorError) {
    self.backend = backend
    // Groups that are not there have no elements, so that fewer need no program of their own.
    self.counts = counts + [Int](repeating: 0, count: perLaunch - counts.count)
    source = ElementwiseSource(
      program, over: domain, groups: perLaunch, flavour: backend.flavour,
      isWide: domain.count > 1 << 30)
    bindingsPerGroup = program.inputs.count + program.results.count
    let items = backend.flavour == .cpu ? 1 : ElementwiseSource.GPU.items
    let text = source.source
    single = try backend.programs.kernel(
      ElementwiseSource.kernelName(lanes: 1), of: text, groupSize: items)
    lanes =
      source.hasLanes
      ? try backend.programs.kernel(
        ElementwiseSource.kernelName(lanes: ElementwiseSource.GPU.lanes), of: text,
        groupSize: items)
      : nil
  }

  func run(_ call: Call, from first: Int) throws(TensorError) {
    let bindings = call.bindings + first * bindingsPerGroup
    var function = single
    var blockSize = ElementwiseSource.GPU.items
    if backend.flavour == .cpu {
      blockSize = backend.chunk(of: counts.reduce(0, +), cost: source.text.program.cost)
    } else if let lanes, allAreAligned(bindings) {
      function = lanes
      blockSize *= ElementwiseSource.GPU.lanes
    }
    let blocks = counts.map { ($0 + blockSize - 1) / blockSize }
    try backend.launch(function, over: WorkSize(groups: blocks.reduce(0, +), of: items)) { list in
      source.text.bind(
        to: &list, inputs: bindings, words: call.words, isWide: source.isWide)
      for (g, count) in counts.enumerated() {
        // A group that is not there has no bindings: it takes those of the first.
        let group = count == 0 ? bindings : bindings + g * bindingsPerGroup
        bind(group, to: &list)
        list.add(index: count, source.isWide)
        list.add(index: blocks[g], source.isWide)
      }
      list.add(index: blockSize, source.isWide)
    }
  }

  private var items: (Int, Int, Int) {
    (backend.flavour == .cpu ? 1 : ElementwiseSource.GPU.items, 1, 1)
  }

  private func bind(_ group: UnsafePointer<Binding>, to list: inout ArgumentList) {
    let program = source.text.program
    for k in source.contiguous {
      let offset = source.text.domain.accesses[k].offset
      list.add(MemoryArgument(group[k], of: program.inputs[k], offset: offset))
    }
    for (k, type) in program.resultTypes.enumerated() {
      list.add(MemoryArgument(group[program.inputs.count + k], of: type))
    }
  }

  /// Whether vectors can be loaded from where the tensors start.
  private func allAreAligned(_ bindings: UnsafePointer<Binding>) -> Bool {
    let program = source.text.program
    let resultTypes = program.resultTypes
    for (g, count) in counts.enumerated() where count > 0 {
      let group = bindings + g * bindingsPerGroup
      for k in source.contiguous {
        let vector = program.inputs[k].byteCount * ElementwiseSource.GPU.lanes
        let start =
          group[k].byteOffset + source.text.domain.accesses[k].offset * program.inputs[k].byteCount
        if start % vector != 0 { return false }
      }
      for (k, type) in resultTypes.enumerated() {
        let start = group[program.inputs.count + k].byteOffset
        if start % (type.byteCount * ElementwiseSource.GPU.lanes) != 0 { return false }
      }
    }
    return true
  }
}

extension OpenCLBackend {
  /// How many elements one work item of a CPU handles in a row, of `count` that cost as many
  /// additions each.
  func chunk(of count: Int, cost: Int) -> Int {
    let least = max(1024, 16384 / max(1, cost))
    let fair = (count + 8 * information.computeUnits - 1) / (8 * information.computeUnits)
    return (max(least, fair) + 63) / 64 * 64
  }
}
