internal import Synchronization

/// A flag that asks a training to end: after the step that is running it writes a checkpoint, if it
/// keeps any, and throws `TensorError` of kind `cancelled`.
///
/// Any thread may set it, a handler of Ctrl-C for one.
public final class CancellationToken: Sendable {
  private let flag = Atomic(false)

  public init() {}

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }

  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Takes the wish back, so that the trainer can train again.
  public func reset() { flag.store(false, ordering: .relaxed) }
}
