internal import Geometry
internal import Tensors

/// One step of a pipeline: a description without state.
protocol Stage<Element>: Sendable {
  associatedtype Element: Sendable

  /// The number of elements in a pass, where it is known before the pass.
  var count: Int? { get }

  /// How many elements are to be prepared ahead, and by how many threads.
  var ahead: Ahead { get }

  /// The steps that lead here, with all that decides which elements come and in what order; what
  /// closures do cannot be told. Threads and prefetching are left out: they decide nothing.
  var outline: [String] { get }

  /// The elements of an epoch. The same for every call.
  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element>
}

/// What the threads of a pipeline may do before they are asked.
struct Ahead: Sendable {
  var elements = 0
  var workers = 1

  static let none = Ahead()

  /// What serves elements that are made of elements of both.
  func joined(with other: Ahead) -> Ahead {
    Ahead(elements: max(elements, other.elements), workers: max(workers, other.workers))
  }

  /// The same for elements of which each holds `size` of these.
  func grouped(by size: Int) -> Ahead {
    Ahead(elements: elements == 0 ? 0 : max(1, elements / max(size, 1)), workers: workers)
  }
}

/// The elements of one epoch.
enum Pass<Element: Sendable> {
  /// To be had by number, in any order and by several threads.
  case indexed(any IndexedPass<Element>)
  /// To be had one after the other.
  case stream(any Puller<Element>)

  func puller() -> any Puller<Element> {
    switch self {
    case .indexed(let pass): IndexedPuller(pass)
    case .stream(let puller): puller
    }
  }
}

/// An epoch whose elements can be had by number.
protocol IndexedPass<Element>: Sendable {
  associatedtype Element: Sendable

  var total: Int { get }
  func element(at index: Int) throws(TensorError) -> Element

  /// These elements as columns, where there is a faster way than one by one.
  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock?

  /// The number that the element has in the set it came from.
  func origin(of index: Int) -> Int
}

extension IndexedPass {
  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? { nil }
  func origin(of index: Int) -> Int { index }
}

/// An element that is known but perhaps not made yet: any thread may make it, once.
struct Pending<Element: Sendable>: Sendable {
  /// Its number in the set it came from.
  let origin: Int
  let make: @Sendable () throws(TensorError) -> Element
}

/// A walk over a pass. What it does is the serial part of a pipeline, so it makes no elements.
protocol Puller<Element>: AnyObject {
  associatedtype Element: Sendable

  func next() throws(TensorError) -> Pending<Element>?
  func skip(_ count: Int) throws(TensorError)
}

extension Puller {
  func skip(_ count: Int) throws(TensorError) {
    for _ in 0..<count where try next() == nil { return }
  }
}

/// A walk over elements that can be had by number.
final class IndexedPuller<Element: Sendable>: Puller {
  private let pass: any IndexedPass<Element>
  private var index = 0

  init(_ pass: any IndexedPass<Element>) { self.pass = pass }

  func next() throws(TensorError) -> Pending<Element>? {
    guard index < pass.total else { return nil }
    defer { index += 1 }
    return Pending(origin: pass.origin(of: index)) {
      [pass, index] () throws(TensorError) in try pass.element(at: index)
    }
  }

  func skip(_ count: Int) { index += min(pass.total - index, count) }
}

extension TensorError {
  /// The error that making an element ended in, with the number of the element.
  static func element(_ number: Int, _ operation: String, _ error: any Error) -> TensorError {
    let error = error.asTensorError
    return TensorError(
      error.kind, operation, "element \(number): \(error.operation): \(error.detail)",
      operands: error.operands, hint: error.hint, code: error.code)
  }
}
