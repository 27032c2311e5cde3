internal import Geometry

extension Dataset {
  /// The same elements, prepared by threads while the reader is busy: up to `count` ahead of it.
  ///
  /// Usually the last step. The elements and their order do not depend on the number of workers.
  public func prefetched(_ count: Int = 2, workers: Int = 1) -> Dataset {
    Dataset(PrefetchStage(upstream: stage, elements: count, workers: workers))
  }
}

private struct PrefetchStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let elements: Int
  let workers: Int

  var count: Int? { upstream.count }
  var outline: [String] { upstream.outline }

  var ahead: Ahead {
    Ahead(
      elements: max(upstream.ahead.elements, elements),
      workers: max(upstream.ahead.workers, workers))
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> { try upstream.pass(epoch) }
}
