internal import Backends
internal import Geometry

/// A chain of elementwise nodes as a program, and what it reads.
struct FusedProgram {
  let program: Program
  let domain: Domain
  /// The values behind the program's inputs; its domain has their offsets.
  let reads: [Int]
  let words: [Plan.WordSource]
  /// The names of the operations in it.
  let note: String
}

extension PlanBuilder {
  /// The program of `members`, which are in order, over `shape`. A `producer` is its first input;
  /// nodes outside are read where they lie.
  func fuse(_ members: [Int], results: [Int], shape: Shape, producer: Int?) -> FusedProgram {
    var reads: [Int] = []
    var layouts: [Layout] = []
    var types: [ScalarType] = []
    var scalars: [ScalarType] = []
    var words: [Plan.WordSource] = []
    var generators: [Plan.WordSource] = []
    var coordinates: [Domain.Coordinate] = []
    // What a node outside is read as: an input, or a scalar counted from zero.
    var inputNumbers: [Int: Int] = [:]
    var scalarNumbers: [Int: Int] = [:]

    func read(_ node: Int) {
      guard inputNumbers[node] == nil, scalarNumbers[node] == nil else { return }
      let source = source(of: node)
      if isConstant(source.value) {
        scalarNumbers[node] = scalars.count
        scalars.append(nodes[node].scalarType)
        words.append(Plan.WordSource(node: Int32(source.value)))
        return
      }
      let layout = source.layout.broadcast(to: shape)
      if let same = reads.indices.first(where: {
        reads[$0] == source.value && layouts[$0] == layout
      }),
        node != producer
      {
        inputNumbers[node] = same
        return
      }
      inputNumbers[node] = reads.count
      reads.append(source.value)
      layouts.append(layout)
      types.append(nodes[node].scalarType)
    }

    if let producer { read(producer) }
    let inside = Set(members)
    for member in members {
      for input in operands(of: member) where !inside.contains(input) { read(input) }
    }
    for result in results where !inside.contains(result) { read(result) }

    var registers: [Int: Int] = [:]
    func register(of node: Int) -> Int {
      if let register = registers[node] { return register }
      if let number = inputNumbers[node] { return number }
      return reads.count + (scalarNumbers[node] ?? 0)
    }
    var instructions: [Program.Instruction] = []
    for member in members {
      guard let operation = nodes[member].operation as? ElementwiseOperation else { continue }
      let operands = operands(of: member).map(register)
      var instruction = Program.Instruction(
        operation.instruction, nodes[member].scalarType, operands.first ?? -1,
        operands.count > 1 ? operands[1] : -1, operands.count > 2 ? operands[2] : -1)
      switch operation.instruction {
      case .coordinate:
        instruction.a = coordinates.count
        let axis = (operation as? CoordinateOperation)?.axis ?? 0
        coordinates.append(
          Domain.Coordinate(stride: max(shape.strides[axis], 1), extent: max(shape[axis], 1)))
      case .uniform, .signedUniform:
        instruction.a = generators.count / 2
        generators.append(Plan.WordSource(node: Int32(member)))
        generators.append(Plan.WordSource(node: Int32(member), number: 1))
      default: break
      }
      registers[member] = reads.count + scalars.count + instructions.count
      instructions.append(instruction)
    }
    let program = Program(
      inputs: types, scalars: scalars, generators: generators.count / 2,
      instructions: instructions, results: results.map(register))
    return FusedProgram(
      program: program, domain: Domain(shape: shape, reading: layouts, coordinates: coordinates),
      reads: reads, words: words + generators,
      note: members.map { nodes[$0].operation.name }.joined(separator: " "))
  }

  /// The inputs that an elementwise node computes with; others are there for its gradient.
  private func operands(of member: Int) -> ArraySlice<Int> {
    let operation = nodes[member].operation as? ElementwiseOperation
    return inputs[member].prefix(operation?.instruction.operandCount ?? 0)
  }
}
