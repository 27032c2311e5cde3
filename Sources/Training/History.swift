/// What was measured in each epoch of a training.
public struct History: Sendable, Equatable {
  /// One epoch's numbers by name: `loss`, `accuracy`, `val_loss`, `learning_rate`.
  public struct Epoch: Sendable, Equatable {
    /// Counted from 1.
    public let number: Int
    public var values: [String: Double]

    public init(_ number: Int, _ values: [String: Double]) {
      self.number = number
      self.values = values
    }
  }

  public private(set) var epochs: [Epoch] = []

  public init() {}

  /// Adds an epoch behind the others.
  public mutating func append(_ epoch: Epoch) { epochs.append(epoch) }

  /// The numbers called `name`, an epoch each; NaN where an epoch has none.
  public subscript(name: String) -> [Double] { epochs.map { $0.values[name] ?? .nan } }

  /// The names that any epoch has, in alphabetical order.
  public var names: [String] {
    epochs.reduce(into: Set()) { $0.formUnion($1.values.keys) }.sorted()
  }

  /// The epoch in which the number called `name` was best; of equal ones the first, nil if no epoch
  /// has a finite one. Whether larger is better is judged by the name if `isMaximized` is nil.
  public func best(_ name: String, isMaximized: Bool? = nil) -> Epoch? {
    let isMaximized = isMaximized ?? Monitor.isMaximized(name)
    var best: (epoch: Epoch, value: Double)?
    for epoch in epochs {
      guard let value = epoch.values[name], value.isFinite else { continue }
      if let found = best, isMaximized ? value <= found.value : value >= found.value { continue }
      best = (epoch, value)
    }
    return best?.epoch
  }
}
