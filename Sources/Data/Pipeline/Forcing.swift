internal import Geometry

/// Makes the elements that a walk yields, in its order, with threads ahead of the reader where the
/// pipeline asks for them.
///
/// Threads take turns at the walk and make elements side by side. At most as many elements are
/// ready or being made as the pipeline asks for: a slow reader holds the threads back.
final class Forcing<Element: Sendable> {
  private let puller: any Puller<Element>
  private let shared: SharedElements<Element>?
  private var isCancelled = false
  private var isAtEnd = false

  init(_ puller: any Puller<Element>, _ ahead: Ahead) {
    self.puller = puller
    guard ahead.elements > 0 || ahead.workers > 1 else {
      shared = nil
      return
    }
    let shared = SharedElements(puller, capacity: max(ahead.elements, ahead.workers))
    var started = 0
    for _ in 0..<max(1, ahead.workers) where startThread({ shared.work() }) { started += 1 }
    // Without a single thread the reader makes the elements itself.
    self.shared = started > 0 ? shared : nil
  }

  deinit { shared?.cancel() }

  /// The next element or why it could not be made; nil at the end. Throws if the walk failed.
  func next() throws(TensorError) -> Result<Element, TensorError>? {
    if let shared { return try shared.next() }
    if isCancelled { throw .cancelledPass }
    guard !isAtEnd else { return nil }
    guard let pending = try puller.next() else {
      isAtEnd = true
      return nil
    }
    do throws(TensorError) { return .success(try pending.make()) } catch { return .failure(error) }
  }

  func cancel() {
    isCancelled = true
    shared?.cancel()
  }
}

extension TensorError {
  static var cancelledPass: TensorError {
    TensorError(.cancelled, "next", "the pass over the data was cancelled")
  }
}

/// What the threads of a pipeline and its reader share: a ring of elements in their order.
// The walk is used under `turn` only, everything else under `monitor`.
private final class SharedElements<Element: Sendable>: @unchecked Sendable {
  private let puller: any Puller<Element>
  private let turn = Monitor()
  private let monitor = Monitor()
  private var ring: [Result<Element, TensorError>?]
  /// Numbers of the element to be pulled next and to be read next.
  private var pulled = 0
  private var read = 0
  /// The number of elements in all, once the walk has ended.
  private var end: Int?
  private var failure: TensorError?
  private var isCancelled = false

  init(_ puller: any Puller<Element>, capacity: Int) {
    self.puller = puller
    ring = Array(repeating: nil, count: capacity)
  }

  func work() {
    while let (number, pending) = claim() {
      let result: Result<Element, TensorError>
      do throws(TensorError) { result = .success(try pending.make()) } catch {
        result = .failure(error)
      }
      monitor.withLock {
        ring[number % ring.count] = result
        monitor.changed()
      }
    }
  }

  /// The next element of the walk, once there is room for it; nil when nothing is left to do.
  private func claim() -> (Int, Pending<Element>)? {
    turn.withLock {
      let hasRoom = monitor.withLock {
        while !isCancelled, end == nil, pulled - read >= ring.count { monitor.wait() }
        return !isCancelled && end == nil
      }
      guard hasRoom else { return nil }
      var pending: Pending<Element>?
      var failure: TensorError?
      do throws(TensorError) { pending = try puller.next() } catch { failure = error }
      return monitor.withLock {
        guard let pending else {
          end = pulled
          self.failure = failure
          monitor.changed()
          return nil
        }
        defer { pulled += 1 }
        return (pulled, pending)
      }
    }
  }

  func next() throws(TensorError) -> Result<Element, TensorError>? {
    try monitor.withLock { () throws(TensorError) -> Result<Element, TensorError>? in
      while true {
        if isCancelled { throw .cancelledPass }
        if let result = ring[read % ring.count] {
          ring[read % ring.count] = nil
          read += 1
          monitor.changed()
          return result
        }
        if let end, read >= end {
          if let failure { throw failure }
          return nil
        }
        monitor.wait()
      }
    }
  }

  func cancel() {
    monitor.withLock {
      isCancelled = true
      monitor.changed()
    }
  }
}
