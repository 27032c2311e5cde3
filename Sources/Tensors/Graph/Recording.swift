internal import Backends
public import Geometry

/// A stretch of recording whose nodes keep their inputs, computed or not, until it is closed:
/// gradients can be taken of what was recorded in it. Earlier values are constants to it.
final class Recording: @unchecked Sendable {
  /// The number of the first node that belongs to it.
  let start: UInt64
  /// Nodes that were computed while it was open; they drop their inputs when it closes.
  fileprivate var computed: ContiguousArray<Node> = []
  /// What boxes held before they were assigned in it, for undoing.
  fileprivate var assigned: [(box: Parameter, previous: Tensor)] = []

  @TaskLocal static var current: Recording?

  // All of these are guarded by the graph's lock.
  nonisolated(unsafe) private static var opened: [Recording] = []

  init() { start = Node.nextSerial }

  fileprivate func open() { graphLock.withLock { Self.opened.append(self) } }

  fileprivate func close() {
    graphLock.withLock {
      Self.opened.removeAll { $0 === self }
      for node in computed {
        if let outer = Self.opened.first(where: { $0.start <= node.serial }) {
          outer.computed.append(node)
        } else {
          node.unlink()
        }
      }
      computed = []
    }
  }

  /// The number from which on nodes must keep their inputs. Called under the graph's lock.
  static var oldestStart: UInt64 { opened.first?.start ?? .max }

  /// Notes a node that was computed but must keep its inputs. Called under the graph's lock.
  static func keep(_ node: Node) {
    opened.first { $0.start <= node.serial }?.computed.append(node)
  }

  func noteAssignment(of box: Parameter, previous: Tensor) {
    graphLock.withLock { assigned.append((box, previous)) }
  }

  fileprivate func undoAssignments() {
    let assigned = graphLock.withLock { self.assigned }
    for (box, previous) in assigned.reversed() { box.restore(previous) }
  }

  /// Runs `body` in a new recording. If it throws, boxes assigned in it hold what they held before.
  static func run<Result>(_ body: (Recording) throws -> Result) throws(TensorError) -> Result {
    let recording = Recording()
    recording.open()
    defer { recording.close() }
    do {
      return try $current.withValue(recording) { try body(recording) }
    } catch {
      recording.undoAssignments()
      throw error.asTensorError
    }
  }
}

extension Error {
  /// This error if it is the library's own; what a user's closure threw otherwise, wrapped.
  var asTensorError: TensorError {
    if let error = self as? TensorError { return error }
    return TensorError(.argument, "closure", "threw \(self)")
  }
}

/// Runs `body` with its operations recorded, so that `gradients(of:for:)` works inside it.
public func recorded<Result>(_ body: () throws -> Result) throws(TensorError) -> Result {
  try Recording.run { _ in try body() }
}
