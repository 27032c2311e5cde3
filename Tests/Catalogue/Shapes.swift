internal import Geometry

/// The sizes that operations are tried at: around nothing, one, primes, powers of two and the
/// widths of work groups and vector registers.
enum Shapes {
  /// For operations on one tensor, element by element.
  static let sweep: [[Int]] = [
    [], [0], [1], [2], [3], [7], [8], [9], [31], [33], [64], [65], [127], [255], [256], [257],
    [1021], [1025], [2, 3], [3, 0, 2], [5, 1, 7], [2, 3, 4, 5], [2, 1, 3, 1, 2, 1, 2, 2], [4099],
  ]

  /// A few of them, for scalar types beyond float32.
  static let few: [[Int]] = [[], [0], [17], [3, 5], [257]]

  /// Pairs that broadcast: equal, rows, columns, scalars, both sides, nothing.
  static let pairs: [([Int], [Int])] = [
    ([], []), ([0], [0]), ([1], [1]), ([7], [7]), ([64], [64]), ([257], [257]), ([1025], [1025]),
    ([3, 5], [3, 5]), ([2, 3, 4, 5], [2, 3, 4, 5]), ([3, 5], [5]), ([5], [3, 5]),
    ([3, 5], [3, 1]),
    ([3, 1], [3, 5]), ([5], []), ([], [5]), ([1], [0]), ([0, 3], [3]), ([3, 1], [1, 4]),
    ([2, 1, 3], [4, 1]), ([2, 3, 5], [1, 3, 1]), ([17, 33], [33]), ([17, 33], [17, 1]),
    ([2, 1, 2, 1, 2, 1, 2, 1], [1, 2, 1, 2, 1, 2, 1, 2]), ([1], [2, 3]),
  ]

  /// Whether a device that compiles each new program should be given this pair: the kinds of
  /// access are few.
  static func isCommon(_ pair: ([Int], [Int])) -> Bool {
    pair.0 == pair.1 || pair.0.isEmpty || pair.1.isEmpty || pair.1 == [33] || pair.1 == [17, 1]
  }

  static let everyFloat: [ScalarType] = [.float64, .float16, .bfloat16]
  static let everyInteger: [ScalarType] = [.int32, .int64, .uint8]
}

/// Seeds that differ from one another and do not change when a sample is added elsewhere.
func seeded(_ name: String, _ index: Int) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash &+ UInt64(index) &* 0x1_0001
}
