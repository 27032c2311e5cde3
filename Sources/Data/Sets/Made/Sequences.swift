public import Geometry
internal import Tensors

extension Dataset where Element == Example {
  /// Windows of a sum of sines with noise, and the value that follows each: inputs `[window, 1]`,
  /// targets `[1]`.
  public static func sineSeries(
    count: Int, window: Int = 25, noise: Float = 0.05, seed: UInt64
  ) throws(TensorError) -> Dataset {
    let count = try checkedCount(count, "sineSeries")
    guard window > 0, window < 1 << 20 else {
      throw TensorError(.argument, "sineSeries", "a window cannot have \(window) values")
    }
    let seed = Random.seed(seed, for: "sineSeries")
    var inputs: [Float] = []
    var targets: [Float] = []
    inputs.reserveCapacity(count * window)
    for number in 0..<count {
      var random = Random(seed: seed, number: number)
      let waves = (0..<2).map { _ in
        (random.uniform(0.05, 0.5), random.uniform(0, 2 * .pi), random.uniform(0.2, 0.6))
      }
      for step in 0...window {
        var value = noise * random.normal()
        for (frequency, phase, height) in waves {
          value += height * (frequency * Float(step) + phase).sine
        }
        if step < window { inputs.append(value) } else { targets.append(value) }
      }
    }
    return try Dataset(
      inputs: Values(inputs, shape: [count, window, 1]),
      targets: Values(targets, shape: [count, 1]))
  }

  /// Random tokens from 1 on that are to be given back as they are: inputs and targets `[length]`,
  /// int32. Token 0 is free for filling up.
  public static func copyTask(
    count: Int, length: Int = 8, tokens: Int = 10, seed: UInt64
  ) throws(TensorError) -> Dataset {
    try tokenTask(count, length, tokens, Random.seed(seed, for: "copyTask"), "copyTask") { $0 }
  }

  /// Random tokens from 1 on that are to be given back in reverse.
  public static func reverseTask(
    count: Int, length: Int = 8, tokens: Int = 10, seed: UInt64
  ) throws(TensorError) -> Dataset {
    try tokenTask(count, length, tokens, Random.seed(seed, for: "reverseTask"), "reverseTask") {
      $0.reversed()
    }
  }

  private static func tokenTask(
    _ count: Int, _ length: Int, _ tokens: Int, _ seed: UInt64, _ operation: String,
    _ answer: ([Int32]) -> [Int32]
  ) throws(TensorError) -> Dataset {
    let count = try checkedCount(count, operation)
    guard length > 0, length < 1 << 20, tokens > 0, tokens < 1 << 30 else {
      throw TensorError(
        .argument, operation, "\(length) tokens of \(tokens) kinds are no sequence")
    }
    var inputs: [Int32] = []
    var targets: [Int32] = []
    for number in 0..<count {
      var random = Random(seed: seed, number: number)
      let sequence = (0..<length).map { _ in Int32(random.below(tokens) + 1) }
      inputs += sequence
      targets += answer(sequence)
    }
    return try Dataset(
      inputs: Values(inputs, shape: [count, length]),
      targets: Values(targets, shape: [count, length]))
  }
}
