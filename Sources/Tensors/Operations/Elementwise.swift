internal import Backends
internal import Geometry

/// One instruction applied to each element of its inputs, which broadcast by NumPy's rule.
class ElementwiseOperation: Operation, @unchecked Sendable {
  let instruction: Elementwise

  init(_ instruction: Elementwise, _ name: String) {
    self.instruction = instruction
    super.init(name, code: UInt64(instruction.rawValue))
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    try ElementwiseGradients.give(instruction, context)
  }

  override var isDifferentiable: Bool { !instruction.isPredicate }

  /// One shared operation an instruction.
  static let shared: [ElementwiseOperation] = Elementwise.allCases.map {
    ElementwiseOperation($0, "\($0)")
  }

  static func of(_ instruction: Elementwise) -> ElementwiseOperation {
    shared[Int(instruction.rawValue)]
  }
}

extension Tensor {
  /// `instruction` applied to one tensor.
  static func unary(
    _ instruction: Elementwise, _ x: Tensor, _ name: StaticString
  ) throws(TensorError) -> Tensor {
    let node = x.node
    guard instruction.accepts(node.scalarType) else { throw unfit(name, [x]) }
    let type = instruction.isPredicate ? .bool : node.scalarType
    return try Tensor(
      recording: Node(ElementwiseOperation.of(instruction), node.shape, type, node.place, node))
  }

  /// `instruction` applied to two tensors, broadcast. A scalar constant takes the other's type.
  static func binary(
    _ instruction: Elementwise, _ left: Tensor, _ right: Tensor, _ name: StaticString
  ) throws(TensorError) -> Tensor {
    var a = left.node
    var b = right.node
    if a.isConstant != b.isConstant {
      if b.isConstant { b = b.adapted(to: a) } else { a = a.adapted(to: b) }
    } else if a.isConstant, a.shape.rank == 0 || b.shape.rank == 0 {
      if a.shape.rank == 0 { a = a.adapted(to: b) } else { b = b.adapted(to: a) }
    }
    try compatible(a, b, name, left, right)
    guard let shape = a.shape.broadcast(with: b.shape) else {
      throw TensorError(
        .shape, "\(name)", "shapes do not broadcast", operands: [left.info, right.info])
    }
    if let simpler = simplified(instruction, a, b, shape) { return simpler }
    guard instruction.accepts(a.scalarType) else { throw unfit(name, [left, right]) }
    let type = instruction.isPredicate ? .bool : a.scalarType
    return try Tensor(
      recording: Node(ElementwiseOperation.of(instruction), shape, type, a.place, a, b))
  }

  /// Throws unless both have one scalar type and one device.
  @inline(__always)
  static func compatible(
    _ a: Node, _ b: Node, _ name: StaticString, _ left: Tensor, _ right: Tensor
  ) throws(TensorError) {
    if a.scalarType != b.scalarType {
      throw TensorError(
        .dtype, "\(name)", "scalar types differ", operands: [left.info, right.info],
        hint: "cast one: x.cast(to: .\(a.scalarType))")
    }
    if a.place !== b.place {
      throw TensorError(
        .device, "\(name)", "operands are on different devices", operands: [left.info, right.info],
        hint: "move one: x.moved(to:)")
    }
  }

  static func unfit(_ name: some CustomStringConvertible, _ operands: [Tensor]) -> TensorError {
    let type = operands[0].scalarType
    return TensorError(
      .dtype, "\(name)", "not defined for \(type)", operands: operands.map(\.info),
      hint: type.isFloatingPoint ? nil : "cast first: x.cast(to: .float32)")
  }

  /// Two constants are computed here and now; a factor of one, such as begins every gradient, falls
  /// away.
  private static func simplified(
    _ instruction: Elementwise, _ a: Node, _ b: Node, _ shape: Shape
  ) -> Tensor? {
    guard a.isConstant || b.isConstant, a.scalarType.isFloatingPoint else { return nil }
    if a.isConstant, b.isConstant {
      let type = a.scalarType
      // A number alone may yet be adapted to a wider type; elements are what their type holds.
      func held(_ value: Double) -> Double {
        shape.rank == 0 ? value : Word.rounded(value, as: type)
      }
      let x = held(Double(bitPattern: a.word))
      let y = held(Double(bitPattern: b.word))
      switch instruction {
      case .add: return constant(held(x + y), shape, type, a.place)
      case .subtract: return constant(held(x - y), shape, type, a.place)
      case .multiply: return constant(held(x * y), shape, type, a.place)
      default: return nil
      }
    }
    let one = Double(1).bitPattern
    if instruction == .multiply {
      if a.isConstant, a.word == one, b.shape == shape { return Tensor(b) }
      if b.isConstant, b.word == one, a.shape == shape { return Tensor(a) }
    }
    return nil
  }

  /// A tensor all of whose elements are `value`. It takes no memory.
  static func constant(
    _ value: Double, _ shape: Shape, _ type: ScalarType, _ place: Place
  ) -> Tensor {
    Tensor(
      Node(
        ConstantOperation.shared, shape, type, place,
        word: Word.bits(of: value, as: type)))
  }
}

extension Node {
  /// This constant with the scalar type and place of another node, if it is a scalar.
  fileprivate func adapted(to other: Node) -> Node {
    if shape.rank > 0 || (scalarType == other.scalarType && place === other.place) { return self }
    let value =
      scalarType.isFloatingPoint
      ? Double(bitPattern: word) : Double(Int64(bitPattern: word))
    // A fraction does not fit an integer tensor: the type check that follows says so.
    let type = other.scalarType
    if !type.isFloatingPoint, value != value.rounded() {
      return Node(ConstantOperation.shared, shape, scalarType, other.place, word: word)
    }
    return Node(
      ConstantOperation.shared, shape, type, other.place, word: Word.bits(of: value, as: type))
  }
}
