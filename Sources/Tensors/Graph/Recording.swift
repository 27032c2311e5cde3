internal import Backends
public import Geometry

/// A stretch of recording whose nodes keep their inputs, computed or not, until it is closed:
/// gradients can be taken of what was recorded in it. Earlier values are constants to it.
final class Recording: @unchecked Sendable {
  /// The number of the first node that belongs to it.
  let start: UInt64
  /// The recording that this one is inside of.
  private let parent: Recording?
  /// Guarded by the graph's lock.
  private var isOpen = true
  /// Nodes that were computed while it was open; they drop their inputs when it closes.
  private var computed: ContiguousArray<Node> = []
  /// What boxes held before they were assigned in it, for undoing.
  private var assigned: [(box: Parameter, previous: Tensor)] = []

  private static let scoped = ThreadScoped<Recording>()

  static var current: Recording? { scoped.current }

  private init() {
    start = Node.nextSerial
    parent = Self.current
  }

  private func close() {
    graphLock.withLock {
      isOpen = false
      let outer = parent?.innermostOpen
      for node in computed {
        // One whose evaluation was taken back is still to be computed.
        if let outer {
          outer.computed.append(node)
        } else if node.memory != nil {
          node.unlink()
        }
      }
      computed = []
      assigned = []
    }
  }

  /// This recording, or the nearest around it that is still open. Called under the graph's lock.
  var innermostOpen: Recording? {
    var recording: Recording? = self
    while let found = recording, !found.isOpen { recording = found.parent }
    return recording
  }

  /// Notes a node of it that was computed but must keep its inputs. Called under the graph's lock.
  func keep(_ node: Node) { computed.append(node) }

  func note(_ assignments: ContiguousArray<Engine.Assignment>) {
    graphLock.withLock {
      for assignment in assignments {
        guard let previous = assignment.previous else { continue }
        assigned.append((assignment.box, Tensor(previous)))
      }
    }
  }

  private func undoAssignments() {
    let assigned = graphLock.withLock { self.assigned }
    for (box, previous) in assigned.reversed() { box.restore(previous) }
  }

  /// Runs `body` in a new recording. If it throws, boxes assigned in it hold what they held before.
  static func run<Result>(_ body: (Recording) throws -> Result) throws(TensorError) -> Result {
    let recording = Recording()
    defer { recording.close() }
    do {
      return try scoped.withValue(recording) { try body(recording) }
    } catch {
      recording.undoAssignments()
      throw error.asTensorError
    }
  }
}

extension Error {
  /// This error if it is the library's own; what a user's closure threw otherwise, wrapped.
  package var asTensorError: TensorError {
    if let error = self as? TensorError { return error }
    return TensorError(.argument, "closure", "threw \(self)")
  }
}

/// Whether operations are recorded for gradients now.
package var isRecording: Bool { Recording.current != nil }

/// Runs `body` with its operations recorded, so that `gradients(of:for:)` works inside it.
public func recorded<Result>(_ body: () throws -> Result) throws(TensorError) -> Result {
  try Recording.run { _ in try body() }
}
