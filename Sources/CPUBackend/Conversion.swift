internal import CPUKernels
internal import Geometry

/// A program of one input and one result that runs over all of its domain on all threads: how
/// elements of the half-size types become float32, and float32 becomes half-size again.
struct Conversion {
  private let program: CompiledProgram
  private let count: Int
  /// The size of the results in memory, a multiple of a cache line's.
  let byteCount: Int

  private static let chunk = 1 << 16

  init(_ type: ScalarType, to target: ScalarType, over domain: Domain) {
    program = CompiledProgram(.cast(type, to: target), over: domain)
    count = domain.count
    byteCount = (count * target.byteCount + 63) / 64 * 64
  }

  /// Of `count` elements in a row.
  init(_ type: ScalarType, to target: ScalarType, count: Int) {
    self.init(type, to: target, over: Domain(count: count, inputs: 1))
  }

  func run(from input: UnsafeRawPointer, to result: UnsafeMutableRawPointer) {
    var context = Context(program: program, count: count, input: input, result: result)
    onThreads(chunks: (count + Self.chunk - 1) / Self.chunk, &context) { context, chunk, _ in
      guard let context = context?.assumingMemoryBound(to: Context.self) else { return }
      let start = Int(chunk) * Conversion.chunk
      context.pointee.run(start, min(start + Conversion.chunk, context.pointee.count))
    }
  }

  private struct Context {
    let program: CompiledProgram
    let count: Int
    let input: UnsafeRawPointer
    let result: UnsafeMutableRawPointer

    func run(_ start: Int, _ end: Int) {
      var input: UnsafeRawPointer? = self.input
      var result: UnsafeMutableRawPointer? = self.result
      var noWords: UInt64 = 0
      program.run(
        inputs: &input, results: &result, words: &noWords, start: start, end: end, origin: 0,
        scratch: program.threadScratch)
    }
  }
}

extension CompiledProgram {
  /// The calling thread's scratch memory for one run.
  var threadScratch: UnsafeMutableRawPointer {
    // Never nil: without memory it does not return.
    scratch(scratch_program, Int64(scratchByteCount))!
  }
}

extension Program {
  /// The program that turns elements of one type into another.
  static func cast(_ type: ScalarType, to target: ScalarType) -> Program {
    Program(inputs: [type], instructions: [Instruction(.cast, target, 0)], results: [1])
  }

  /// This program with its only result turned into another type.
  func casting(to target: ScalarType) -> Program {
    var program = self
    program.instructions.append(Instruction(.cast, target, results[0]))
    program.results = [inputs.count + scalars.count + instructions.count]
    return program
  }

  /// This program for a first input that is of type `type` and has yet to be turned into what the
  /// program expects.
  func castingFirstInput(from type: ScalarType) -> Program {
    let first = inputs.count + scalars.count
    func renumbered(_ value: Int) -> Int {
      value == 0 ? first : value >= first ? value + 1 : value
    }
    var program = self
    program.inputs[0] = type
    program.instructions = instructions.map { instruction in
      var changed = instruction
      // What these read are not values.
      if instruction.operation.operandCount > 0 { changed.a = renumbered(instruction.a) }
      changed.b = renumbered(instruction.b)
      changed.c = renumbered(instruction.c)
      return changed
    }
    program.instructions.insert(Instruction(.cast, inputs[0], 0), at: 0)
    program.results = results.map(renumbered)
    return program
  }
}
