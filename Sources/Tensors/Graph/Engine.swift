internal import Backends
internal import Geometry

/// Turns graphs into plans and runs them, for one device.
///
/// An evaluation gathers the nodes that are needed, looks up their plan by structure, makes it if
/// it is new, binds memory and starts the kernels. Up to the first kernel everything can be undone.
package final class Engine: @unchecked Sendable {
  package struct Statistics: Sendable {
    /// Plans made, and evaluations served by one made before.
    package var plans = 0, replays = 0
    /// Kernels started.
    package var launches = 0
    /// Nodes of the newest evaluation.
    package var nodes = 0
    /// Results that took over the memory of what they replace.
    package var overwrites = 0
  }

  struct Assignment {
    var box: Parameter
    var node: Node
    /// What the box held before, if only the box did.
    var previous: Node?
    var owner: Strand
  }

  /// One evaluation at a time.
  private let lock = Lock()
  // What a lock guards needs no other check that one uses it at a time.
  @exclusivity(unchecked) private var cache = PlanCache()
  @exclusivity(unchecked) private var gathering = Gathering()
  @exclusivity(unchecked) package private(set) var statistics = Statistics()
  /// What times each kernel, while somebody wants to know.
  private var stopwatch: Stopwatch?
  /// Whether new memory holds NaN before it is written.
  var fillsNewMemory = false

  // Guarded by the graph's lock: assigned boxes, and values that go with what is evaluated next.
  // Each belongs to who made it: one task's mistake must not fail in another's evaluation.
  @exclusivity(unchecked) private var assignments: ContiguousArray<Assignment> = []
  @exclusivity(unchecked) private var companions: ContiguousArray<(node: Node, owner: Strand)> = []

  func register(_ changes: ContiguousArray<Assignment>) {
    graphLock.withLock {
      // A box whose value was there had nothing that waited to be computed.
      if changes.allSatisfy({ $0.previous?.memory != nil }) {
        if assignments.isEmpty { assignments = changes } else { assignments += changes }
        return
      }
      for change in changes {
        if let index = assignments.firstIndex(where: { $0.box === change.box }) {
          assignments[index].node = change.node
          assignments[index].owner = change.owner
        } else {
          assignments.append(change)
        }
      }
    }
  }

  func forget(_ box: Parameter) {
    graphLock.withLock { assignments.removeAll { $0.box === box } }
  }

  /// Has `node` computed with whatever this task evaluates next, if somebody still holds it by
  /// then.
  func accompany(_ node: Node) {
    let owner = Strand.current
    graphLock.withLock { companions.append((node, owner)) }
  }

  package func resetStatistics() { lock.withLock { statistics = Statistics() } }

  /// Forgets all plans, as after a change of settings.
  package func clearPlans() { lock.withLock { cache.removeAll() } }

  /// Has kernels timed, or not any more. The one before is returned.
  func exchangeStopwatch(_ stopwatch: Stopwatch?) -> Stopwatch? {
    lock.withLock {
      defer { self.stopwatch = stopwatch }
      return self.stopwatch
    }
  }

  /// Computes `requested`, and what the same task has assigned since the last time.
  func evaluate(_ requested: inout ContiguousArray<Node>, on place: Place) throws(TensorError) {
    let backend = try place.backend
    lock.acquire()
    defer { lock.release() }
    try run(&requested, backend)
  }

  private func run(_ requested: inout ContiguousArray<Node>, _ backend: any Backend)
    throws(TensorError)
  {
    // Swapped, since a copy would count references to each of its arrays.
    var work = Gathering()
    swap(&work, &gathering)
    defer {
      work.removeAll()
      swap(&work, &gathering)
    }
    graphLock.acquire()
    var isLocked = true
    defer { if isLocked { graphLock.release() } }

    var pending = takeAssignments()
    takeCompanions(into: &requested)
    work.gather(requested, &pending)
    if work.nodes.isEmpty { return }
    work.unlink()

    let plan: Plan
    let owners: Plan.Owners
    do throws(TensorError) {
      if let found = cache.find(work.key) {
        plan = found
        statistics.replays += 1
      } else {
        // Making a plan compiles kernels, which takes long; the graph stays locked, because links
        // are gone and somebody else might want them.
        plan = try PlanBuilder.plan(for: work, backend)
        cache.insert(plan, under: work.key)
        statistics.plans += 1
        if Explanation.isPrinted { Explanation.print(plan.description) }
      }
      owners = try plan.bind(&work, backend.memory, &statistics)
      if fillsNewMemory { try owners.fill(on: backend) }
    } catch {
      work.relink()
      graphLock.release()
      isLocked = false
      Self.restore(pending, work)
      throw error
    }
    statistics.nodes = work.nodes.count
    work.keepOpen()
    graphLock.release()
    isLocked = false
    do throws(TensorError) {
      try plan.launch(work, owners, &statistics, timedBy: stopwatch)
    } catch {
      // With its device everything is lost; data that was refused leaves all as it was.
      if error.kind != .deviceLost {
        graphLock.withLock {
          plan.unbind(&work, owners)
          work.relink()
        }
        Self.restore(pending, work)
      }
      throw error
    }
    work.recall(pending)
  }

  /// What this task has assigned. Others keep theirs, but for values that are there by now and
  /// boxes that nobody holds any more.
  private func takeAssignments() -> ContiguousArray<Assignment> {
    if assignments.isEmpty { return [] }
    let strand = Strand.current
    var taken: ContiguousArray<Assignment> = []
    swap(&taken, &assignments)
    guard !taken.allSatisfy({ $0.owner == strand }) else { return taken }
    for index in taken.indices where taken[index].owner != strand && taken[index].node.memory == nil
    {
      let isHeld = !isKnownUniquelyReferenced(&taken[index].box)
      if isHeld { assignments.append(taken[index]) }
    }
    taken.removeAll { $0.owner != strand }
    return taken
  }

  private func takeCompanions(into requested: inout ContiguousArray<Node>) {
    if companions.isEmpty { return }
    let strand = Strand.current
    var others: ContiguousArray<(node: Node, owner: Strand)> = []
    while var companion = companions.popLast() {
      guard !isKnownUniquelyReferenced(&companion.node) else { continue }
      if companion.owner == strand {
        requested.append(companion.node)
      } else {
        others.append(companion)
      }
    }
    companions = others
  }

  /// Has the boxes hold what they held before the assignments that failed.
  private static func restore(
    _ pending: ContiguousArray<Assignment>, _ work: borrowing Gathering
  ) {
    for (number, assignment) in pending.enumerated() {
      let previous = assignment.previous ?? work.previous(ofAssignment: number)
      if let previous { assignment.box.restore(Tensor(previous)) }
    }
  }

  /// The plan for computing `node`, as text. The graph stays as it is.
  func explain(_ node: Node, on place: Place) throws(TensorError) -> String {
    if node.memory != nil || node.isConstant { return "nothing to compute\n" }
    let backend = try place.backend
    lock.acquire()
    defer { lock.release() }
    graphLock.acquire()
    defer { graphLock.release() }
    var work = Gathering()
    var pending: ContiguousArray<Assignment> = []
    work.gather([node], &pending)
    work.unlink()
    defer { work.relink() }
    return try PlanBuilder.plan(for: work, backend).description
  }
}
