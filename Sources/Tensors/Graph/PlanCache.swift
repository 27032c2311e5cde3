/// The plans made for one device, found by the whole key; the least recently used ones go.
struct PlanCache {
  /// Plans whose keys have one hash are a chain.
  private final class Entry {
    let key: Key
    let plan: Plan
    var lastUse: UInt64
    var next: Entry?

    init(_ key: consuming Key, _ plan: Plan, lastUse: UInt64, next: Entry?) {
      self.key = key
      self.plan = plan
      self.lastUse = lastUse
      self.next = next
    }
  }

  private var entries: [UInt64: Entry] = [:]
  private var count = 0
  private var clock: UInt64 = 0
  private static let capacity = 512

  mutating func find(_ key: borrowing Key) -> Plan? {
    clock += 1
    var entry = entries[key.hash]
    while let found = entry {
      if found.key == key {
        found.lastUse = clock
        return found.plan
      }
      entry = found.next
    }
    return nil
  }

  mutating func insert(_ plan: Plan, under key: borrowing Key) {
    if count >= Self.capacity { removeOldest() }
    let hash = key.hash
    entries[hash] = Entry(key.copy(), plan, lastUse: clock, next: entries[hash])
    count += 1
  }

  mutating func removeAll() {
    entries = [:]
    count = 0
  }

  /// Removes about the older half, so that the search is paid for seldom. A chain is as old as what
  /// was used last in it.
  private mutating func removeOldest() {
    func lastUse(_ entry: Entry) -> UInt64 {
      max(entry.lastUse, entry.next.map { lastUse($0) } ?? 0)
    }
    func length(_ entry: Entry) -> Int { 1 + (entry.next.map { length($0) } ?? 0) }
    let limit = entries.values.map { lastUse($0) }.sorted()[entries.count / 2]
    entries = entries.filter { lastUse($0.value) > limit }
    count = entries.values.reduce(0) { $0 + length($1) }
  }
}
