internal import Backends
internal import Geometry
internal import Synchronization

/// A value in the graph: memory, or an operation on other nodes that has not run yet, or both.
///
/// What does not change is read freely. Links, memory and marks are guarded by the graph's lock.
package final class Node: @unchecked Sendable {
  let operation: Operation
  let shape: Shape
  let scalarType: ScalarType
  let place: Place
  /// Nodes are numbered as they are recorded; a recording begins at a number.
  let serial: UInt64
  /// The recording it was recorded in: until that closes it keeps its inputs.
  let recording: Recording?
  let isConstant: Bool
  /// The number of a constant; the seed and counter of a random generator.
  let word: UInt64, secondWord: UInt64

  private(set) var inputCount: Int
  private var first: Node?, second: Node?, third: Node?
  /// All inputs, where there are more than three.
  private var many: ContiguousArray<Node>

  /// Which steps of it count, where somebody has said so; set before anybody else sees the node.
  var stepMask: Tensor?

  var memory: Memory?
  var mark: UInt64 = 0
  var index: Int32 = 0

  private static let serials = Atomic<UInt64>(1)
  private static let released = Atomic<UInt64>(1)

  /// The number the next node gets.
  static var nextSerial: UInt64 { serials.load(ordering: .relaxed) }
  /// How many nodes exist, for tests that watch for leaks.
  package static var count: Int { Int(nextSerial) - Int(released.load(ordering: .relaxed)) }

  // Not inlined: a copy in each operation is more code to fetch than a call.
  @inline(never) init(
    _ operation: Operation, _ shape: Shape, _ scalarType: ScalarType, _ place: Place,
    _ first: Node? = nil, _ second: Node? = nil, _ third: Node? = nil, word: UInt64 = 0,
    secondWord: UInt64 = 0, memory: Memory? = nil
  ) {
    isConstant = operation === ConstantOperation.shared
    self.operation = operation
    self.shape = shape
    self.scalarType = scalarType
    self.place = place
    recording = Recording.current
    self.word = word
    self.secondWord = secondWord
    self.memory = memory
    inputCount = first == nil ? 0 : second == nil ? 1 : third == nil ? 2 : 3
    self.first = first
    self.second = second
    self.third = third
    many = []
    serial = Self.serials.add(1, ordering: .relaxed).oldValue
  }

  init(
    _ operation: Operation, _ shape: Shape, _ scalarType: ScalarType, _ place: Place,
    inputs: ContiguousArray<Node>
  ) {
    self.operation = operation
    self.shape = shape
    self.scalarType = scalarType
    self.place = place
    recording = Recording.current
    isConstant = false
    word = 0
    secondWord = 0
    inputCount = 0
    many = []
    serial = Self.serials.add(1, ordering: .relaxed).oldValue
    link(inputs)
  }

  func input(_ index: Int) -> Node { inputReference(index).takeUnretainedValue() }

  /// An input for a walk that holds the node, which need not hold the input too.
  func inputReference(_ index: Int) -> Unmanaged<Node> {
    // The count says which of the links are set.
    if inputCount > 3 { return .passUnretained(many[index]) }
    return .passUnretained(index == 0 ? first! : index == 1 ? second! : third!)
  }

  /// What a plan binds at each replay: its own two words, then those of its operation.
  func word(_ number: Int) -> UInt64 {
    number == 0
      ? word : number == 1 ? secondWord : operation.words[number - Self.firstWordOfOperation]
  }

  static let firstWordOfOperation = 2

  /// How many inputs there are to compute: none of a node that has its memory.
  var pendingInputCount: Int { memory == nil ? inputCount : 0 }

  /// Sets the inputs again after an evaluation that failed.
  func link(_ inputs: ContiguousArray<Node>) {
    inputCount = inputs.count
    if inputs.count > 3 {
      many = inputs
    } else {
      first = inputs.first
      second = inputs.count > 1 ? inputs[1] : nil
      third = inputs.count > 2 ? inputs[2] : nil
    }
  }

  /// Forgets the inputs of a node that has its memory.
  func unlink() {
    inputCount = 0
    first = nil
    second = nil
    third = nil
    if !many.isEmpty { many = [] }
  }

  var byteCount: Int { shape.count * scalarType.byteCount }

  deinit {
    Self.released.add(1, ordering: .relaxed)
    if inputCount == 0 { return }
    // A long chain released link by link would overflow the stack.
    var orphans: ContiguousArray<Node> = []
    takeInputs(into: &orphans)
    while var orphan = orphans.popLast() {
      if isKnownUniquelyReferenced(&orphan) { orphan.takeInputs(into: &orphans) }
    }
  }

  private func takeInputs(into orphans: inout ContiguousArray<Node>) {
    if let first { orphans.append(first) }
    if let second { orphans.append(second) }
    if let third { orphans.append(third) }
    orphans.append(contentsOf: many)
    unlink()
  }
}

/// Where the elements of a node lie: a buffer, shared perhaps with others, and where in it.
struct Memory: Sendable {
  var buffer: DeviceBuffer
  var byteOffset: Int

  init(_ buffer: DeviceBuffer, byteOffset: Int = 0) {
    self.buffer = buffer
    self.byteOffset = byteOffset
  }

  var binding: Binding { Binding(buffer, byteOffset: byteOffset) }
}
