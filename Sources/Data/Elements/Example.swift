/// One element of a data set for training: what goes in, what should come out, how much it counts.
///
///     let example = Example(input: pixels, target: Values(Int32(7)))
public struct Example: Sendable {
  /// Usually one; a model with several inputs has several.
  public var inputs: [Values]
  /// None where there is nothing to learn from.
  public var targets: [Values]
  /// How much it counts; nil where all count the same.
  public var weight: Float?

  public init(inputs: [Values], targets: [Values] = [], weight: Float? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weight = weight
  }

  public init(input: Values, target: Values? = nil, weight: Float? = nil) {
    self.init(inputs: [input], targets: target.map { [$0] } ?? [], weight: weight)
  }

  /// The number of the class: the first target if it is a single number, the largest place of it
  /// if it is one-hot.
  public var label: Int? {
    guard let target = targets.first, target.count > 0 else { return nil }
    if target.count == 1 { return target.integers[0] }
    let scores = target.floats
    return scores.indices.max { scores[$0] < scores[$1] }
  }
}
