/// How far outputs and gradients may be off, in the measure of `relativeError`.
package struct Tolerances: Sendable {
  /// Zero: equal to the expected value rounded to float32.
  package let output: Double
  package let gradient: Double
  /// Whether errors are measured against small values too.
  package let isPointwise: Bool

  package init(output: Double, gradient: Double, isPointwise: Bool = false) {
    self.output = output
    self.gradient = gradient
    self.isPointwise = isPointwise
  }

  /// Elements are moved or chosen, not computed; gradients are sums of them.
  package static let movement = Tolerances(output: 0, gradient: 2e-6)
  package static let arithmetic = Tolerances(output: 2e-6, gradient: 2e-6, isPointwise: true)
  package static let transcendental = Tolerances(output: 5e-6, gradient: 5e-6, isPointwise: true)
  package static let reduction = Tolerances(output: 5e-6, gradient: 5e-6)
  package static let matrixProduct = Tolerances(output: 5e-6, gradient: 5e-6)
  /// Convolutions, which transforms of three by three windows may compute.
  package static let transformed = Tolerances(output: 2e-5, gradient: 2e-5)
  package static let normalization = Tolerances(output: 1e-5, gradient: 1e-5)
  package static let recurrence = Tolerances(output: 1e-5, gradient: 1e-5)
  package static let attention = Tolerances(output: 1e-5, gradient: 1e-5)
  package static let loss = Tolerances(output: 5e-6, gradient: 5e-6)
  package static let training = Tolerances(output: 1e-4, gradient: 1e-4)
  package static let optimizer = Tolerances(output: 5e-6, gradient: 5e-6)

  /// What is allowed for a tensor of a case on which the reference itself is off by
  /// `referenceError` in float32.
  package func allowed(_ expected: Expected, isGradient: Bool, referenceError: Double) -> Double {
    let limit = isGradient ? gradient : output
    return limit == 0 || expected.isInteger ? 0 : max(limit, 8 * referenceError)
  }
}

/// The largest of `|a - e| / (|e| + S)`, where `S` is the root mean square of `expected`, at most 1
/// for pointwise operations.
///
/// A tensor that is all zeros has no scale of its own: `S` is then `otherScale`, or 1 if that is
/// zero too. What is not finite must be expected exactly so, else the error is infinite.
package func relativeError(
  of actual: [Double], expected: Expected, isPointwise: Bool, otherScale: Double
) -> Double {
  var scale = expected.rootMeanSquare
  if scale == 0 { scale = otherScale }
  if scale == 0 { scale = 1 }
  if isPointwise { scale = min(1, scale) }
  var largest = 0.0
  for (a, e) in zip(actual, expected.values) {
    let isSame = a == e || (a.isNaN && e.isNaN)
    if isSame { continue }
    let error = abs(a - e) / (abs(e) + scale)
    guard error.isFinite else { return .infinity }
    largest = max(largest, error)
  }
  return largest
}
