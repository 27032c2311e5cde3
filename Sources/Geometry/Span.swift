/// How the positions of one axis of a result are made of positions of an axis of the input: each of
/// a run of neighbours. Of pooling and of resizing.
package enum Span: Hashable, Sendable {
  /// What a window sees, without padding. Its dilation is 1.
  case window(Window)
  /// Cells as equal as can be: cell `i` covers `floor(i · input / output)` up to, but not
  /// including, `ceil((i + 1) · input / output)`.
  case cells(input: Int, output: Int)
  /// The position that the result's centre falls on.
  case nearest(input: Int, output: Int)
  /// The two positions beside the result's centre, or beside its share of the way from the first
  /// position to the last where corners are aligned.
  case linear(input: Int, output: Int, alignsCorners: Bool)

  package var input: Int {
    switch self {
    case .window(let window): window.input
    case .cells(let input, _), .nearest(let input, _), .linear(let input, _, _): input
    }
  }

  package var output: Int {
    switch self {
    case .window(let window): window.output
    case .cells(_, let output), .nearest(_, let output), .linear(_, let output, _): output
    }
  }

  /// The window, if it is one.
  package var window: Window? { if case .window(let window) = self { window } else { nil } }

  /// Whether a result is the mean of its run, not a sum with weights.
  private var isMean: Bool {
    switch self {
    case .window, .cells: true
    case .nearest, .linear: false
    }
  }

  /// The run of neighbours that makes position `index` of the result, and their weights.
  private func run(_ index: Int) -> (first: Int, weights: [Double]) {
    switch self {
    case .window(let window):
      let start = index * window.stride - window.before
      let first = Swift.max(start, 0)
      let end = Swift.min(start + window.taps, window.input)
      return (first, [Double](repeating: 1, count: Swift.max(end - first, 0)))
    case .cells(let input, let output):
      let first = index * input / output
      let end = ((index + 1) * input + output - 1) / output
      return (first, [Double](repeating: 1, count: end - first))
    case .nearest(let input, let output):
      return ((2 * index + 1) * input / (2 * output), [1])
    case .linear(let input, let output, let alignsCorners):
      // The place of the result among the inputs, as a fraction of `unit`.
      let unit = alignsCorners ? Swift.max(output - 1, 1) : 2 * output
      let place =
        alignsCorners ? index * (input - 1) : (2 * index + 1) * input - output
      let clamped = Swift.min(Swift.max(place, 0), (input - 1) * unit)
      let first = clamped / unit
      let rest = clamped - first * unit
      // A neighbour of no weight is left out: it might be infinite.
      if rest == 0 { return (first, [1]) }
      return (first, [Double(unit - rest) / Double(unit), Double(rest) / Double(unit)])
    }
  }

  /// Where the runs of all results are.
  package var table: SpanTable {
    var table = SpanTable()
    for index in 0..<output {
      let (first, weights) = run(index)
      table.append(first, weights, divisor: isMean ? weights.count : 1)
    }
    return table
  }

  /// The other way round: for each input the run of results that it is part of, with the share it
  /// has in each.
  package var owners: SpanTable {
    let table = self.table
    var first = [Int](repeating: 0, count: input)
    var shares = [[Double]](repeating: [], count: input)
    for (index, entry) in table.entries.enumerated() {
      for k in 0..<Int(entry.count) {
        let position = Int(entry.first) + k
        if shares[position].isEmpty { first[position] = index }
        shares[position].append(table.weights[Int(entry.start) + k] / Double(entry.divisor))
      }
    }
    var owners = SpanTable()
    for position in 0..<input { owners.append(first[position], shares[position], divisor: 1) }
    return owners
  }

  /// The most positions that a result is made of.
  package var width: Int {
    switch self {
    case .window(let window): Swift.min(window.taps, window.input)
    case .cells(let input, let output): output == 0 ? 0 : (input + output - 1) / output + 1
    case .nearest: 1
    case .linear: 2
    }
  }
}

/// Runs of neighbouring positions, one for each position of another axis, with weights.
package struct SpanTable: Sendable {
  /// As kernels read it: four int32.
  package struct Entry: Sendable {
    package let first: Int32, count: Int32
    /// Where the weights begin, and what the weighted sum is divided by.
    package let start: Int32, divisor: Int32
  }

  package private(set) var entries: [Entry] = []
  package private(set) var weights: [Double] = []

  fileprivate mutating func append(_ first: Int, _ weights: [Double], divisor: Int) {
    entries.append(
      Entry(
        first: Int32(truncatingIfNeeded: first), count: Int32(truncatingIfNeeded: weights.count),
        start: Int32(truncatingIfNeeded: self.weights.count),
        divisor: Int32(truncatingIfNeeded: divisor)))
    self.weights += weights
  }
}
