internal import Geometry

/// Shifts and scales the features of the first input to mean 0 and deviation 1 over the training
/// data. Features that never vary become 0.
public struct Standardize: Preparation {
  private let scaling: FeatureScaling

  public init(_ statistics: FeatureStatistics) {
    scaling = FeatureScaling(
      centers: statistics.means, spans: statistics.deviations, low: 0, "standardize")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try scaling.prepare(&block)
  }
}

/// Brings the features of the first input to 0…1, or another interval, over the training data.
public struct MinMaxScale: Preparation {
  private let scaling: FeatureScaling

  public init(_ statistics: FeatureStatistics, to interval: ClosedRange<Double> = 0...1) {
    let width = interval.upperBound - interval.lowerBound
    scaling = FeatureScaling(
      centers: statistics.minima,
      spans: zip(statistics.minima, statistics.maxima).map { width == 0 ? 0 : ($1 - $0) / width },
      low: interval.lowerBound, "minMaxScale")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try scaling.prepare(&block)
  }
}

/// Divides the features of the first input by their largest magnitude in the training data: signs
/// and zeros stay.
public struct MaxAbsScale: Preparation {
  private let scaling: FeatureScaling

  public init(_ statistics: FeatureStatistics) {
    let spans = zip(statistics.minima, statistics.maxima).map { max(abs($0), abs($1)) }
    scaling = FeatureScaling(
      centers: spans.map { _ in 0 }, spans: spans, low: 0, "maxAbsScale")
  }

  public func prepare(_ block: inout ExampleBlock, _ rows: RowNumbers) throws {
    try scaling.prepare(&block)
  }
}

/// `(x - center) / span + low` by feature, in float64; a span of 0 counts as 1.
private struct FeatureScaling: Sendable {
  let centers: [Double]
  let factors: [Double]
  let low: Double
  let operation: String

  init(centers: [Double], spans: [Double], low: Double, _ operation: String) {
    self.centers = centers
    factors = spans.map { $0 > 0 ? 1 / $0 : 1 }
    self.low = low
    self.operation = operation
  }

  func prepare(_ block: inout ExampleBlock) throws {
    guard let input = block.inputs.first, !centers.isEmpty else { return }
    let size = input.rowShape.count
    guard size % centers.count == 0 else {
      throw TensorError(
        .shape, operation, "inputs \(input.rowShape) do not have \(centers.count) features")
    }
    block.inputs[0] = try Values(shape: input.shape, as: .float32) { target in
      let target = target.assumingMemoryBound(to: Float.self)
      let isWide = input.scalarType == .float64 || input.scalarType == .int64
      if isWide || input.scalarType == .int32 {
        let numbers = input.doubles
        numbers.withUnsafeBufferPointer { scale($0, target) { $0 } }
      } else {
        input.withFloats { scale($0, target) { Double($0) } }
      }
    }
  }

  @inline(__always)
  private func scale<Number>(
    _ source: UnsafeBufferPointer<Number>, _ target: UnsafeMutableBufferPointer<Float>,
    _ double: (Number) -> Double
  ) {
    let period = centers.count
    centers.withUnsafeBufferPointer { centers in
      factors.withUnsafeBufferPointer { factors in
        if period == 1 {
          let center = centers[0]
          let factor = factors[0]
          for index in 0..<source.count {
            target[index] = Float((double(source[index]) - center) * factor + low)
          }
          return
        }
        for start in stride(from: 0, to: source.count, by: period) {
          for feature in 0..<period {
            let distance = double(source[start + feature]) - centers[feature]
            target[start + feature] = Float(distance * factors[feature] + low)
          }
        }
      }
    }
  }
}
