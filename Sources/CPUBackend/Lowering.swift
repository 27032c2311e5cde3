internal import CPUKernels
internal import Geometry

/// Turns a program over a domain into steps on slots: which values lie in registers, in which, and
/// which inputs and results are read and written where they lie.
///
/// Slots are numbered inputs first, then scalars, then results, then registers.
struct Lowering {
  private(set) var inputs: [elementwise_input] = []
  private(set) var results: [elementwise_result] = []
  private(set) var instructions: [elementwise_instruction] = []
  private(set) var registerCount = 0
  /// Bytes of the widest type that a register holds.
  private(set) var widestElement = 1
  /// Elements in a tile.
  private(set) var tile = 0

  private let program: Program
  private let inputCount: Int
  private let firstInstruction: Int
  private let firstResult: Int
  private let firstRegister: Int
  /// For each value the one that it is the same as: casts that change nothing make no step.
  private var sameAs: [Int]
  /// For each value the last instruction that reads it; the number of instructions if it is stored.
  private var lastUse: [Int]
  /// For each instruction that adds to a product, or subtracts with one, that nothing else reads:
  /// which of its operands the product is. One step does both.
  private var productOperand: [Int?]
  /// For each value the slot that it is read from.
  private var slots: [Int]
  /// For each value the register that it occupies.
  private var registers: [Int]
  private var freeRegisters: [Int] = []

  init(_ program: Program, _ domain: Domain, total: Int, firstInputIsContiguous: Bool) {
    self.program = program
    inputCount = program.inputs.count
    firstInstruction = inputCount + program.scalars.count
    firstResult = firstInstruction
    firstRegister = firstResult + program.results.count
    let valueCount = firstInstruction + program.instructions.count
    sameAs = Array(0..<valueCount)
    lastUse = [Int](repeating: -1, count: valueCount)
    productOperand = [Int?](repeating: nil, count: program.instructions.count)
    slots = Array(0..<valueCount)
    registers = [Int](repeating: -1, count: valueCount)
    for (index, type) in program.inputs.enumerated() {
      var access = domain.accesses[index]
      if index == 0, firstInputIsContiguous { access = Domain(count: 1, inputs: 1).accesses[0] }
      inputs.append(elementwise_input(access, type))
    }
    findCopies()
    findProducts()
    findUses()
    lowerInstructions()
    lowerStores()
    chooseTile(total)
  }

  /// The values that the instruction at `index` reads; with a product in it both factors, then the
  /// other operand.
  private func operands(_ index: Int) -> [Int] {
    let instruction = program.instructions[index]
    let values = [instruction.a, instruction.b, instruction.c]
      .prefix(instruction.operation.operandCount).map { sameAs[$0] }
    guard let operand = productOperand[index] else { return values }
    return operands(values[operand] - firstInstruction) + [values[1 - operand]]
  }

  private mutating func findCopies() {
    for (index, instruction) in program.instructions.enumerated()
    where instruction.operation == .cast {
      let from = program.type(of: instruction.a)
      let to = instruction.type
      if from == to || (to == .float32 && from.computeType == .float32) {
        sameAs[firstInstruction + index] = sameAs[instruction.a]
      }
    }
  }

  private mutating func findProducts() {
    var uses = [Int](repeating: 0, count: sameAs.count)
    for value in program.results { uses[sameAs[value]] += 1 }
    for index in program.instructions.indices
    where sameAs[firstInstruction + index] == firstInstruction + index {
      for value in operands(index) { uses[value] += 1 }
    }
    for (index, instruction) in program.instructions.enumerated()
    where instruction.operation == .add || instruction.operation == .subtract {
      // Others have no such step.
      guard [.float32, .float64].contains(instruction.type) else { continue }
      productOperand[index] = operands(index).firstIndex { value in
        guard value >= firstInstruction, uses[value] == 1 else { return false }
        let product = program.instructions[value - firstInstruction]
        // A half type's product is rounded to it before it is widened and added.
        return product.operation == .multiply && product.type == instruction.type
      }
    }
  }

