/// A list of plain values that is filled, emptied and filled again. It has one owner: an array would
/// look for others at each change.
struct PlainList<Element: BitwiseCopyable>: ~Copyable {
  private var memory: UnsafeMutablePointer<Element>?
  private var capacity = 0
  private(set) var count = 0

  init() {}

  deinit { memory?.deallocate() }

  var indices: Range<Int> { 0..<count }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return memory.unsafelyUnwrapped[index]
    }
    set {
      precondition(index >= 0 && index < count)
      memory.unsafelyUnwrapped[index] = newValue
    }
  }

  mutating func append(_ element: Element) {
    reserve(1)
    memory.unsafelyUnwrapped[count] = element
    count += 1
  }

  /// Adds as many elements as `body` says it has written, `most` of them or fewer.
  mutating func append(upTo most: Int, _ body: (UnsafeMutablePointer<Element>) -> Int) {
    reserve(most)
    count += body(memory.unsafelyUnwrapped + count)
  }

  /// Takes the last element away.
  mutating func popLast() -> Element? {
    if count == 0 { return nil }
    count -= 1
    return memory.unsafelyUnwrapped[count]
  }

  /// Keeps the memory for the next filling.
  mutating func removeAll() { count = 0 }

  borrowing func copy() -> PlainList {
    var copy = PlainList()
    copy.append(upTo: count) { target in
      if let memory { target.update(from: memory, count: count) }
      return count
    }
    return copy
  }

  private mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(to: count + more) }
  }

  @inline(never)
  private mutating func grow(to least: Int) {
    capacity = max(least, 2 * capacity, 64)
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    if let memory {
      larger.update(from: memory, count: count)
      memory.deallocate()
    }
    memory = larger
  }
}

extension PlainList where Element: Equatable {
  static func == (left: borrowing PlainList, right: borrowing PlainList) -> Bool {
    guard left.count == right.count else { return false }
    for index in left.indices where left[index] != right[index] { return false }
    return true
  }
}
