/// What was measured in each epoch of a training.
public struct History: Sendable {
  /// One epoch's numbers by name: `loss`, `accuracy`, `val_loss`, `learning_rate`.
  public struct Epoch: Sendable {
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
}
