internal import Geometry

extension Dataset {
  /// The elements for which `isIncluded` holds.
  ///
  /// How many they are is known only after a pass. Elements have to be made to be asked, so a pass
  /// that is continued makes those before the position again.
  public func filter(
    _ isIncluded: @escaping @Sendable (Element) throws -> Bool
  ) -> Dataset {
    Dataset(FilterStage(upstream: stage, isIncluded: isIncluded))
  }
}

private struct FilterStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let isIncluded: @Sendable (Element) throws -> Bool

  var count: Int? { nil }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["filter"] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    .stream(FilterPuller(try upstream.pass(epoch).puller(), upstream.ahead, isIncluded))
  }
}

private final class FilterPuller<Element: Sendable>: Puller {
  private let upstream: Forcing<Numbered<Element>>
  private let isIncluded: @Sendable (Element) throws -> Bool

  init(
    _ upstream: any Puller<Element>, _ ahead: Ahead,
    _ isIncluded: @escaping @Sendable (Element) throws -> Bool
  ) {
    self.upstream = Forcing(NumberedPuller(upstream), ahead)
    self.isIncluded = isIncluded
  }

  func next() throws(TensorError) -> Pending<Element>? {
    while let result = try upstream.next() {
      switch result {
      case .failure(let error):
        return Pending(origin: -1) { () throws(TensorError) in throw error }
      case .success(let numbered):
        do {
          guard try isIncluded(numbered.element) else { continue }
          return numbered.pending
        } catch {
          let error = TensorError.element(numbered.origin, "filter", error)
          return Pending(origin: numbered.origin) { () throws(TensorError) in throw error }
        }
      }
    }
    return nil
  }
}

/// An element that has been made, with its number in the set it came from.
struct Numbered<Element: Sendable>: Sendable {
  let origin: Int
  let element: Element

  var pending: Pending<Element> {
    Pending(origin: origin) { [element] () throws(TensorError) in element }
  }
}

/// A walk whose elements carry their number in the set they came from.
final class NumberedPuller<Element: Sendable>: Puller {
  private let upstream: any Puller<Element>

  init(_ upstream: any Puller<Element>) { self.upstream = upstream }

  func next() throws(TensorError) -> Pending<Numbered<Element>>? {
    guard let pending = try upstream.next() else { return nil }
    return Pending(origin: pending.origin) { () throws(TensorError) in
      Numbered(origin: pending.origin, element: try pending.make())
    }
  }

  func skip(_ count: Int) throws(TensorError) { try upstream.skip(count) }
}
