internal import Backends
public import Geometry

/// A rule that turns the tensors of one group into new ones, an element at a time.
///
/// Written with tensor operations on scalars and turned into a program once; run over the tensors
/// of many groups in one operation. An optimizer's step is one: parameter, gradient and slots in,
/// parameter and slots out.
public final class GroupedRule: Sendable {
  let program: Program
  let inputCount: Int, settingCount: Int
  /// The numbers that the rule mentions, as `Word`s.
  private let constants: [UInt64]
  /// Of all inputs and settings.
  private let type: ScalarType
  /// Tells the rule from all others in the keys of plans. Its address would not: another rule may
  /// come to lie there later.
  let code = Operation.newCode()
  /// The input that each result may overwrite, or -1.
  let donors: [Int]

  /// - Parameters:
  ///   - inputs: how many tensors a group has.
  ///   - settings: how many numbers, bound at each step, all groups share.
  ///   - type: of all inputs and settings.
  ///   - overwriting: for each result the number of the input whose memory it may take over, or
  ///     nil.
  ///   - rule: elementwise operations only.
  public init(
    inputs: Int, settings: Int, as type: ScalarType = .float32, overwriting: [Int?],
    rule: (_ inputs: [Tensor], _ settings: [Tensor]) throws -> [Tensor]
  ) throws(TensorError) {
    let place = Device.cpu.place
    func standIn() -> Tensor { Tensor(Node(LeafOperation.shared, [], type, place)) }
    let tensors = (0..<inputs).map { _ in standIn() }
    let numbers = (0..<settings).map { _ in standIn() }
    let results: [Tensor]
    do {
      results = try Debugging.with(false) { try rule(tensors, numbers) }
    } catch { throw error.asTensorError }
    guard results.count == overwriting.count else {
      throw TensorError(
        .argument, "rule", "\(results.count) results but \(overwriting.count) memories for them")
    }
    var recorder = ProgramRecorder(inputs: tensors, settings: numbers)
    program = try recorder.program(for: results)
    constants = recorder.constants.map { Word.bits(of: $0, as: type) }
    self.type = type
    inputCount = inputs
    settingCount = settings
    donors = overwriting.map { $0 ?? -1 }
  }

  /// Runs the rule over `tensors`, those of one group in the rule's order after those of another:
  /// the new tensors, in the same way.
  ///
  /// A result takes over the memory of the input it may overwrite if nobody else holds that.
  public func apply(
    to tensors: [Tensor], settings: [Double], name: String
  ) throws(TensorError) -> [Tensor] {
    guard let first = tensors.first else { return [] }
    guard tensors.count % inputCount == 0, settings.count == settingCount else {
      throw TensorError(
        .argument, name, "\(tensors.count) tensors and \(settings.count) settings",
        hint: "the rule takes \(inputCount) a group and \(settingCount)")
    }
    let place = first.node.place
    var inputs: ContiguousArray<Node> = []
    inputs.reserveCapacity(tensors.count)
    var start = 0
    for index in tensors.indices {
      let node = tensors[index].node
      if index - start == inputCount { start = index }
      guard node.shape == tensors[start].node.shape, node.scalarType == type, node.place === place
      else {
        throw TensorError(
          .shape, name, "the tensors of a group differ, or are not \(type)",
          operands: tensors[start..<(start + inputCount)].map(\.info))
      }
      inputs.append(node)
    }
    var words: [UInt64] = []
    words.reserveCapacity(settingCount + constants.count)
    for setting in settings { words.append(Word.bits(of: setting, as: type)) }
    words += constants
    let operation = GroupedOperation(
      self, groupCount: tensors.count / inputCount, words: words, name)
    let node = Node(operation, [], type, place, inputs: inputs)
    var results: [Tensor] = []
    results.reserveCapacity(tensors.count / inputCount * donors.count)
    for start in stride(from: 0, to: tensors.count, by: inputCount) {
      for _ in donors {
        let operation = ResultOperation.of(results.count)
        results.append(Tensor(Node(operation, tensors[start].shape, type, place, node)))
      }
    }
    return results
  }
}

