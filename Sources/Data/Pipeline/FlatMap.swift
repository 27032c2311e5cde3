internal import Geometry

extension Dataset {
  /// The elements of the data sets that `transform` makes of each element, one after the other:
  /// files and what is in them, for instance. Only one of these is open at a time.
  ///
  ///     let lines = Dataset(paths.shuffled).flatMap { path in try textLines(path) }
  public func flatMap<Result>(
    _ transform: @escaping @Sendable (Element) throws -> Dataset<Result>
  ) -> Dataset<Result> {
    Dataset<Result>(FlatMapStage(upstream: stage, transform: transform))
  }
}

private struct FlatMapStage<Input: Sendable, Element: Sendable>: Stage {
  let upstream: any Stage<Input>
  let transform: @Sendable (Input) throws -> Dataset<Element>

  var count: Int? { nil }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["flatMap"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    .stream(FlatMapPuller(try upstream.pass(epoch).puller(), epoch, transform))
  }
}

private final class FlatMapPuller<Input: Sendable, Element: Sendable>: Puller {
  private let upstream: any Puller<Input>
  private let epoch: Int
  private let transform: @Sendable (Input) throws -> Dataset<Element>
  private var inner: (any Puller<Element>)?
  private var number = 0

  init(
    _ upstream: any Puller<Input>, _ epoch: Int,
    _ transform: @escaping @Sendable (Input) throws -> Dataset<Element>
  ) {
    self.upstream = upstream
    self.epoch = epoch
    self.transform = transform
  }

  func next() throws(TensorError) -> Pending<Element>? {
    while true {
      if let pending = try inner?.next() {
        defer { number += 1 }
        return Pending(origin: number, make: pending.make)
      }
      guard let outer = try upstream.next() else { return nil }
      let element = try outer.make()
      do {
        inner = try transform(element).stage.pass(epoch).puller()
      } catch { throw .element(outer.origin, "flatMap", error) }
    }
  }
}
