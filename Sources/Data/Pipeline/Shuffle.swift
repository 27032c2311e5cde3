internal import Geometry

extension Dataset {
  /// The elements in random order, another one in each epoch.
  ///
  /// With a buffer the next element is drawn from the `buffer` elements that come next, so the
  /// order is only as random as the buffer is large; without one from all. Elements that can be had
  /// by number are shuffled by number, and none is held in memory.
  ///
  /// Shuffle before batching: shuffled batches would hold the same neighbours in every epoch.
  ///
  /// - Parameters:
  ///   - buffer: how many elements the next is drawn from; nil for all.
  ///   - seed: decides the order, together with the epoch unless `anew` is false.
  ///   - anew: false for the same order in every epoch.
  public func shuffled(buffer: Int? = nil, seed: UInt64, anew: Bool = true) -> Dataset {
    let name =
      "shuffled seed \(seed)" + (buffer.map { " buffer \($0)" } ?? "")
      + (anew ? "" : " the same in each epoch")
    return Dataset(
      ShuffleStage(
        upstream: stage, name: name, buffer: max(1, buffer ?? .max),
        seed: Random.seed(seed, for: "shuffled"), anew: anew))
  }
}

private struct ShuffleStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let name: String
  let buffer: Int
  let seed: UInt64
  let anew: Bool

  var count: Int? { upstream.count }
  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + [name] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    let random = Random(seed: seed, epoch: anew ? epoch : 0)
    switch try upstream.pass(epoch) {
    case .stream(let puller): return .stream(ShufflePuller(puller, buffer, random))
    case .indexed(let pass):
      guard pass.total <= Int(Int32.max) else {
        throw TensorError(
          .argument, "shuffled", "at most 2147483647 elements can be shuffled, not \(pass.total)")
      }
      let order = shuffledNumbers(pass.total, buffer: buffer, random)
      return .indexed(SelectedPass(upstream: pass, order: order))
    }
  }
}

/// The order in which a buffer that is drawn from at random gives the numbers from 0 to `count` -
/// 1.
private func shuffledNumbers(_ count: Int, buffer: Int, _ random: Random) -> [Int32] {
  var random = random
  let size = min(buffer, count)
  return [Int32](unsafeUninitializedCapacity: count) { order, initialized in
    var held = (0..<Int32(size)).map { $0 }
    held.withUnsafeMutableBufferPointer { held in
      var rest = size
      for place in 0..<count {
        let drawn = random.below(rest)
        order[place] = held[drawn]
        if size + place < count {
          held[drawn] = Int32(size + place)
        } else {
          rest -= 1
          held[drawn] = held[rest]
        }
      }
    }
    initialized = count
  }
}

private final class ShufflePuller<Element: Sendable>: Puller {
  private let upstream: any Puller<Element>
  private let size: Int
  private var held: [Pending<Element>] = []
  private var isFilled = false
  private var random: Random

  init(_ upstream: any Puller<Element>, _ size: Int, _ random: Random) {
    self.upstream = upstream
    self.size = size
    self.random = random
  }

  func next() throws(TensorError) -> Pending<Element>? {
    if !isFilled {
      while held.count < size, let pending = try upstream.next() { held.append(pending) }
      isFilled = true
    }
    guard !held.isEmpty else { return nil }
    let drawn = random.below(held.count)
    if let pending = try upstream.next() {
      defer { held[drawn] = pending }
      return held[drawn]
    }
    held.swapAt(drawn, held.count - 1)
    return held.removeLast()
  }
}

/// Some elements of a pass, in some order.
struct SelectedPass<Element: Sendable>: IndexedPass {
  let upstream: any IndexedPass<Element>
  let order: [Int32]

  var total: Int { order.count }

  func element(at index: Int) throws(TensorError) -> Element {
    try upstream.element(at: Int(order[index]))
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    try upstream.block(at: indices.map { Int(order[$0]) })
  }

  func origin(of index: Int) -> Int { upstream.origin(of: Int(order[index])) }
}
