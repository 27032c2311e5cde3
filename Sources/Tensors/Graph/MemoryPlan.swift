internal import Backends
internal import Geometry

/// Decides which values share memory: an intermediate's buffer serves another once its last reader
/// has been started.
enum MemoryPlan {
  static func finish(_ builder: PlanBuilder) -> Plan {
    let order = builder.steps.filter { !$0.isLate } + builder.steps.filter(\.isLate)
    let nodeCount = builder.nodes.count
    var storage = [Int](repeating: -1, count: builder.sizes.count)
    var leaves: [Int] = []
    for index in 0..<nodeCount where builder.nodes[index].memory != nil {
      storage[index] = index
      leaves.append(index)
    }
    var allocations: [Plan.Allocation] = []
    for result in builder.results where storage[result.value] < 0 {
      storage[result.value] = result.value
      allocations.append(
        Plan.Allocation(
          storage: result.value, byteCount: builder.sizes[result.value],
          donor: donor(of: result.value, builder)))
    }
    var slots = Slots(firstStorage: builder.sizes.count)
    var lastUse = [Int](repeating: -1, count: builder.sizes.count)
    for (number, step) in order.enumerated() {
      for argument in step.arguments { lastUse[argument.value] = number }
    }
    var reused = (values: 0, bytes: 0, slots: 0)
    var steps: [Plan.Step] = []
    var arguments: [Plan.Argument] = []
    var words: [Plan.WordSource] = []
    for (number, step) in order.enumerated() {
      // What is read without ever being written has no elements.
      for value in step.arguments.map(\.value) where storage[value] < 0 {
        storage[value] = slots.take(builder.sizes[value])
        reused.values += 1
        reused.bytes += builder.sizes[value]
      }
      let workspaceBytes = step.kernel.workspaceByteCount
      let workspace = workspaceBytes > 0 ? slots.take(workspaceBytes) : -1
      let firstArgument = arguments.count
      let firstWord = words.count
      for argument in step.arguments {
        arguments.append(
          Plan.Argument(
            storage: Int32(storage[argument.value]), byteOffset: argument.byteOffset))
      }
      words.append(contentsOf: step.words)
      steps.append(
        Plan.Step(
          kernel: step.kernel, arguments: firstArgument..<arguments.count,
          words: firstWord..<words.count, workspace: workspace))
      if workspace >= 0 { slots.giveBack(workspace) }
      for value in Set(step.arguments.map(\.value))
      where lastUse[value] == number && storage[value] >= builder.sizes.count {
        slots.giveBack(storage[value])
      }
    }
    for (number, size) in slots.sizes.enumerated() {
      allocations.append(
        Plan.Allocation(storage: builder.sizes.count + number, byteCount: size, donor: -1))
    }
    reused.slots = slots.sizes.count
    let results = builder.results.map {
      Plan.Result(node: $0.node, storage: storage[$0.value], byteOffset: $0.byteOffset)
    }
    return Plan(
      steps: steps, notes: order.map(\.note), arguments: arguments, words: words, results: results,
      allocations: allocations, leaves: leaves,
      storageCount: builder.sizes.count + slots.sizes.count, reused: reused)
  }

  /// The leaf that a result may overwrite, or -1. Only one result may.
  private static func donor(of value: Int, _ builder: PlanBuilder) -> Int {
    guard let leaf = builder.donors[value], leaf < builder.nodes.count,
      builder.nodes[leaf].memory != nil
    else { return -1 }
    return leaf
  }

  /// Buffers for values whose lives do not overlap.
  private struct Slots {
    let firstStorage: Int
    private(set) var sizes: [Int] = []
    private var free: [Int] = []

    init(firstStorage: Int) { self.firstStorage = firstStorage }

    /// The smallest free buffer that is large enough, else the largest one enlarged, else a new
    /// one.
    mutating func take(_ byteCount: Int) -> Int {
      let fitting = free.filter { sizes[$0] >= byteCount }.min { sizes[$0] < sizes[$1] }
      // One many times larger stays free for a value of its own size.
      let best = fitting.flatMap { sizes[$0] <= 4 * max(byteCount, 4096) ? $0 : nil }
      if let slot = best
        ?? free.filter({ sizes[$0] < byteCount }).max(by: { sizes[$0] < sizes[$1] })
      {
        free.removeAll { $0 == slot }
        sizes[slot] = max(sizes[slot], byteCount)
        return firstStorage + slot
      }
      sizes.append(byteCount)
      return firstStorage + sizes.count - 1
    }

    mutating func giveBack(_ storage: Int) { free.append(storage - firstStorage) }
  }
}