  private mutating func findUses() {
    let count = program.instructions.count
    for value in program.results { lastUse[sameAs[value]] = count }
    for index in (0..<count).reversed() where isStep(index) {
      for value in operands(index) where lastUse[value] < index { lastUse[value] = index }
    }
  }

  /// Whether the instruction at `index` does something and its result is read.
  private func isStep(_ index: Int) -> Bool {
    let value = firstInstruction + index
    return sameAs[value] == value && lastUse[value] >= 0
  }

  /// Whether an input has to be brought where a tile can read it.
  private func needsLoad(_ input: Int) -> Bool {
    switch inputs[input].kind {
    case access_scalar: false
    case access_contiguous: program.inputs[input].computeType != program.inputs[input]
    default: true
    }
  }

  /// The result that `value`, made by instruction `index`, may be written to at once.
  ///
  /// A result may be the memory of a contiguous input, so nothing may read one of its size later.
  private func directResult(_ value: Int, _ index: Int) -> Int? {
    let type = program.type(of: value)
    guard type == type.computeType else { return nil }
    let isReadLater = (0..<inputCount).contains { input in
      inputs[input].kind == access_contiguous && lastUse[input] > index
        && program.inputs[input].byteCount == type.byteCount
    }
    return isReadLater ? nil : program.results.firstIndex { sameAs[$0] == value }
  }

  private mutating func lowerInstructions() {
    results = program.resultTypes.map { elementwise_result(type: $0.element, is_direct: 0) }
    for (index, instruction) in program.instructions.enumerated() where isStep(index) {
      let values = operands(index)
      for value in values where value < inputCount && needsLoad(value) && registers[value] < 0 {
        load(value)
      }
      let value = firstInstruction + index
      // A register may be taken over by a result that is not wider: then each element is read
      // before it is overwritten.
      let ending = Set(values).filter { lastUse[$0] == index && registers[$0] >= 0 }
      let width = instruction.type.computeType.byteCount
      let narrow = ending.filter { program.type(of: $0).computeType.byteCount < width }
      for ended in ending.subtracting(narrow).sorted() { release(ended) }
      if let result = directResult(value, index) {
        slots[value] = firstResult + result
        results[result].is_direct = 1
      } else {
        slots[value] = firstRegister + allocate(for: value)
      }
      for ended in narrow.sorted() { release(ended) }
      emit(index, values, to: slots[value])
    }
  }

  private mutating func emit(_ index: Int, _ values: [Int], to slot: Int) {
    let instruction = program.instructions[index]
    let operation = instruction.operation
    let type = instruction.type
    var operandType = values.isEmpty ? type : program.type(of: values[operation == .select ? 1 : 0])
    operandType = operandType.computeType
    var step = elementwise_instruction()
    step.operation = code(of: index)
    step.type = operandType.element
    step.result_type = type.computeType.element
    step.d = UInt16(slot)
    if values.isEmpty { step.a = UInt16(instruction.a) }
    if values.count > 0 { step.a = UInt16(slots[values[0]]) }
    if values.count > 1 { step.b = UInt16(slots[values[1]]) }
    if values.count > 2 { step.c = UInt16(slots[values[2]]) }
    let isNarrowing = operation == .cast && operandType == type.computeType
    if !isNarrowing { instructions.append(step) }
    guard type != type.computeType, !operation.keepsPrecision else { return }
    if !isNarrowing { step.a = step.d }
    step.operation = elementwise_narrow
    step.type = element_float32
    step.result_type = type.element
    instructions.append(step)
  }

  private func code(of index: Int) -> elementwise_operation {
    let operation = program.instructions[index].operation
    guard let operand = productOperand[index] else {
      return elementwise_operation(rawValue: operation.rawValue)
    }
    if operation == .add { return elementwise_product_plus }
    return operand == 0 ? elementwise_product_minus : elementwise_minus_product
  }

