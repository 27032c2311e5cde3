/// Lowers the rate where a number has stopped getting better.
///
///     optimizer.learningRate = plateau.rate(after: validationLoss, optimizer.learningRate)
public struct Plateau: Sendable {
  private let factor: Double, patience: Int, threshold: Double, cooldown: Int, smallest: Double
  private let isMinimized: Bool
  /// The best number so far; nil before the first.
  public private(set) var best: Double?
  private var waited = 0, cooling = 0

  /// What it must keep to go on later.
  public var state: [String: Double] {
    get {
      var state = ["waited": Double(waited), "cooling": Double(cooling)]
      state["best"] = best
      return state
    }
    set {
      best = newValue["best"]
      waited = newValue["waited"].flatMap { Int(exactly: $0) } ?? 0
      cooling = newValue["cooling"].flatMap { Int(exactly: $0) } ?? 0
    }
  }

  /// - Parameters:
  ///   - factor: what the rate is multiplied by.
  ///   - patience: after how many numbers without progress.
  ///   - threshold: how much better counts as progress.
  ///   - cooldown: how many numbers after that are not counted.
  ///   - smallest: the rate goes no lower.
  ///   - isMinimized: whether smaller numbers are better.
  public init(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0,
    smallest: Double = 0, isMinimized: Bool = true
  ) {
    self.factor = factor
    self.patience = patience
    self.threshold = threshold
    self.cooldown = cooldown
    self.smallest = smallest
    self.isMinimized = isMinimized
  }

  /// The rate to go on with, after an epoch that ended with `number`.
  public mutating func rate(after number: Double, _ rate: Double) -> Double {
    if cooling > 0 {
      cooling -= 1
      waited = 0
    }
    let isBetter = best.map { isMinimized ? number < $0 - threshold : number > $0 + threshold }
    if isBetter ?? true, number.isFinite {
      best = number
      waited = 0
      return rate
    }
    if cooling > 0 { return rate }
    waited += 1
    guard waited >= patience else { return rate }
    cooling = cooldown
    waited = 0
    return max(smallest, rate * factor)
  }
}
