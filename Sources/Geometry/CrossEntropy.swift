/// The cross-entropy of each row of `[rows, classes]`, its gradient, or both at once.
///
/// With targets q it is `Σ q · (log Σ exp(x) - x)` of logits x, `-Σ q · x` of logarithms of
/// probabilities. `q = weight · ((1 - smoothing) · target + smoothing / classes)`, the weight being
/// that of the class.
package struct CrossEntropy: Hashable, Sendable {
  package let type: ScalarType
  package let rows: Int, classes: Int
  /// What a row's label is stored as; nil where targets are numbers a class.
  package let labelType: ScalarType?
  package let takesLogits: Bool
  package let smoothing: Double
  /// Rows with this label count for nothing.
  package let ignoredLabel: Int?
  package let hasClassWeights: Bool
  package let range: IndexRange

  package init(
    _ type: ScalarType, rows: Int, classes: Int, labelType: ScalarType?, takesLogits: Bool,
    smoothing: Double, ignoredLabel: Int?, hasClassWeights: Bool, range: IndexRange
  ) {
    self.type = type
    self.rows = rows
    self.classes = classes
    self.labelType = labelType
    self.takesLogits = takesLogits
    self.smoothing = smoothing
    self.ignoredLabel = ignoredLabel
    self.hasClassWeights = hasClassWeights
    self.range = range
  }

  /// What of it is computed.
  package enum Part: Hashable, Sendable {
    case losses
    /// With one upstream number a row, or one for all.
    case gradient(upstreamOfRows: Bool)
    case both(upstreamOfRows: Bool)

    package var hasLosses: Bool {
      if case .gradient = self { return false }
      return true
    }

    /// How far apart the rows' upstream numbers are; nil if there is no gradient.
    package var upstreamStride: Int? {
      switch self {
      case .losses: nil
      case .gradient(let isOfRows), .both(let isOfRows): isOfRows ? 1 : 0
      }
    }
  }

  package func label(_ part: Part) -> String {
    let what =
      switch part {
      case .losses: "cross-entropy"
      case .gradient: "gradient of cross-entropy"
      case .both: "cross-entropy and its gradient"
      }
    return "\(what) [\(rows), \(classes)]"
  }
}
