internal import Backends
internal import Geometry

/// The OpenCL C of a program over a domain, for a kernel to compute values where it needs them.
///
/// A text depends on the program and on how its inputs are read, never on extents: those are
/// arguments. In the kernel stand, in this order: `parameters` among its parameters, `setup` at its
/// top; where `readsRows`, `rowSetup` with the number of a row of the domain in `row`; then
/// `element` with the index of an element in `i` and, where `readsRows`, its place in the row in
/// `j`.
struct ProgramText {
  /// How an input is found.
  enum Reading: Hashable {
    /// The kernel has it in its hands: the value stands in a variable.
    case given
    /// At `i`.
    case contiguous
    /// The first element, always.
    case scalar
    /// At `j` from the start of the row.
    case unit
    /// One a row.
    case repeated
    /// At a multiple of `j` from the start of the row.
    case strided
  }

  private enum Counting { case index, inner, outer, general }

  let program: Program
  let domain: Domain
  /// Starts the name of everything the text declares.
  let prefix: String
  let readings: [Reading]
  let readsRows: Bool
  /// The number of elements in a row of the domain: its last extent, or what coordinates count.
  let rowLength: Int
  private let countings: [Counting]
  /// Whether rows have to be found by more than their number.
  private let rowExtents: [Int]

  /// - Parameter given: inputs that the kernel has in its hands: before `element` it declares each
  ///   as `value(number)`.
  init(_ program: Program, over domain: Domain, prefix: String = "p", given: Set<Int> = []) {
    self.program = program
    self.domain = domain
    self.prefix = prefix
    let rank = domain.extents.count
    readings = domain.accesses.enumerated().map { number, access in
      if given.contains(number) { return .given }
      switch access.kind {
      case .contiguous: return .contiguous
      case .scalar: return .scalar
      case .row, .column, .strided:
        return access.strides[rank - 1] == 1
          ? .unit : access.strides[rank - 1] == 0 ? .repeated : .strided
      }
    }
    let places = readings.contains { $0 == .unit || $0 == .repeated || $0 == .strided }
    let count = domain.count
    var length = max(1, domain.extents[rank - 1])
    // Counting along rows costs a division a row, else it costs one an element.
    if !places, let run = domain.coordinates.map({ $0.stride == 1 ? $0.extent : $0.stride }).min(),
      run >= 16, run < count, count % run == 0
    {
      length = run
    }
    rowLength = length
    countings = domain.coordinates.map { coordinate in
      if coordinate.stride == 1 && coordinate.extent >= count { return .index }
      if coordinate.stride == 1 && coordinate.extent == length { return .inner }
      return coordinate.stride % length == 0 ? .outer : .general
    }
    readsRows = places || countings.contains { $0 == .inner || $0 == .outer }
    rowExtents = places ? domain.extents : []
  }

  func value(_ number: Int) -> String { "\(prefix)_v\(number)" }

  private func input(_ number: Int) -> String { "\(prefix)_in\(number)" }

  /// The variables that hold the results after `element`, in the type arithmetic is done in.
  var results: [String] { program.results.map(value) }

  /// Each with a comma after it.
  var parameters: String {
    var text = ""
    for (k, reading) in readings.enumerated() where reading != .given {
      text += "global const \(program.inputs[k].storageName) *\(input(k)), "
      text += "const long \(input(k))_start, "
      guard reading == .unit || reading == .repeated || reading == .strided else { continue }
      for axis in 0..<(rowExtents.count - 1) { text += "const long \(input(k))_s\(axis), " }
      if reading == .strided { text += "const long \(input(k))_step, " }
    }
    if readsRows { text += "const INDEX \(prefix)_length, " }
    for axis in rowExtents.indices.dropFirst().dropLast() {
      text += "const INDEX \(prefix)_e\(axis), "
    }
    for (k, counting) in countings.enumerated() where counting == .outer || counting == .general {
      text += "const INDEX \(prefix)_c\(k)_stride, const INDEX \(prefix)_c\(k)_extent, "
    }
    for (k, type) in program.scalars.enumerated() {
      text += "const \(type.argumentName) \(prefix)_w\(k), "
    }
    for k in 0..<program.generators {
      text += "const ulong \(prefix)_g\(k)_seed, const ulong \(prefix)_g\(k)_counter, "
    }
    return text
  }