/// A rule over many groups of tensors at once. It runs after everything else that reads what it
/// may overwrite.
final class GroupedOperation: KernelOperation, @unchecked Sendable {
  private let rule: GroupedRule
  private let groupCount: Int
  /// The step's settings, then what the rule mentions.
  private let numbers: [UInt64]
  private static let code = Operation.newCode()

  init(_ rule: GroupedRule, groupCount: Int, words: [UInt64], _ name: String) {
    self.rule = rule
    self.groupCount = groupCount
    numbers = words
    super.init(name, code: Self.code)
  }

  override var isDifferentiable: Bool { false }

  override var words: [UInt64] { numbers }

  override func describe(into key: inout Key) {
    key.append(rule.code)
    key.append(groupCount)
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    let inputs = builder.inputs[value]
    var results: [Int: Int] = [:]
    for (user, list) in builder.inputs.enumerated() where list == [value] {
      if let result = builder.nodes[user].operation as? ResultOperation {
        results[result.number] = user
      }
    }
    var counts: [Int] = []
    var arguments: [PlanBuilder.Argument] = []
    var donors: [Int: Int] = [:]
    for group in 0..<groupCount {
      let members = Array(inputs[(group * rule.inputCount)..<((group + 1) * rule.inputCount)])
      let size = builder.nodes[members[0]].byteCount
      for member in members { arguments.append(.read(try builder.contiguous(member))) }
      counts.append(builder.nodes[members[0]].shape.count)
      for (number, donor) in rule.donors.enumerated() {
        let target =
          results[group * rule.donors.count + number] ?? builder.temporary(byteCount: size)
        arguments.append(.write(target))
        if donor >= 0 { donors[target] = members[donor] }
      }
    }
    let words = numbers.indices.map {
      Plan.WordSource(node: Int32(value), number: Int32(Node.firstWordOfOperation + $0))
    }
    let kernel = try builder.backend.elementwise(rule.program, overGroups: counts)
    builder.add(kernel, arguments, words: words, note: name, donors: donors)
  }
}

/// Turns elementwise operations recorded on stand-ins into a program.
private struct ProgramRecorder {
  private var registers: [ObjectIdentifier: Int] = [:]
  private var program: Program
  /// The numbers that the rule mentions: scalars behind the settings.
  private(set) var constants: [Double] = []

  init(inputs: [Tensor], settings: [Tensor]) {
    program = Program(
      inputs: inputs.map(\.scalarType), scalars: settings.map(\.scalarType), results: [])
    for tensor in inputs + settings { registers[ObjectIdentifier(tensor.node)] = registers.count }
  }

  mutating func program(for results: [Tensor]) throws(TensorError) -> Program {
    // Scalars are numbered before instructions, so constants are found first.
    for result in results { collectConstants(of: result.node) }
    for result in results { program.results.append(try register(of: result.node)) }
    return program
  }

  private mutating func collectConstants(of node: Node) {
    if registers[ObjectIdentifier(node)] != nil { return }
    if node.isConstant {
      registers[ObjectIdentifier(node)] = program.inputs.count + program.scalars.count
      program.scalars.append(node.scalarType)
      constants.append(node.constantValue)
      return
    }
    for number in 0..<node.inputCount { collectConstants(of: node.input(number)) }
  }

  private mutating func register(of node: Node) throws(TensorError) -> Int {
    if let register = registers[ObjectIdentifier(node)] { return register }
    guard let operation = node.operation as? ElementwiseOperation else {
      throw TensorError(
        .argument, "rule", "\(node.operation.name) is not elementwise on inputs and settings")
    }
    var operands: [Int] = []
    for number in 0..<node.inputCount { operands.append(try register(of: node.input(number))) }
    let register = program.inputs.count + program.scalars.count + program.instructions.count
    program.instructions.append(
      Program.Instruction(
        operation.instruction, node.scalarType, operands.first ?? -1,
        operands.count > 1 ? operands[1] : -1, operands.count > 2 ? operands[2] : -1))
    registers[ObjectIdentifier(node)] = register
    return register
  }
}
