internal import Geometry

extension Dataset {
  /// `times` passes as one; without a number for ever. Each is shuffled anew.
  public func repeated(_ times: Int? = nil) -> Dataset {
    Dataset(RepeatStage(upstream: stage, times: times.map { max(0, $0) }))
  }
}

/// As good as infinite, and small enough to be counted with.
private let endless = 1 << 60

private struct RepeatStage<Element: Sendable>: Stage {
  let upstream: any Stage<Element>
  let times: Int?

  var count: Int? {
    guard let times, let count = upstream.count else { return nil }
    let (total, overflow) = count.multipliedReportingOverflow(by: times)
    return overflow ? endless : total
  }

  var ahead: Ahead { upstream.ahead }
  var outline: [String] { upstream.outline + ["repeated" + (times.map { " \($0)" } ?? "")] }

  func pass(_ epoch: Int) throws(TensorError) -> Pass<Element> {
    // The passes of an epoch are numbered on from those of the epoch before it.
    let start = times.map { epoch &* $0 } ?? epoch << 32
    guard times != 0, case .indexed(let first) = try upstream.pass(start) else {
      return .stream(RepeatPuller(upstream, start, times ?? .max))
    }
    let (total, overflow) = first.total.multipliedReportingOverflow(by: times ?? .max)
    return .indexed(
      RepeatPass(upstream, start, first, total: overflow ? endless : min(total, endless)))
  }
}

/// Passes with the same number of elements, one after the other. The latest are kept.
// Everything that changes is read and written under the monitor.
private final class RepeatPass<Element: Sendable>: IndexedPass, @unchecked Sendable {
  let total: Int
  private let stage: any Stage<Element>
  private let start: Int
  private let length: Int
  private let monitor = Monitor()
  private var kept: [(number: Int, pass: any IndexedPass<Element>)]

  init(
    _ stage: any Stage<Element>, _ start: Int, _ first: any IndexedPass<Element>, total: Int
  ) {
    self.stage = stage
    self.start = start
    self.total = first.total == 0 ? 0 : total
    length = first.total
    kept = [(0, first)]
  }

  private func pass(_ number: Int) throws(TensorError) -> any IndexedPass<Element> {
    try monitor.withLock { () throws(TensorError) -> any IndexedPass<Element> in
      if let known = kept.first(where: { $0.number == number }) { return known.pass }
      let pass = try stage.pass(start &+ number).indexed(for: "repeated")
      if kept.count == 3 { kept.removeFirst() }
      kept.append((number, pass))
      return pass
    }
  }

  func element(at index: Int) throws(TensorError) -> Element {
    try pass(index / length).element(at: index % length)
  }

  func block(at indices: [Int]) throws(TensorError) -> ExampleBlock? {
    try joinedBlock(at: indices) {
      $0 / length
    } part: { (number, indices) throws(TensorError) in
      try pass(number).block(at: indices.map { $0 % length })
    }
  }

  func origin(of index: Int) -> Int { index % max(length, 1) }
}

private final class RepeatPuller<Element: Sendable>: Puller {
  private let stage: any Stage<Element>
  private let start: Int
  private let times: Int
  private var number = 0
  private var current: (any Puller<Element>)?
  private var isEmpty = true

  init(_ stage: any Stage<Element>, _ start: Int, _ times: Int) {
    self.stage = stage
    self.start = start
    self.times = times
  }

  func next() throws(TensorError) -> Pending<Element>? {
    while true {
      if let pending = try current?.next() {
        isEmpty = false
        return pending
      }
      // A pass without elements would be repeated for ever.
      guard number < times, current == nil || !isEmpty else { return nil }
      current = try stage.pass(start &+ number).puller()
      number += 1
      isEmpty = true
    }
  }
}
