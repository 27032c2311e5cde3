public import Geometry

extension Dataset {
  /// The elements that could be made. Errors of the others are counted in `skipped`.
  ///
  ///     let skipped = SkippedErrors()
  ///     let pictures = paths.map(workers: 2) { try readPNG($0) }.skippingErrors(limit: 100, skipped)
  ///
  /// An error of the source itself, not of one of its elements, is thrown as ever.
  ///
  /// - Parameters:
  ///   - limit: how many a pass may have; the next one is thrown. Nil for any number.
  ///   - skipped: counts the errors of all passes.
  public func skippingErrors(
    limit: Int? = nil, _ skipped: SkippedErrors = SkippedErrors()
  ) -> Dataset {
    Dataset(SkippingStage(upstream: stage, limit: limit ?? .max, skipped: skipped))
  }
}

/// What `skippingErrors` has left out, over all passes.
// Everything is read and written under the monitor.
public final class SkippedErrors: @unchecked Sendable {
  private let monitor = Monitor()
  private var total = 0
  private var kept: [TensorError] = []

  public init() {}

  public var count: Int { monitor.withLock { total } }

  /// The first of them, up to ten; each names its element.
  public var errors: [TensorError] { monitor.withLock { kept } }

  fileprivate func add(_ error: TensorError) {
    monitor.withLock {
      total += 1
      if kept.count < 10 { kept.append(error) }
    }
  }
}

private struct SkippingStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let limit: Int
  let skipped: SkippedErrors

  var count: Int? { nil }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["skippingErrors"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    let puller = NumberedPuller(try upstream.pass(epoch).puller())
    return .stream(SkippingPuller(Forcing(puller, ahead), limit, skipped))
  }
}

private final class SkippingPuller<Element: Sendable>: Puller {
  private let upstream: Forcing<Numbered<Element>>
  private var rest: Int
  private let skipped: SkippedErrors

  init(_ upstream: Forcing<Numbered<Element>>, _ limit: Int, _ skipped: SkippedErrors) {
    self.upstream = upstream
    rest = limit
    self.skipped = skipped
  }

  func next() throws(TensorError) -> Pending<Element>? {
    while let result = try upstream.next() {
      switch result {
      case .success(let numbered): return numbered.pending
      case .failure(let error):
        guard rest > 0 else { throw error }
        rest -= 1
        skipped.add(error)
      }
    }
    return nil
  }
}