  private mutating func load(_ input: Int, to slot: Int? = nil) {
    var step = elementwise_instruction()
    step.operation = elementwise_load
    step.a = UInt16(input)
    step.d = UInt16(slot ?? firstRegister + allocate(for: input))
    instructions.append(step)
  }

  private mutating func lowerStores() {
    // With more than one store an earlier one may overwrite the input that a later one copies.
    if program.results.count > 1 {
      for value in Set(program.results.map { sameAs[$0] }).sorted()
      where value < inputCount && inputs[value].kind == access_contiguous && registers[value] < 0 {
        load(value)
      }
    }
    for (result, value) in program.results.enumerated() where results[result].is_direct == 0 {
      let value = sameAs[value]
      if value < inputCount, needsLoad(value), registers[value] < 0 {
        if program.inputs[value] == program.resultTypes[result] {
          load(value, to: firstResult + result)
          continue
        }
        // A half-size input that is stored as float32 is widened on the way.
        load(value)
      }
      var step = elementwise_instruction()
      step.operation = elementwise_store
      step.type = program.type(of: value).computeType.element
      step.result_type = results[result].type
      step.a = UInt16(slots[value])
      step.d = UInt16(result)
      instructions.append(step)
    }
  }

  private mutating func allocate(for value: Int) -> Int {
    widestElement = max(widestElement, program.type(of: value).computeType.byteCount)
    let register = freeRegisters.popLast() ?? registerCount
    registerCount = max(registerCount, register + 1)
    registers[value] = register
    return register
  }

  private mutating func release(_ value: Int) {
    freeRegisters.append(registers[value])
    // An input must not be loaded again, so it keeps its number.
    if value >= inputCount { registers[value] = -1 }
  }

  /// As many elements as keep everything that a tile touches in the first-level cache.
  ///
  /// If no cache holds all of the elements, each of several steps asks for its share of the next
  /// tile: in small tiles if steps are few, since a core has only some lines of memory on their
  /// way at a time.
  private mutating func chooseTile(_ total: Int) {
    let cache = 32 << 20
    let linesOnTheirWay = 24
    var read = 0
    for (index, input) in inputs.enumerated() where input.kind == access_contiguous {
      read += program.inputs[index].byteCount
    }
    let written = program.resultTypes.reduce(0) { $0 + $1.byteCount }
    let bytes = registerCount * widestElement + read + written
    tile = 1024
    while tile > 256, tile * bytes > 36 << 10 { tile /= 2 }
    guard instructions.count >= elementwise_fewest_steps_to_prefetch,
      total * (read + written) > cache
    else { return }
    while tile > 256, tile * read > linesOnTheirWay * 64 * instructions.count { tile /= 2 }
  }
}

extension Elementwise {
  /// Whether operands that a half type holds exactly have a result that it holds exactly.
  fileprivate var keepsPrecision: Bool {
    switch self {
    case .minimum, .maximum, .select, .negate, .absolute, .sign, .floor, .ceil, .round, .relu,
      .step:
      true
    default: false
    }
  }
}

extension elementwise_input {
  fileprivate init(_ access: Domain.Access, _ type: ScalarType) {
    self.init()
    self.type = type.element
    offset = Int64(access.offset)
    switch access.kind {
    case .contiguous: kind = access_contiguous
    case .scalar: kind = access_scalar
    case .row(let period):
      kind = access_row
      self.period = Int64(period)
    case .column(let period):
      kind = access_column
      self.period = Int64(period)
    case .strided: kind = access_strided
    }
    withUnsafeMutableBytes(of: &strides) { bytes in
      for (axis, stride) in access.strides.enumerated() {
        bytes.storeBytes(of: Int64(stride), toByteOffset: 8 * axis, as: Int64.self)
      }
    }
  }
}
