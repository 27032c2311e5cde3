internal import Geometry
internal import Tensors

extension Dataset where Element == Batch {
  /// Batches whose samples are mixtures of two of their samples, inputs and targets alike, so
  /// targets must be one-hot or numbers, not classes.
  ///
  /// The share of the first comes from a Beta(`alpha`, `alpha`) distribution, anew for each sample.
  public func mixedUp(alpha: Float = 0.2, seed: UInt64) -> Dataset<Batch> {
    let seed = Random.seed(seed, for: "mixUp")
    return map(seed: seed) { batch, random in
      guard alpha > 0, alpha.isFinite else {
        throw TensorError(.argument, "mixUp", "alpha \(alpha) is not above 0")
      }
      let partners = random.permuted(Array(0..<batch.count))
      var shares: [Float] = []
      for _ in partners { shares.append(random.beta(alpha)) }
      var result = batch
      for column in batch.inputs.indices {
        result.inputs[column] = try batch.inputs[column].mixed(partners, shares)
      }
      for column in batch.targets.indices {
        guard batch.targets[column].scalarType.isFloatingPoint else {
          throw TensorError(
            .dtype, "mixUp", "targets are \(batch.targets[column].scalarType)",
            hint: "OneHot makes numbers of classes that can be mixed")
        }
        result.targets[column] = try batch.targets[column].mixed(partners, shares)
      }
      result.weights = try batch.weights?.mixed(partners, shares)
      return result
    }
  }
}

extension Tensor {
  /// Each row mixed with the row of its partner, as float32.
  fileprivate func mixed(_ partners: [Int], _ shares: [Float]) throws(TensorError) -> Tensor {
    let numbers = try scalars()
    let size = partners.isEmpty ? 0 : numbers.count / partners.count
    var result = numbers
    for (row, partner) in partners.enumerated() {
      for place in 0..<size {
        let own = numbers[row * size + place]
        result[row * size + place] =
          shares[row] * own
          + (1 - shares[row]) * numbers[partner * size + place]
      }
    }
    return try Tensor(result, shape: shape, on: .cpu)
  }
}

extension Random {
  /// A number of the Beta(`alpha`, `alpha`) distribution.
  fileprivate mutating func beta(_ alpha: Float) -> Float {
    let first = gamma(alpha)
    let second = gamma(alpha)
    return first + second > 0 ? first / (first + second) : (chance(0.5) ? 0 : 1)
  }

  /// A number of the gamma distribution with that shape: Marsaglia and Tsang (2000).
  private mutating func gamma(_ shape: Float) -> Float {
    if shape < 1 {
      let boost = ((1 - uniform()).logarithm / shape).exponential
      return gamma(shape + 1) * boost
    }
    let d = shape - 1 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      guard v > 0 else { continue }
      if (1 - uniform()).logarithm < x * x / 2 + d - d * v + d * v.logarithm { return d * v }
    }
  }
}