  /// Once a kernel: where inputs start, and values that are the same everywhere.
  var setup: String {
    var text = ""
    for (k, reading) in readings.enumerated() where reading != .given {
      text += "\(input(k)) += \(input(k))_start;\n"
      if reading == .scalar { text += declare(k, program.inputs[k].loading("\(input(k))[0]")) }
    }
    for (k, type) in program.scalars.enumerated() {
      text += declare(program.inputs.count + k, type.rounding("\(prefix)_w\(k)"))
    }
    return text
  }

  /// Once a row of the domain: where it starts in each input, and values that are the same in it.
  var rowSetup: String {
    var text = ""
    let placed = readings.indices.filter {
      readings[$0] == .unit || readings[$0] == .repeated || readings[$0] == .strided
    }
    for k in placed {
      text += "global const \(program.inputs[k].storageName) *\(input(k))_row = \(input(k));\n"
    }
    if !placed.isEmpty, rowExtents.count > 1 {
      var rest = "row"
      for axis in stride(from: rowExtents.count - 2, through: 0, by: -1) {
        var place = rest
        if axis > 0 {
          let next = "\(prefix)_q\(axis)"
          text += "const INDEX \(next) = \(rest) / \(prefix)_e\(axis);\n"
          place = "(\(rest) - \(next) * \(prefix)_e\(axis))"
          rest = next
        }
        for k in placed { text += "\(input(k))_row += \(place) * \(input(k))_s\(axis);\n" }
      }
    }
    for k in placed where readings[k] == .repeated {
      text += declare(k, program.inputs[k].loading("\(input(k))_row[0]"))
    }
    for (k, counting) in countings.enumerated() where counting == .outer {
      text += "const int \(prefix)_c\(k) = "
      text += "(int)(row / \(prefix)_c\(k)_stride % \(prefix)_c\(k)_extent);\n"
    }
    return text
  }

  /// Once an element: the values that differ in it, the results among them.
  var element: String {
    var text = ""
    for (k, reading) in readings.enumerated() {
      switch reading {
      case .contiguous: text += declare(k, program.inputs[k].loading("\(input(k))[i]"))
      case .unit: text += declare(k, program.inputs[k].loading("\(input(k))_row[j]"))
      case .strided:
        text += declare(
          k, program.inputs[k].loading("\(input(k))_row[j * \(input(k))_step]"))
      case .given, .scalar, .repeated: break
      }
    }
    let first = program.inputs.count + program.scalars.count
    for (k, instruction) in program.instructions.enumerated() {
      text += declare(first + k, expression(instruction))
    }
    return text
  }

  private func declare(_ number: Int, _ expression: String) -> String {
    "const \(program.type(of: number).registerName) \(value(number)) = \(expression);\n"
  }

  private func expression(_ instruction: Program.Instruction) -> String {
    switch instruction.operation {
    case .coordinate:
      let name = "\(prefix)_c\(instruction.a)"
      switch countings[instruction.a] {
      case .index: return "(int)i"
      case .inner: return "(int)j"
      case .outer: return name
      case .general: return "(int)(i / \(name)_stride % \(name)_extent)"
      }
    case .uniform, .signedUniform:
      let name = "\(prefix)_g\(instruction.a)"
      let function = instruction.operation == .uniform ? "uniform" : "signed_uniform"
      let word = "elementary_random(\(name)_seed, \(name)_counter, (ulong)i)"
      return instruction.type.rounding("elementary_\(function)(\(word))")
    default:
      return ElementwiseText.expression(
        instruction.operation, instruction.type, of: program.type(of: instruction.a),
        value(instruction.a), value(instruction.b), value(instruction.c))
    }
  }

