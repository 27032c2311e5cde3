internal import Geometry
internal import Tensors

/// What a recorded graph costs and how far its elements see.
struct GraphCosts {
  private let facts: [NodeFacts]
  /// Running sums of multiplications by serial number.
  private let sums: [(serial: UInt64, total: Int)]
  private var fields: [UInt64: Field] = [:]

  /// What an element sees of the input, and how far neighbouring elements are apart there.
  private struct Field {
    var extent: [Int]
    var jump: [Int]
  }

  init(_ results: [Tensor], from inputs: [Tensor]) {
    facts = Tensors.facts(of: results)
    var total = 0
    sums = facts.map { ($0.serial, $0.multiplications) }.sorted { $0.0 < $1.0 }.map {
      total += $0.1
      return ($0.0, total)
    }
    let sources = Set(inputs.map(\.serial))
    for fact in facts { fields[fact.serial] = field(of: fact, sources) }
  }

  /// Of the nodes numbered so.
  func multiplications(in serials: Range<UInt64>) -> Int {
    total(before: serials.upperBound) - total(before: serials.lowerBound)
  }

  func receptiveField(of result: Tensor) -> [Int]? { fields[result.serial]?.extent }

  private func total(before serial: UInt64) -> Int {
    var (low, high) = (0, sums.count)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle].serial < serial { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? 0 : sums[low - 1].total
  }

  private func field(of fact: NodeFacts, _ sources: Set<UInt64>) -> Field? {
    if sources.contains(fact.serial) {
      return fact.shape.rank > 2 ? Field(extent: [1, 1], jump: [1, 1]) : nil
    }
    guard fact.shape.rank > 2 else { return nil }
    // Where branches meet, an element sees what either sees.
    var merged: Field?
    for input in fact.inputs {
      guard let field = fields[facts[input].serial] else { continue }
      guard let known = merged else {
        merged = field
        continue
      }
      merged = Field(
        extent: zip(known.extent, field.extent).map(max), jump: zip(known.jump, field.jump).map(max)
      )
    }
    guard var field = merged, let windows = fact.windows else { return merged }
    for (axis, window) in [windows.rows, windows.columns].enumerated() {
      field.extent[axis] += (window.reach - 1) * field.jump[axis]
      field.jump[axis] *= window.stride
    }
    return field
  }
}
