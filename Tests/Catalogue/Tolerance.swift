public import Geometry
internal import Glibc

/// How far a result may be from the reference, in terms of `u`, the unit roundoff of its type.
public enum Tolerance: Sendable, Hashable {
  /// The reference, rounded to the type.
  case exact
  /// So many units in the last place.
  case ulps(Double)
  /// So many `u` of the largest of 1 and the expected value: forms in which terms cancel.
  case absolute(Double)
  /// So many `u` of the sum of the sizes of what was added up.
  case accumulated(Double)
  /// So many `u` of the expected value and the root mean square of all expected ones.
  case scaled(Double)

  /// The tolerance of a sum of `terms` numbers by a tree.
  public static func tree(_ terms: Int) -> Tolerance {
    .accumulated(terms < 2 ? 2 : log2(Double(terms)).rounded(.up) + 2)
  }

  /// The tolerance of a chain of `terms` multiply-adds, a quarter of what can be proven.
  public static func product(_ terms: Int) -> Tolerance { .accumulated(Double(terms + 8) / 4) }

  /// How far a result of `type` may be from `expected`.
  ///
  /// - Parameters:
  ///   - magnitude: the sum of the sizes of what was added up to `expected`.
  ///   - spread: the root mean square of all expected values.
  public func bound(_ expected: Double, magnitude: Double, spread: Double, type: ScalarType)
    -> Double
  {
    let u = type.unitRoundoff
    // The reference itself is computed in doubles, so theirs is the sum of two errors.
    let slack: Double = type == .float64 ? 4 : 1
    let bound: Double =
      switch self {
      case .exact: 0
      case .ulps(let count): slack * count * Self.ulp(expected, u)
      case .absolute(let count): slack * count * u * Swift.max(1, abs(expected))
      case .accumulated(let count):
        type == .float64
          ? 4 * Swift.max(count, 64) * u * magnitude : count * u * magnitude
      case .scaled(let count): slack * count * u * (abs(expected) + spread)
      }
    return self == .exact ? 0 : bound + type.smallestNormal
  }

  /// The distance between neighbouring numbers of a type at `value`.
  private static func ulp(_ value: Double, _ u: Double) -> Double {
    guard value != 0, value.isFinite else { return 0 }
    return 2 * u * Double(sign: .plus, exponent: value.exponent, significand: 1)
  }
}
