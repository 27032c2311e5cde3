/// The plans made for one device, found by the whole key; the least recently used ones go.
struct PlanCache {
  private struct Entry {
    let words: ContiguousArray<UInt64>
    let plan: Plan
    var lastUse: UInt64
  }

  private var entries: [UInt64: [Entry]] = [:]
  private var count = 0
  private var clock: UInt64 = 0
  private static let capacity = 512

  mutating func find(_ key: Key) -> Plan? {
    clock += 1
    let hash = key.hash
    guard let index = entries[hash]?.firstIndex(where: { $0.words == key.words }) else {
      return nil
    }
    entries[hash]?[index].lastUse = clock
    return entries[hash]?[index].plan
  }

  mutating func insert(_ plan: Plan, under key: Key) {
    if count >= Self.capacity { removeOldest() }
    entries[key.hash, default: []].append(Entry(words: key.words, plan: plan, lastUse: clock))
    count += 1
  }

  mutating func removeAll() {
    entries = [:]
    count = 0
  }

  /// Removes the older half, so that the search is paid for seldom.
  private mutating func removeOldest() {
    let uses = entries.values.flatMap { $0.map(\.lastUse) }.sorted()
    let limit = uses[uses.count / 2]
    entries = entries.compactMapValues { list in
      let kept = list.filter { $0.lastUse > limit }
      return kept.isEmpty ? nil : kept
    }
    count = entries.values.reduce(0) { $0 + $1.count }
  }
}
