internal import Geometry

extension Dataset {
  /// What `transform` makes of each element, in the order of the elements.
  ///
  /// With several workers elements are made side by side, before they are asked for; the result
  /// does not depend on their number. `transform` may be called in any order and by any thread.
  public func map<Result>(
    workers: Int = 1, _ transform: @escaping @Sendable (Element) throws -> Result
  ) -> Dataset<Result> {
    Dataset<Result>(
      MapStage(
        upstream: stage, name: "map", workers: workers,
        transform: { element, _, _ in
          try transform(element)
        }))
  }

  /// What `transform` makes of each element and random numbers: each element of each epoch has its
  /// own, whatever the number of workers.
  ///
  ///     let noisy = signals.map(seed: 3) { signal, random in signal + random.normal() }
  public func map<Result>(
    seed: UInt64, workers: Int = 1,
    _ transform: @escaping @Sendable (Element, inout Random) throws -> Result
  ) -> Dataset<Result> {
    let name = "map seed \(seed)"
    let seed = Random.seed(seed, for: "map")
    return Dataset<Result>(
      MapStage(
        upstream: stage, name: name, workers: workers,
        transform: { element, epoch, number in
          var random = Random(seed: seed, epoch: epoch, number: number)
          return try transform(element, &random)
        }))
  }
}

private struct MapStage<Input: Sendable, Element: Sendable>: Stage {
  let upstream: any Stage<Input>
  let name: String
  let workers: Int
  let transform: @Sendable (Input, _ epoch: Int, _ number: Int) throws -> Element

  var count: Int? { upstream.count }
  var outline: [String] { upstream.outline + [name] }

  var ahead: Ahead {
    var ahead = upstream.ahead
    ahead.workers = max(ahead.workers, workers)
    return ahead
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    switch try upstream.pass(epoch) {
    case .indexed(let pass):
      .indexed(MapPass(upstream: pass, epoch: epoch, transform: transform))
    case .stream(let puller): .stream(MapPuller(puller, epoch, transform))
    }
  }
}

private struct MapPass<Input: Sendable, Element: Sendable>: IndexedPass {
  let upstream: any IndexedPass<Input>
  let epoch: Int
  let transform: @Sendable (Input, Int, Int) throws -> Element

  var total: Int { upstream.total }

  func element(at index: Int) throws(TensorError) -> Element {
    let input = try upstream.element(at: index)
    do { return try transform(input, epoch, index) } catch {
      throw .element(origin(of: index), "map", error)
    }
  }

  func origin(of index: Int) -> Int { upstream.origin(of: index) }
}

private final class MapPuller<Input: Sendable, Element: Sendable>: Puller {
  private let upstream: any Puller<Input>
  private let epoch: Int
  private let transform: @Sendable (Input, Int, Int) throws -> Element
  private var number = 0

  init(
    _ upstream: any Puller<Input>, _ epoch: Int,
    _ transform: @escaping @Sendable (Input, Int, Int) throws -> Element
  ) {
    self.upstream = upstream
    self.epoch = epoch
    self.transform = transform
  }

  func next() throws(TensorError) -> Pending<Element>? {
    guard let pending = try upstream.next() else { return nil }
    defer { number += 1 }
    return Pending(origin: pending.origin) {
      [transform, epoch, number] () throws(TensorError) in
      let input = try pending.make()
      do { return try transform(input, epoch, number) } catch {
        throw .element(pending.origin, "map", error)
      }
    }
  }

  func skip(_ count: Int) throws(TensorError) {
    try upstream.skip(count)
    number += count
  }
}
