internal import Backends
internal import Geometry

/// How one graph structure is computed: kernels in order, and which memory each works on.
///
/// Made once and replayed with new leaves, constants and random counters. Between evaluations it
/// owns no memory but tables.
final class Plan {
  struct Step {
    let kernel: any Kernel
    /// Into `arguments` and `words`.
    let arguments: Range<Int>
    let words: Range<Int>
    /// The storage it works in, or -1.
    let workspace: Int
  }

  struct Argument {
    let storage: Int32
    let byteOffset: Int
  }

  /// A number bound at each replay: one of the words of a node.
  struct WordSource {
    let node: Int32
    var number: Int32 = 0
  }

  /// A node that gets memory: which storage, and where in it.
  struct Result {
    let node: Int
    let storage: Int
    let byteOffset: Int
  }

  /// A storage that is new at each replay.
  struct Allocation {
    let storage: Int
    let byteCount: Int
    /// The leaf whose memory it takes over if nobody else can see that, or -1.
    let donor: Int
  }

  struct Owners {
    var buffers: ContiguousArray<DeviceBuffer> = []
    /// Memory that results took over from leaves.
    var donated: [(leaf: Int, memory: Memory)] = []

    /// Makes every float in the buffers NaN, by a kernel, which memory checkers can follow.
    func fill(on backend: any Backend) throws(TensorError) {
      let program = Program(inputs: [], scalars: [.uint8], results: [0])
      for buffer in buffers where buffer.byteCount > 0 {
        let kernel = try backend.elementwise(
          program, over: Domain(count: buffer.byteCount, inputs: 0))
        let binding = Binding(buffer)
        let word: UInt64 = 0xFF
        let result: Swift.Result<Void, TensorError> = withUnsafePointer(to: binding) { binding in
          withUnsafePointer(to: word) { word in
            do throws(TensorError) {
              try kernel.run(Call(bindings: binding, words: word))
              return .success(())
            } catch { return .failure(error) }
          }
        }
        try result.get()
      }
    }
  }

  private let steps: [Step]
  /// What readers of a plan are told of each step.
  private let notes: [String]
  private let arguments: [Argument]
  private let words: [WordSource]
  private let results: [Result]
  private let allocations: [Allocation]
  private let leaves: [Int]
  private let reused: (values: Int, bytes: Int, slots: Int)

  // Tables filled at each replay, under the device's lock.
  private let storages: UnsafeMutablePointer<Binding?>
  private let bindings: UnsafeMutablePointer<Binding>
  private let numbers: UnsafeMutablePointer<UInt64>
  /// Whether an allocation takes over the memory of its leaf.
  private let takesOver: UnsafeMutablePointer<Bool>

  init(
    steps: [Step], notes: [String], arguments: [Argument], words: [WordSource], results: [Result],
    allocations: [Allocation], leaves: [Int], storageCount: Int,
    reused: (values: Int, bytes: Int, slots: Int)
  ) {
    self.steps = steps
    self.notes = notes
    self.arguments = arguments
    self.words = words
    self.results = results
    self.allocations = allocations
    self.leaves = leaves
    self.reused = reused
    storages = .allocate(capacity: max(storageCount, 1))
    storages.initialize(repeating: nil, count: max(storageCount, 1))
    bindings = .allocate(capacity: max(arguments.count, 1))
    numbers = .allocate(capacity: max(words.count, 1))
    takesOver = .allocate(capacity: max(allocations.count, 1))
  }

  deinit {
    storages.deallocate()
    bindings.deallocate()
    numbers.deallocate()
    takesOver.deallocate()
  }

  /// Allocates, binds memory and numbers, and gives the results their memory. Throws only before
  /// anything has changed.
  func bind(
    _ work: inout Gathering, _ pool: MemoryPool, _ statistics: inout Engine.Statistics
  ) throws(TensorError) -> Owners {
    var owners = Owners()
    owners.buffers.reserveCapacity(allocations.count)
    for (number, allocation) in allocations.enumerated() {
      takesOver[number] = allocation.donor >= 0 && work.isUnseen(allocation.donor)
      if takesOver[number] { continue }
      let buffer = try pool.allocate(byteCount: allocation.byteCount)
      owners.buffers.append(buffer)
      storages[allocation.storage] = Binding(buffer)
    }
    for leaf in leaves { storages[leaf] = work.nodes[leaf].memory?.binding }
    owners.donated.reserveCapacity(allocations.count - owners.buffers.count)
    for (number, allocation) in allocations.enumerated() where takesOver[number] {
      guard let memory = work.takeMemory(of: allocation.donor) else { continue }
      owners.donated.append((allocation.donor, memory))
      storages[allocation.storage] = memory.binding
      statistics.overwrites += 1
    }
    for result in results {
      guard let binding = storages[result.storage] else { continue }
      work.setMemory(
        Memory(
          binding.buffer.takeUnretainedValue(), byteOffset: binding.byteOffset + result.byteOffset),
        of: result.node)
    }
    for (index, argument) in arguments.enumerated() {
      // Each storage that a step names has been bound above: a leaf, or an allocation.
      bindings[index] = storages[Int(argument.storage)]!.advanced(by: argument.byteOffset)
    }
    for (index, source) in words.enumerated() {
      numbers[index] = work.nodes[Int(source.node)].word(Int(source.number))
    }
    return owners
  }

  /// Takes back what `bind` gave, after a kernel that refused its data. What overwrites memory
  /// comes last, so the leaves still hold what they held.
  func unbind(_ work: inout Gathering, _ owners: Owners) {
    for result in results { _ = work.takeMemory(of: result.node) }
    for (leaf, memory) in owners.donated { work.setMemory(memory, of: leaf) }
  }

  /// Starts the kernels. `owners` holds the memory they use until all have been started.
  func launch(
    _ work: borrowing Gathering, _ owners: Owners, _ statistics: inout Engine.Statistics,
    timedBy stopwatch: Stopwatch?
  ) throws(TensorError) {
    defer { withExtendedLifetime(owners) {} }
    for step in steps {
      let call = Call(
        bindings: bindings + step.arguments.lowerBound, words: numbers + step.words.lowerBound,
        workspace: step.workspace < 0 ? nil : storages[step.workspace])
      if let stopwatch {
        try stopwatch.run(step.kernel, call)
      } else {
        try step.kernel.run(call)
      }
    }
    statistics.launches += steps.count
  }
}

extension Plan: CustomStringConvertible {
  /// Steps in order, what was fused into each, and what memory it takes.
  var description: String {
    let kept = allocations.filter { allocation in
      results.contains { $0.storage == allocation.storage }
    }
    let keptBytes = kept.reduce(0) { $0 + $1.byteCount }
    let bytes = allocations.reduce(0) { $0 + $1.byteCount }
    var text =
      "plan: \(steps.count) steps, \(results.count) results of \(keptBytes) bytes; "
      + "\(reused.values) intermediates of \(reused.bytes) bytes share \(reused.slots) buffers of "
      + "\(bytes - keptBytes) bytes\n"
    for (number, (step, note)) in zip(steps, notes).enumerated() {
      text += "  \(number + 1). \(step.kernel.label)"
      if !note.isEmpty { text += "  (\(note))" }
      text += "\n"
    }
    return text
  }
}
