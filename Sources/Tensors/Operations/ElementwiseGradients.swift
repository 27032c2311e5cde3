internal import Geometry

/// The derivatives of the elementwise instructions, in terms of tensors.
enum ElementwiseGradients {
  static func give(_ instruction: Elementwise, _ context: GradientContext) throws(TensorError) {
    switch instruction.operandCount {
    case 1: try giveUnary(instruction, context)
    case 2: try giveBinary(instruction, context)
    case 3:
      let condition = context.input(0)
      let g = context.upstream
      let zero = g.scalar(0)
      if context.isWanted(1) { try context.give(1, select(condition, g, zero)) }
      if context.isWanted(2) { try context.give(2, select(condition, zero, g)) }
    default: break
    }
  }

  private static func giveBinary(
    _ instruction: Elementwise, _ context: GradientContext
  ) throws(TensorError) {
    let g = context.upstream
    let a = context.input(0)
    let b = context.input(1)
    let y = context.output
    let wantsA = context.isWanted(0)
    let wantsB = context.isWanted(1)
    switch instruction {
    case .add:
      if wantsA { try context.give(0, g) }
      if wantsB { try context.give(1, g) }
    case .subtract:
      if wantsA { try context.give(0, g) }
      if wantsB { try context.give(1, -g) }
    case .multiply:
      if wantsA { try context.give(0, g * b) }
      if wantsB { try context.give(1, g * a) }
    case .divide:
      if wantsA { try context.give(0, g / b) }
      if wantsB { try context.give(1, -(g * y) / b) }
    case .minimum, .maximum:
      // The winner takes all; equal ones get half each.
      let (low, high) = instruction == .minimum ? (b, a) : (a, b)
      let share =
        try (less(high, low).cast(to: g.scalarType) + lessEqual(high, low).cast(to: g.scalarType))
        * 0.5
      if wantsA { try context.give(0, g * share) }
      if wantsB { try context.give(1, g * (1 - share)) }
    case .power:
      if wantsA {
        // b · a^(b-1), and 0 where b is 0, also at a = 0.
        let isZero = try equal(b, b.scalar(0))
        try context.give(0, select(isZero, b.scalar(0), g * b * pow(a, b - 1)))
      }
      if wantsB {
        // a^b · log a, and 0 where a is 0 and the power is flat.
        let isZero = try equal(a, a.scalar(0))
        let safe = try select(isZero, a.scalar(1), a)
        try context.give(1, select(isZero, a.scalar(0), g * y * log(safe)))
      }
    case .remainder:
      // a - b · floor(a / b)
      if wantsA { try context.give(0, g) }
      if wantsB { try context.give(1, -(g * floor(a / b))) }
    default: break
    }
  }

  private static func giveUnary(
    _ instruction: Elementwise, _ context: GradientContext
  ) throws(TensorError) {
    guard context.isWanted(0) else { return }
    let g = context.upstream
    let x = context.input(0)
    let y = context.output
    switch instruction {
    case .negate: try context.give(0, -g)
    case .absolute: try context.give(0, g * sign(x))
    case .squareRoot: try context.give(0, g * 0.5 / y)
    case .reciprocalSquareRoot: try context.give(0, g * y / x * -0.5)
    case .reciprocal: try context.give(0, -(g * y * y))
    case .exp: try context.give(0, g * y)
    case .expm1: try context.give(0, g * (y + 1))
    case .log: try context.give(0, g / x)
    case .log1p: try context.give(0, g / (x + 1))
    case .sin: try context.give(0, g * cos(x))
    case .cos: try context.give(0, -(g * sin(x)))
    case .tanh: try context.give(0, g * (1 - y * y))
    case .sigmoid: try context.give(0, g * y * (1 - y))
    case .softplus: try context.give(0, g * sigmoid(x))
    case .erf: try context.give(0, g * exp(-(x * x)) * 1.12837916709551257390)
    case .erfInverse: try context.give(0, g * exp(y * y) * 0.88622692545275801365)
    case .relu: try context.give(0, g * step(y))
    case .cast: try context.give(0, g.cast(to: x.scalarType))
    // Flat wherever they have a slope at all: sign, floor, ceil, round, step.
    default: break
    }
  }
}
