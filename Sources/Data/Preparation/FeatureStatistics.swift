public import Geometry

/// Which elements of an example share one mean and one deviation.
public enum FeatureGrouping: Sendable {
  /// Each element has its own.
  case element
  /// The elements of a channel, along the last axis, share theirs.
  case channel
  /// All elements share one.
  case all
}

/// Means, deviations and extremes of the first inputs of a data set, by feature.
///
/// Everything is added up in float64, so that features of very different sizes are exact.
///
///     let statistics = try FeatureStatistics(of: data.train)     // never of test data
///     let train = data.train.prepared(Standardize(statistics))
///     let test = data.test.prepared(Standardize(statistics))
public struct FeatureStatistics: Sendable {
  /// How many numbers each feature was taken from.
  public private(set) var count = 0
  public private(set) var means: [Double] = []
  /// Of the whole set: divided by the count.
  public private(set) var variances: [Double] = []
  public private(set) var minima: [Double] = []
  public private(set) var maxima: [Double] = []

  public init(
    of data: Dataset<Example>, by grouping: FeatureGrouping = .element
  ) throws(TensorError) {
    let iterator = try data.makeIterator()
    var shape: Shape?
    while let example = try iterator.next() {
      guard let input = example.inputs.first, input.count > 0 else {
        throw TensorError(.argument, "statistics", "an example has no inputs")
      }
      if let shape, grouping == .element ? shape != input.shape : shape.last != input.shape.last,
        grouping != .all
      {
        throw TensorError(.shape, "statistics", "inputs differ: \(shape) and \(input.shape)")
      }
      shape = input.shape
      add(input.doubles, features: grouping.features(input.shape))
    }
    guard count > 0 else { throw TensorError(.argument, "statistics", "the data set is empty") }
    for feature in variances.indices { variances[feature] /= Double(count) }
  }

  /// Standard deviations, of the whole set.
  public var deviations: [Double] { variances.map { $0.squareRoot() } }

  private mutating func add(_ numbers: [Double], features: Int) {
    if means.isEmpty {
      means = Array(repeating: 0, count: features)
      variances = means
      minima = Array(repeating: .infinity, count: features)
      maxima = Array(repeating: -.infinity, count: features)
    }
    // Welford's update; until the end `variances` holds sums of squares of deviations.
    for start in stride(from: 0, to: numbers.count, by: features) {
      count += 1
      let share = 1 / Double(count)
      for feature in 0..<features {
        let number = numbers[start + feature]
        let distance = number - means[feature]
        means[feature] += distance * share
        variances[feature] += distance * (number - means[feature])
        minima[feature] = min(minima[feature], number)
        maxima[feature] = max(maxima[feature], number)
      }
    }
  }
}

extension FeatureGrouping {
  func features(_ shape: Shape) -> Int {
    switch self {
    case .element: shape.count
    case .channel: shape.last
    case .all: 1
    }
  }
}
