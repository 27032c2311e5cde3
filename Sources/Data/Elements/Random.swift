internal import Geometry

/// Random numbers that are a function of a seed, an epoch and the number of an element: the same
/// on every machine and for any number of workers.
///
/// The generator is Philox 4×32 with ten rounds, the one that tensors draw from.
///
///     var random = Random(seed: 7, epoch: 2, number: 31)
///     let angle = random.uniform(-10, 10)
public struct Random: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt32>
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// The numbers that belong to an element in an epoch.
  public init(seed: UInt64, epoch: Int = 0, number: Int = 0) {
    let number = UInt64(truncatingIfNeeded: number)
    key = Philox.key(seed)
    counter = [
      0, UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: number),
      UInt32(truncatingIfNeeded: number >> 32),
    ]
  }

  /// A seed for one purpose: steps that are given the same seed must not draw the same numbers.
  static func seed(_ seed: UInt64, for purpose: StaticString) -> UInt64 {
    var hash = seed ^ 0xCBF2_9CE4_8422_2325
    purpose.withUTF8Buffer { name in
      for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    return hash
  }

  mutating func word() -> UInt32 {
    if used == 4 {
      words = Philox.block(counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  public mutating func next() -> UInt64 {
    let high = UInt64(word())
    return high << 32 | UInt64(word())
  }

  /// A number from 0 to `bound` - 1, each as likely as any other; 0 for a bound below 1.
  public mutating func below(_ bound: Int) -> Int {
    guard bound > 1 else { return 0 }
    // The upper word of 64 random bits times the bound; its bias is below 2⁻³² for a bound of 2³².
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in `low ..< high`.
  public mutating func uniform(_ low: Float = 0, _ high: Float = 1) -> Float {
    let unit = Float(word() >> 8) * 0x1p-24
    return low + (high - low) * unit
  }

  /// A number of the standard normal distribution.
  public mutating func normal() -> Float {
    // Box and Muller; the first number is never 0.
    let radius = Float(1 - Double(word()) * 0x1p-32)
    return (-2 * radius.logarithm).squareRoot() * (2 * Float.pi * uniform()).cosine
  }

  /// Whether something of that probability happens.
  public mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// The same elements in random order.
  public mutating func permuted<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for place in elements.indices.reversed() { elements.swapAt(place, below(place + 1)) }
    return elements
  }
}
