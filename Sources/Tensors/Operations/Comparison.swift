internal import Backends
public import Geometry

/// Whether elements are equal, as bools. NaN equals nothing.
public func equal(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.equal, a, b, "equal")
}

/// Whether elements differ, as bools. NaN differs from everything.
public func notEqual(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.notEqual, a, b, "notEqual")
}

/// Whether `a` is below `b`, as bools.
public func less(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.less, a, b, "less")
}

/// Whether `a` is at most `b`, as bools.
public func lessEqual(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.lessEqual, a, b, "lessEqual")
}

/// Whether `a` is above `b`, as bools.
public func greater(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.less, b, a, "greater")
}

/// Whether `a` is at least `b`, as bools.
public func greaterEqual(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.lessEqual, b, a, "greaterEqual")
}

/// Whether both bools are true.
public func logicalAnd(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.and, a, b, "logicalAnd")
}

/// Whether one bool or both are true.
public func logicalOr(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.or, a, b, "logicalOr")
}

/// Whether just one of two bools is true.
public func logicalXor(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  try Tensor.binary(.xor, a, b, "logicalXor")
}

/// The opposite of a bool.
public func logicalNot(_ a: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.not, a, "logicalNot")
}

/// Whether elements are NaN, as bools.
public func isNaN(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.isNaN, x, "isNaN")
}

/// Whether elements are neither infinite nor NaN, as bools.
public func isFinite(_ x: Tensor) throws(TensorError) -> Tensor {
  try Tensor.unary(.isFinite, x, "isFinite")
}

/// `a` where `condition`, a tensor of bools, is true, else `b`; all three broadcast.
public func select(
  _ condition: Tensor, _ a: Tensor, _ b: Tensor
) throws(TensorError) -> Tensor {
  let operands = [condition, a, b]
  func fail(_ kind: TensorError.Kind, _ detail: String) -> TensorError {
    TensorError(kind, "select", detail, operands: operands.map(\.info))
  }
  guard condition.scalarType == .bool else { throw fail(.dtype, "the condition is not of bools") }
  var first = a.node
  var second = b.node
  if first.isConstant, first.shape.rank == 0, !second.isConstant {
    first = b.scalar(a.node.constantValue).node
  } else if second.isConstant, second.shape.rank == 0 {
    second = a.scalar(b.node.constantValue).node
  }
  guard first.scalarType == second.scalarType else { throw fail(.dtype, "scalar types differ") }
  let place = condition.node.isConstant ? first.place : condition.node.place
  for node in [first, second] where node.place !== place {
    if node.isConstant { continue }
    throw fail(.device, "operands are on different devices")
  }
  guard let values = first.shape.broadcast(with: second.shape),
    let shape = values.broadcast(with: condition.shape)
  else { throw fail(.shape, "shapes do not broadcast") }
  return try Tensor(
    recording: Node(
      ElementwiseOperation.of(.select), shape, first.scalarType, place, condition.node, first,
      second))
}

extension Node {
  /// The number a constant stands for.
  var constantValue: Double {
    scalarType.isFloatingPoint ? Double(bitPattern: word) : Double(Int64(bitPattern: word))
  }
}
