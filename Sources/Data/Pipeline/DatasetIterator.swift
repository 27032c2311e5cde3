public import Geometry

/// A pass over a data set that is under way.
public final class DatasetIterator<Element: Sendable> {
  private let elements: Forcing<Element>
  private var number: Int
  private let epoch: Int
  private let pipeline: [String]

  /// How long `next()` has taken so far: the time that training waited for its input.
  public private(set) var waited: Duration = .zero

  init(_ elements: Forcing<Element>, at position: DataPosition, in pipeline: [String]) {
    self.elements = elements
    self.pipeline = pipeline
    epoch = position.epoch
    number = position.number
  }

  deinit { elements.cancel() }

  /// The next element; nil at the end of the pass.
  ///
  /// An error that concerns one element names it; the call after it gives the element after it.
  public func next() throws(TensorError) -> Element? {
    let clock = ContinuousClock()
    let begin = clock.now
    defer { waited += clock.now - begin }
    guard let result = try elements.next() else { return nil }
    number += 1
    return try result.get()
  }

  /// Where the element stands that comes next.
  public var position: DataPosition {
    var position = DataPosition(epoch: epoch, number: number)
    position.pipeline = pipeline
    return position
  }

  /// Ends the pass: no more elements are prepared, and `next()` throws `cancelled`.
  public func cancel() { elements.cancel() }
}
