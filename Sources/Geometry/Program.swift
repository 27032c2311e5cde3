/// Straight-line code that turns the elements of some inputs at one index into results at that
/// index.
///
/// Values are numbered: first the inputs, then the scalars, then each instruction's result. A
/// program has no sizes in it; where its inputs lie is said by a `Domain`.
package struct Program: Hashable, Sendable {
  package struct Instruction: Hashable, Sendable {
    package var operation: Elementwise
    /// The type of the result.
    package var type: ScalarType
    /// The values it reads. For `coordinate`, `a` is the number of a coordinate of the domain; for
    /// the random ones, the number of a generator. Unused operands are -1.
    package var a: Int, b: Int, c: Int

    package init(
      _ operation: Elementwise, _ type: ScalarType, _ a: Int = -1, _ b: Int = -1, _ c: Int = -1
    ) {
      self.operation = operation
      self.type = type
      self.a = a
      self.b = b
      self.c = c
    }
  }

  /// The scalar types of the tensors it reads.
  package var inputs: [ScalarType]
  /// The scalar types of the numbers bound at each launch.
  package var scalars: [ScalarType]
  /// How many random generators are bound at each launch, as a seed and a counter each.
  package var generators: Int
  package var instructions: [Instruction]
  /// The values that are stored.
  package var results: [Int]

  package init(
    inputs: [ScalarType], scalars: [ScalarType] = [], generators: Int = 0,
    instructions: [Instruction] = [], results: [Int]
  ) {
    self.inputs = inputs
    self.scalars = scalars
    self.generators = generators
    self.instructions = instructions
    self.results = results
  }

  /// The program that returns its only input.
  package static func identity(_ type: ScalarType) -> Program {
    Program(inputs: [type], results: [0])
  }

  package var isIdentity: Bool { instructions.isEmpty && inputs.count == 1 && results == [0] }

  package func type(of value: Int) -> ScalarType {
    if value < inputs.count { return inputs[value] }
    let value = value - inputs.count
    return value < scalars.count ? scalars[value] : instructions[value - scalars.count].type
  }

  package var resultTypes: [ScalarType] { results.map(type) }

  /// The number of 64-bit words bound at each launch: one a scalar, then two a generator.
  package var wordCount: Int { scalars.count + 2 * generators }

  /// A rough price of one element, in additions.
  package var cost: Int { instructions.reduce(0) { $0 + $1.operation.cost } }
}

/// How a number is handed to a program: the bits of a `Double` for floating-point types, of an
/// `Int64` for the others.
package enum Word {
  package static func bits(of value: Double, as type: ScalarType) -> UInt64 {
    if type.isFloatingPoint { return value.bitPattern }
    return UInt64(
      bitPattern: Int64(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : .min))
  }
}

extension Word {
  /// The number of a floating-point type that is nearest to `value`.
  package static func rounded(_ value: Double, as type: ScalarType) -> Double {
    switch type {
    case .float32: Double(Float(value))
    case .float16: Double(Float16(value))
    case .bfloat16: Double(Float(bitPattern: UInt32(memoryBits(of: value, as: type)) << 16))
    default: value
    }
  }

  /// The bits that a number has in memory as one element of `type`, in the low bytes.
  package static func memoryBits(of value: Double, as type: ScalarType) -> UInt64 {
    let integer = Int64(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : .min)
    switch type {
    case .float64: return value.bitPattern
    case .float32: return UInt64(Float(value).bitPattern)
    case .float16: return UInt64(Float16(value).bitPattern)
    case .bfloat16:
      let bits = Float(value).bitPattern
      if Float(value).isNaN { return UInt64(bits >> 16 | 0x40) }
      return UInt64((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    case .int32: return UInt64(UInt32(bitPattern: Int32(clamping: integer)))
    case .int64: return UInt64(bitPattern: integer)
    case .uint8: return UInt64(UInt8(clamping: integer))
    case .bool: return value == 0 ? 0 : 1
    }
  }
}
