public import Geometry

extension Dataset {
  /// Arrays of `size` elements, of which each begins `shift` elements after the one before it:
  /// by default they do not overlap.
  ///
  ///     let inputsAndNext = try series.window(25, shift: 1).map { … }
  ///
  /// - Parameters:
  ///   - size: how many elements a window has.
  ///   - shift: how many elements a window begins after the one before; `size` if nil.
  ///   - stride: the distance of the elements of a window.
  ///   - dropRemainder: false to keep the smaller windows at the end.
  public func window(
    _ size: Int, shift: Int? = nil, stride: Int = 1, dropRemainder: Bool = true
  ) throws(TensorError) -> Dataset<[Element]> {
    let shift = shift ?? size
    guard size > 0, shift > 0, stride > 0, size < 1 << 31, stride < 1 << 31 else {
      throw TensorError(
        .argument, "window", "size \(size), shift \(shift) and stride \(stride) must be above 0")
    }
    return Dataset<[Element]>(
      WindowStage(
        upstream: stage, size: size, shift: shift, stride: stride, drops: dropRemainder))
  }
}

private struct WindowStage<Input: Sendable>: Stage {
  let upstream: any Stage<Input>
  let size: Int
  let shift: Int
  let stride: Int
  let drops: Bool

  var count: Int? { upstream.count.map(windows) }
  var ahead: Ahead { upstream.ahead.grouped(by: shift) }

  var outline: [String] {
    let name = "window \(size) shift \(shift) stride \(stride)"
    return upstream.outline + [name + (drops ? "" : " with the rest")]
  }

  private func windows(_ count: Int) -> Int {
    let starts = drops ? count - (size - 1) * stride : count
    return starts <= 0 ? 0 : (starts - 1) / shift + 1
  }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<[Input]> {
    switch try upstream.pass(epoch) {
    case .indexed(let pass):
      return .indexed(WindowPass(upstream: pass, stage: self, total: windows(pass.total)))
    case .stream(let puller): return .stream(WindowPuller(puller, self))
    }
  }
}

private struct WindowPass<Input: Sendable>: IndexedPass {
  let upstream: any IndexedPass<Input>
  let stage: WindowStage<Input>
  let total: Int

  func element(at index: Int) throws(TensorError) -> [Input] {
    var elements: [Input] = []
    for place in 0..<stage.size {
      let number = index * stage.shift + place * stage.stride
      guard number < upstream.total else { break }
      elements.append(try upstream.element(at: number))
    }
    return elements
  }
}

private final class WindowPuller<Input: Sendable>: Puller {
  private let upstream: any Puller<Input>
  private let stage: WindowStage<Input>
  /// What has been pulled from the start of the next window on.
  private var held: [Pending<Input>] = []
  private var gap = 0
  private var number = 0

  init(_ upstream: any Puller<Input>, _ stage: WindowStage<Input>) {
    self.upstream = upstream
    self.stage = stage
  }

  func next() throws(TensorError) -> Pending<[Input]>? {
    if gap > 0 { try upstream.skip(gap) }
    gap = 0
    let span = (stage.size - 1) * stage.stride + 1
    while held.count < span, let pending = try upstream.next() { held.append(pending) }
    guard held.count == span || !held.isEmpty && !stage.drops else { return nil }
    let members = Swift.stride(from: 0, to: held.count, by: stage.stride).map { held[$0] }
    gap = max(0, stage.shift - held.count)
    held.removeFirst(min(stage.shift, held.count))
    defer { number += 1 }
    return Pending(origin: number) { () throws(TensorError) -> [Input] in
      var elements: [Input] = []
      for member in members { elements.append(try member.make()) }
      return elements
    }
  }
}
