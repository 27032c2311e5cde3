import Catalogue
import Geometry

/// How well a result agrees with what was expected.
struct Agreement {
  /// The largest error as a share of what is allowed; infinite for an exact result that is wrong.
  var worst = 0.0
  /// What is wrong, with index, both values and tolerance.
  var failures: [String] = []

  mutating func merge(_ other: Agreement, _ context: @autoclosure () -> String) {
    worst = max(worst, other.worst)
    failures += other.failures.map { "\(context()): \($0)" }
  }

  /// - Parameter magnitude: see `Tolerance.bound`.
  static func of(
    _ actual: Evaluation.Result, with expected: Reference, _ tolerance: Tolerance,
    magnitude: Reference? = nil
  ) -> Agreement {
    var agreement = Agreement()
    guard actual.array.shape == expected.shape else {
      agreement.worst = .infinity
      agreement.failures = ["shape \(actual.array.shape), expected \(expected.shape)"]
      return agreement
    }
    let finite = expected.values.filter(\.isFinite)
    let squares = finite.reduce(0) { $0 + $1 * $1 }
    let spread = finite.isEmpty ? 0 : (squares / Double(finite.count)).squareRoot()
    let isFloatingPoint = actual.type.isFloatingPoint
    for index in expected.values.indices {
      let wanted =
        isFloatingPoint ? actual.type.rounding(expected.values[index]) : expected.values[index]
      let got = actual.array.values[index]
      if got == wanted || (got.isNaN && wanted.isNaN) { continue }
      let bound = tolerance.bound(
        expected.values[index], magnitude: magnitude?.values[index] ?? 0, spread: spread,
        type: actual.type)
      // Devices may take numbers without full precision for zero.
      let tiny = actual.type.smallestNormal
      if isFloatingPoint, abs(wanted) < tiny, abs(got) < tiny { continue }
      let error = abs(got - expected.values[index])
      let share = error.isFinite && bound > 0 ? error / bound : .infinity
      agreement.worst = max(agreement.worst, share)
      if share > 1, agreement.failures.count < 3 {
        agreement.failures.append(
          "element \(index) is \(got), expected \(wanted), off by \(error), allowed \(bound)")
      }
    }
    return agreement
  }
}
