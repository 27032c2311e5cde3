import Foundation

/// What reductions come to, by plain loops.
extension ReductionCases {
  static func extreme(_ values: [Double], _ better: (Double, Double) -> Double) -> Double {
    values.contains { $0.isNaN } ? .nan : values.dropFirst().reduce(values[0], better)
  }

  static func moments(_ values: [Double], _ unbiased: Bool) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return squares / (Double(values.count) - (unbiased ? 1 : 0))
  }
}
