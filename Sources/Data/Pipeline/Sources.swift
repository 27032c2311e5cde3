internal import Geometry
internal import Tensors

extension Dataset {
  /// The elements of an array.
  public init(_ elements: [Element]) { self.init(ArrayStage(elements: elements)) }

  /// `count` elements that `element` makes from their number: it may be called in any order and by
  /// several threads.
  ///
  ///     let pictures = Dataset(count: paths.count) { try readPNG(paths[$0]) }
  public init(count: Int, element: @escaping @Sendable (Int) throws -> Element) {
    self.init(FunctionStage(elements: max(0, count), make: element))
  }

  /// The elements that a generator gives until it gives nil; it may go on for ever.
  ///
  /// `start` begins a pass; it gets the number of the epoch. For a pass to be continued exactly,
  /// the generator must give the same elements for the same epoch.
  ///
  ///     let squares = Dataset<Int>.generated { epoch in
  ///       var number = 0
  ///       return { number += 1; return number <= 10 ? number * number : nil }
  ///     }
  public static func generated(
    count: Int? = nil, _ start: @escaping @Sendable (Int) throws -> () throws -> Element?
  ) -> Dataset {
    Dataset(GeneratorStage(count: count, start: start))
  }
}

private struct ArrayStage<Element: Sendable>: Stage, IndexedPass {
  let elements: [Element]
  var count: Int? { elements.count }
  var total: Int { elements.count }
  var ahead: Ahead { .none }
  var outline: [String] { ["\(elements.count) elements"] }

  func pass(_ epoch: Int) -> Pass<Element> { .indexed(self) }
  func element(at index: Int) -> Element { elements[index] }
}

private struct FunctionStage<Element: Sendable>: Stage, IndexedPass {
  let elements: Int
  let make: @Sendable (Int) throws -> Element
  var count: Int? { elements }
  var total: Int { elements }
  var ahead: Ahead { .none }
  var outline: [String] { ["\(elements) elements"] }

  func pass(_ epoch: Int) -> Pass<Element> { .indexed(self) }

  func element(at index: Int) throws(TensorError) -> Element {
    do { return try make(index) } catch { throw .element(index, "dataset", error) }
  }
}

private struct GeneratorStage<Element: Sendable>: Stage {
  let count: Int?
  let start: @Sendable (Int) throws -> () throws -> Element?
  var ahead: Ahead { .none }
  var outline: [String] { ["generated" + (count.map { " \($0)" } ?? "")] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    do { return .stream(GeneratorPuller(try start(epoch))) } catch { throw error.asTensorError }
  }
}

private final class GeneratorPuller<Element: Sendable>: Puller {
  private let generate: () throws -> Element?
  private var number = 0

  init(_ generate: @escaping () throws -> Element?) { self.generate = generate }

  func next() throws(TensorError) -> Pending<Element>? {
    do {
      guard let element = try generate() else { return nil }
      defer { number += 1 }
      return Pending(origin: number) { () throws(TensorError) in element }
    } catch { throw .element(number, "generator", error) }
  }
}