  /// Binds `parameters`.
  ///
  /// - Parameters:
  ///   - inputs: one an input, without `missing` of the first, which have to be given.
  ///   - words: as in `Call`.
  func bind(
    to list: inout ArgumentList, inputs: UnsafePointer<Binding>, missing: Int = 0,
    words: UnsafePointer<UInt64>, isWide: Bool
  ) {
    for (k, reading) in readings.enumerated() where reading != .given {
      let access = domain.accesses[k]
      list.add(
        MemoryArgument(inputs[k - missing], of: program.inputs[k], offset: access.offset))
      guard reading == .unit || reading == .repeated || reading == .strided else { continue }
      for axis in 0..<(rowExtents.count - 1) { list.add(Int64(access.strides[axis])) }
      if reading == .strided { list.add(Int64(access.strides[rowExtents.count - 1])) }
    }
    if readsRows { list.add(index: rowLength, isWide) }
    for axis in rowExtents.indices.dropFirst().dropLast() {
      list.add(index: rowExtents[axis], isWide)
    }
    for (k, counting) in countings.enumerated() where counting == .outer || counting == .general {
      let coordinate = domain.coordinates[k]
      list.add(
        index: counting == .outer ? coordinate.stride / rowLength : coordinate.stride, isWide)
      list.add(index: coordinate.extent, isWide)
    }
    for (k, type) in program.scalars.enumerated() { list.add(word: words[k], type) }
    for k in 0..<(2 * program.generators) { list.add(words[program.scalars.count + k]) }
  }
}

extension ArgumentList {
  /// A number of elements, as wide as the kernel's `INDEX`.
  mutating func add(index: Int, _ isWide: Bool) {
    if isWide { add(Int64(index)) } else { add(Int32(truncatingIfNeeded: index)) }
  }

  /// A number bound at each launch.
  mutating func add(word: UInt64, _ type: ScalarType) {
    switch type {
    case .float32, .float16, .bfloat16: add(Float(Double(bitPattern: word)))
    case .float64: add(Double(bitPattern: word))
    case .int64: add(Int64(bitPattern: word))
    case .int32, .uint8: add(Int32(truncatingIfNeeded: word))
    case .bool: add(Int32(word == 0 ? 0 : 1))
    }
  }
}

extension ScalarType {
  /// The type elements have in memory.
  var storageName: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .float16, .bfloat16: "ushort"
    case .int32: "int"
    case .int64: "long"
    case .uint8, .bool: "uchar"
    }
  }

  /// The type values have in registers.
  var registerName: String {
    switch self {
    case .float32, .float16, .bfloat16: "float"
    case .float64: "double"
    case .int32, .bool: "int"
    case .int64: "long"
    case .uint8: "uchar"
    }
  }

  /// The type of an argument for a number.
  var argumentName: String { self == .uint8 ? "int" : registerName }

  /// The value of what is stored.
  func loading(_ stored: String) -> String {
    switch self {
    case .float16: "elementary_from_half(\(stored))"
    case .bfloat16: "elementary_from_bfloat16(\(stored))"
    case .bool: "\(stored) != 0"
    default: stored
    }
  }

  /// What is stored for a value.
  func storing(_ value: String) -> String {
    switch self {
    case .float16: "(ushort)elementary_to_half(\(value))"
    case .bfloat16: "(ushort)elementary_to_bfloat16(\(value))"
    case .bool: "(uchar)(\(value))"
    default: value
    }
  }

  /// The nearest value that the type has, of one in its register.
  func rounding(_ value: String) -> String {
    switch self {
    case .float16, .bfloat16: loading(storing(value))
    case .uint8: "(uchar)(\(value))"
    default: value
    }
  }
}
