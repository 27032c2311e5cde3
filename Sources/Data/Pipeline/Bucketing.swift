public import Geometry

extension Dataset {
  /// Groups of `size` elements of similar length, in the order in which they fill up.
  ///
  /// An element goes to the bucket of the first boundary that is at least its length, one beyond
  /// all of them to the last bucket. What is left at the end comes in smaller groups, shortest
  /// first.
  ///
  ///     let batches = try sentences.bucketed(32, boundaries: [10, 20, 40]).padded(fill: 0)
  ///
  /// - Parameters:
  ///   - size: how many elements a group has, where `sizes` does not say.
  ///   - boundaries: the largest length of each bucket but the last, ascending.
  ///   - sizes: the size for each bucket, one more than boundaries; nil for `size` in all.
  ///   - dropRemainder: whether the smaller groups at the end are left out.
  ///   - length: the length of an element.
  public func bucketed(
    _ size: Int, boundaries: [Int], sizes: [Int]? = nil, dropRemainder: Bool = false,
    by length: @escaping @Sendable (Element) throws -> Int
  ) throws(TensorError) -> Dataset<[Element]> {
    let sizes = sizes ?? Array(repeating: size, count: boundaries.count + 1)
    guard sizes.count == boundaries.count + 1, sizes.allSatisfy({ $0 > 0 }),
      boundaries == boundaries.sorted()
    else {
      throw TensorError(
        .argument, "bucketed",
        "boundaries \(boundaries) and sizes \(sizes): boundaries ascend, sizes are one more, above 0"
      )
    }
    return Dataset<[Element]>(
      BucketStage(
        upstream: stage, boundaries: boundaries, sizes: sizes, drops: dropRemainder, length: length)
    )
  }
}

extension Dataset where Element == Example {
  /// Groups of `size` examples whose first inputs have similar lengths, see the general form.
  public func bucketed(
    _ size: Int, boundaries: [Int], sizes: [Int]? = nil, dropRemainder: Bool = false
  ) throws(TensorError) -> Dataset<[Example]> {
    try bucketed(size, boundaries: boundaries, sizes: sizes, dropRemainder: dropRemainder) {
      $0.inputs.first?.rowCount ?? 0
    }
  }
}

private struct BucketStage<Input: Sendable>: Stage {
  let upstream: any Stage<Input>
  let boundaries: [Int]
  let sizes: [Int]
  let drops: Bool
  let length: @Sendable (Input) throws -> Int

  var count: Int? { nil }
  var ahead: Ahead { upstream.ahead.grouped(by: sizes.max() ?? 1) }

  var outline: [String] {
    upstream.outline
      + ["bucketed \(sizes) up to \(boundaries)" + (drops ? " without the rest" : "")]
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<[Input]> {
    .stream(BucketPuller(try upstream.pass(epoch).puller(), self))
  }
}

private final class BucketPuller<Input: Sendable>: Puller {
  private let upstream: Forcing<Numbered<Input>>
  private let stage: BucketStage<Input>
  private var buckets: [[Input]]
  private var number = 0

  init(_ upstream: any Puller<Input>, _ stage: BucketStage<Input>) {
    self.upstream = Forcing(NumberedPuller(upstream), stage.upstream.ahead)
    self.stage = stage
    buckets = stage.sizes.map { _ in [] }
  }

  func next() throws(TensorError) -> Pending<[Input]>? {
    while let result = try upstream.next() {
      let numbered: Numbered<Input>
      let length: Int
      do {
        numbered = try result.get()
      } catch {
        return Pending(origin: number) { () throws(TensorError) in throw error }
      }
      do { length = try stage.length(numbered.element) } catch {
        throw .element(numbered.origin, "bucketed", error)
      }
      let bucket = stage.boundaries.firstIndex { length <= $0 } ?? stage.boundaries.count
      buckets[bucket].append(numbered.element)
      if buckets[bucket].count == stage.sizes[bucket] { return take(bucket) }
    }
    guard !stage.drops, let rest = buckets.firstIndex(where: { !$0.isEmpty }) else { return nil }
    return take(rest)
  }

  private func take(_ bucket: Int) -> Pending<[Input]> {
    let elements = buckets[bucket]
    buckets[bucket] = []
    defer { number += 1 }
    return Pending(origin: number) { () throws(TensorError) in elements }
  }
}
