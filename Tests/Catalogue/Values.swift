public import Geometry

/// What the elements of an input are drawn from.
public enum Values: Sendable, Hashable {
  /// A normal distribution around 0.
  case normal(Double)
  case uniform(Double, Double)
  /// Values of this size, with both signs, none closer to 0 than the smaller one.
  case awayFromZero(Double, Double)
  case integers(Int, Int)
  /// No two equal and none closer than a hundredth of their range's share: for extremes.
  case distinct(Double, Double)
  case bools
  /// These, again and again.
  case list([Double])
  case constant(Double)
}

/// The generator of the samples' numbers: SplitMix64.
public struct Generator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678 }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// About normal: twelve uniform numbers less six.
  public mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += uniform() }
    return sum
  }
}

extension Values {
  /// `count` numbers, each as `type` would store it.
  public func numbers(_ count: Int, as type: ScalarType, seed: UInt64) -> [Double] {
    var generator = Generator(seed: seed)
    var numbers: [Double] = []
    numbers.reserveCapacity(count)
    switch self {
    case .normal(let scale):
      for _ in 0..<count { numbers.append(generator.normal() * scale) }
    case .uniform(let low, let high):
      for _ in 0..<count { numbers.append(low + (high - low) * generator.uniform()) }
    case .awayFromZero(let low, let high):
      for _ in 0..<count {
        let size = low + (high - low) * generator.uniform()
        numbers.append(generator.next() & 1 == 0 ? size : -size)
      }
    case .integers(let low, let high):
      for _ in 0..<count {
        numbers.append(Double(low + Int(generator.next() % UInt64(high - low + 1))))
      }
    case .distinct(let low, let high):
      let step = (high - low) / Double(Swift.max(count, 1))
      numbers = (0..<count).map { low + step * (Double($0) + 0.5) }
      numbers.shuffle(using: &generator)
    case .bools:
      for _ in 0..<count { numbers.append(generator.next() & 1 == 0 ? 0 : 1) }
    case .list(let list):
      for index in 0..<count { numbers.append(list[index % list.count]) }
    case .constant(let value):
      numbers = [Double](repeating: value, count: count)
    }
    return numbers.map(type.rounding)
  }
}

extension ScalarType {
  /// The number that this type stores for `value`.
  public func rounding(_ value: Double) -> Double {
    switch self {
    case .float64: value
    case .float32: Double(Float(value))
    case .float16: Double(Float16(value))
    case .bfloat16: Self.bfloat16(Float(value))
    case .int32, .int64, .uint8: value.isFinite ? value.rounded(.towardZero) : 0
    case .bool: value == 0 ? 0 : 1
    }
  }

  private static func bfloat16(_ value: Float) -> Double {
    guard value.isFinite else { return Double(value) }
    let bits = value.bitPattern
    let rounded = (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000
    return Double(Float(bitPattern: rounded))
  }

  /// Half the distance from 1 to the next number.
  public var unitRoundoff: Double {
    switch self {
    case .float32: 0x1p-24
    case .float64: 0x1p-53
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    default: 0
    }
  }

  /// The smallest number with full precision.
  public var smallestNormal: Double {
    switch self {
    case .float32, .bfloat16: 0x1p-126
    case .float64: 0x1p-1022
    case .float16: 0x1p-14
    default: 0
    }
  }

  /// The bytes in which this type stores `numbers`.
  public func bytes(of numbers: [Double]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * byteCount)
    func append<Scalar>(_ scalars: [Scalar]) {
      scalars.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    switch self {
    case .float32: append(numbers.map { Float($0) })
    case .float64: append(numbers)
    case .float16: append(numbers.map { Float16($0) })
    case .bfloat16:
      append(numbers.map { UInt16(truncatingIfNeeded: Float(rounding($0)).bitPattern >> 16) })
    case .int32: append(numbers.map { Int32($0) })
    case .int64: append(numbers.map { Int64($0) })
    case .uint8: append(numbers.map { UInt8($0) })
    case .bool: append(numbers.map { UInt8($0 == 0 ? 0 : 1) })
    }
    return bytes
  }

  /// The numbers that `bytes` hold.
  public func numbers(in bytes: [UInt8]) -> [Double] {
    bytes.withUnsafeBytes { memory in
      func read<Scalar>(_: Scalar.Type, _ number: (Scalar) -> Double) -> [Double] {
        let size = MemoryLayout<Scalar>.size
        return (0..<memory.count / size).map {
          number(memory.loadUnaligned(fromByteOffset: $0 * size, as: Scalar.self))
        }
      }
      return switch self {
      case .float32: read(Float.self) { Double($0) }
      case .float64: read(Double.self) { $0 }
      case .float16: read(Float16.self) { Double($0) }
      case .bfloat16:
        read(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
      case .int32: read(Int32.self) { Double($0) }
      case .int64: read(Int64.self) { Double($0) }
      case .uint8, .bool: read(UInt8.self) { Double($0) }
      }
    }
  }
}
