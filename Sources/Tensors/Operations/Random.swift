internal import Backends
public import Geometry

extension Tensor {
  /// Numbers evenly distributed over `low ..< high`.
  public static func uniform(
    _ shape: Shape, from low: Double = 0, to high: Double = 1, as type: ScalarType = .float32,
    on device: Device? = nil, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    guard low.isFinite, high.isFinite, low <= high else {
      throw TensorError(.argument, "uniform", "\(low) to \(high) is no interval")
    }
    let bits = try generated(.uniform, shape, type, device, source, "uniform")
    if low == 0, high == 1 { return bits }
    return try bits * (high - low) + low
  }

  /// Normally distributed numbers, by the inverse of the distribution: bounded by ±5.4 deviations.
  public static func normal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1,
    as type: ScalarType = .float32, on device: Device? = nil, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    try check(mean, standardDeviation, type, "normal")
    let bits = try generated(.signedUniform, shape, .float32, device, source, "normal")
    let values = try erfInverse(bits) * (standardDeviation * 1.4142135623730951)
    return try (mean == 0 ? values : values + mean).cast(to: type)
  }

  /// Normally distributed numbers within two standard deviations of the mean.
  public static func truncatedNormal(
    _ shape: Shape, mean: Double = 0, standardDeviation: Double = 1,
    as type: ScalarType = .float32, on device: Device? = nil, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    try check(mean, standardDeviation, type, "truncatedNormal")
    let bits = try generated(.signedUniform, shape, .float32, device, source, "truncatedNormal")
    // erf(2/√2) of the distribution lies within two deviations.
    let values =
      try erfInverse(bits * 0.9544997361036416) * (standardDeviation * 1.4142135623730951)
    return try (mean == 0 ? values : values + mean).cast(to: type)
  }

  /// Bools that are true with that probability.
  public static func bernoulli(
    _ shape: Shape, probability: Double, on device: Device? = nil, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    guard probability >= 0, probability <= 1 else {
      throw TensorError(.argument, "bernoulli", "\(probability) is no probability")
    }
    let bits = try generated(.uniform, shape, .float32, device, source, "bernoulli")
    return try less(bits, Tensor(probability))
  }

  /// For each row of `logits`, its last axis, an index drawn with probability `softmax(logits)`.
  public static func categorical(
    _ logits: Tensor, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    guard logits.scalarType.isFloatingPoint else { throw unfit("categorical", [logits]) }
    guard logits.rank > 0, logits.shape.last > 0 else {
      throw TensorError(.shape, "categorical", "nothing to draw from", operands: [logits.info])
    }
    // The largest of the logits with Gumbel noise added falls on each with its probability.
    let bits = try generated(
      .signedUniform, logits.shape, .float32, logits.device, source, "categorical")
    // Of two ways to write it this one has the fine steps where the noise is large; the other's
    // largest number would be infinite.
    let noise = try -log(-log1p(-(bits * 0.5 + 0.5)))
    return try (logits.cast(to: .float32) + noise).argmax(axis: -1)
  }

  /// The numbers below `count` in random order, as int32.
  public static func permutation(
    _ count: Int, on device: Device? = nil, source: RandomSource? = nil
  ) throws(TensorError) -> Tensor {
    let shape = try Shape([count]).validated(in: "permutation")
    let source = source ?? .current
    var words = Words(seed: source.seed, counter: source.draw(4 * count))
    var order = [Int32](unsafeUninitializedCapacity: count) { target, written in
      for index in 0..<count { target[index] = Int32(index) }
      written = count
    }
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, words.number(below: last + 1))
    }
    return try Tensor(order, shape: shape, on: device)
  }

  private static func generated(
    _ instruction: Elementwise, _ shape: Shape, _ type: ScalarType, _ device: Device?,
    _ source: RandomSource?, _ name: String
  ) throws(TensorError) -> Tensor {
    let shape = try shape.validated(in: name)
    guard type.isFloatingPoint else {
      throw TensorError(.dtype, name, "not defined for \(type)")
    }
    let place = try Device.resolved(device).place
    let source = source ?? .current
    let node = Node(
      ElementwiseOperation.of(instruction), shape, .float32, place, word: source.seed,
      secondWord: source.draw(shape.count))
    return try Tensor(recording: node).cast(to: type)
  }

  private static func check(
    _ mean: Double, _ deviation: Double, _ type: ScalarType, _ name: String
  ) throws(TensorError) {
    guard type.isFloatingPoint else {
      throw TensorError(.dtype, name, "not defined for \(type)")
    }
    guard mean.isFinite, deviation.isFinite, deviation >= 0 else {
      throw TensorError(
        .argument, name, "mean \(mean) and standard deviation \(deviation) are no distribution")
    }
  }
}

/// Whole numbers from the words that kernels draw from, one block of four after the other.
private struct Words {
  private let key: SIMD2<UInt32>
  private var counter: UInt64
  private var block = SIMD4<UInt32>()
  private var used = 4

  init(seed: UInt64, counter: UInt64) {
    key = Philox.key(seed)
    self.counter = counter
  }

  /// A number from 0 to `bound` - 1, each as likely as any other.
  mutating func number(below bound: Int) -> Int {
    // Of 64 random bits times the bound, the upper word; its bias is below 2⁻³³.
    let bits = UInt64(next()) << 32 | UInt64(next())
    return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
  }

  private mutating func next() -> UInt32 {
    if used == 4 {
      let (low, high) = (
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32)
      )
      block = Philox.block([low, high, 0, 0], key: key)
      counter &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }
}
