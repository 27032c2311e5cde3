internal import Backends
internal import Geometry
internal import Synchronization

/// What a node computes from its inputs. One subclass an operation family, beside its public
/// function.
///
/// Operations without attributes are shared constants; those with attributes are made when
/// recorded.
package class Operation: @unchecked Sendable {
  /// As the caller spells it, for errors and plans.
  let name: String
  /// Different for operations that need different code.
  let code: UInt64

  init(_ name: String, code: UInt64) {
    self.name = name
    self.code = code
  }

  /// Adds the attributes that the plan depends on to its key.
  func describe(into key: inout Key) {}

  /// Gives each wanted input its gradient, in terms of tensors, so that it has a gradient itself.
  func gradient(_ context: GradientContext) throws(TensorError) {}

  /// Whether gradients flow through. Integer results have none whatever this says.
  var isDifferentiable: Bool { true }

  /// The multiplications of a product or a convolution, which is what networks are measured by.
  func multiplications(of inputs: [Shape], result: Shape) -> Int { 0 }

  /// The windows it slides over images, if it does.
  var windows: (rows: Window, columns: Window)? { nil }

  /// Which of the several results of its only input this is, if it is one: gradients that arrive
  /// are kept apart for that input's rule.
  var resultNumber: Int? { nil }

  /// Numbers that are inputs of a plan, never part of it: `Word`s, beside those of the node.
  var words: [UInt64] { [] }

  private static let codes = Atomic<UInt64>(256)

  /// A code for a family of operations; the ones below 256 are the elementwise instructions.
  static func newCode() -> UInt64 { codes.add(1, ordering: .relaxed).oldValue }
}

/// A node that is memory from the start.
final class LeafOperation: Operation, @unchecked Sendable {
  static let shared = LeafOperation("tensor", code: Operation.newCode())
}

/// A number. It is an input of the plan, not part of it.
final class ConstantOperation: Operation, @unchecked Sendable {
  static let shared = ConstantOperation("constant", code: Operation.newCode())
}

/// The same memory read in another way: nothing is moved.
class ViewOperation: Operation, @unchecked Sendable {
  /// How the result reads what its first input reads through `layout`; nil if that needs a copy.
  func view(of layout: Layout, as shape: Shape) -> Layout? { layout }
}

/// An operation with a kernel of its own family.
class KernelOperation: Operation, @unchecked Sendable {
  /// Adds the steps that compute `value` to the plan.
  func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    fatalError("\(name) has no kernel; please report this")
  }

  /// Whether it takes along the elementwise chain that follows, while its result is close at hand.
  var takesEpilogue: Bool { false }

  /// Adds the steps that compute `value` and the chain after it, whose results are written instead.
  /// Only for those that take one.
  func plan(
    _ value: Int, epilogue: FusedProgram?, in builder: inout PlanBuilder
  ) throws(TensorError) {
    try plan(value, in: &builder)
  }
}

/// One of the several results of its only input.
final class ResultOperation: Operation, @unchecked Sendable {
  let number: Int
  static let code = Operation.newCode()
  /// An optimizer's step has some for each parameter.
  private static let shared = (0..<256).map { ResultOperation($0) }

  private init(_ number: Int) {
    self.number = number
    super.init("result", code: Self.code)
  }

  static func of(_ number: Int) -> ResultOperation {
    number < shared.count ? shared[number] : ResultOperation(number)
  }

  override var resultNumber: Int? { number }

  override func describe(into key: inout Key) { key.append(number) }
}

/// What plans are found by: everything about a graph that its plan depends on, as words.
struct Key: ~Copyable {
  private var words = PlainList<UInt64>()

  mutating func removeAll() { words.removeAll() }
  mutating func append(_ word: UInt64) { words.append(word) }
  mutating func append(_ number: Int) { words.append(UInt64(bitPattern: Int64(number))) }

  mutating func append(_ numbers: [Int]) {
    append(numbers.count)
    for number in numbers { append(number) }
  }

  mutating func append(_ shape: Shape) {
    words.append(upTo: Shape.maximumRank) { target in
      shape.copyExtents(to: target)
      return shape.indices.count
    }
  }

  mutating func append(_ layout: Layout) {
    append(Array(layout.shape))
    append(layout.strides)
    append(layout.offset)
  }

  var hash: UInt64 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
    for index in words.indices {
      let product = (hash ^ words[index]).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
      hash = product.high ^ product.low
    }
    return hash
  }

  static func == (left: borrowing Key, right: borrowing Key) -> Bool { left.words == right.words }

  borrowing func copy() -> Key {
    var copy = Key()
    copy.words = words.copy()
    return copy
  }
}
