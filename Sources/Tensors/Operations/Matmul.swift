internal import Backends
public import Geometry

/// The matrix product of the last two axes, for each of the batch that the other axes are.
///
/// Batches broadcast. A vector on the left counts as a row, one on the right as a column, and that
/// axis is not in the result. Transposing costs nothing.
///
///     try matmul(x, weight)        // [128, 784] × [784, 512] → [128, 512]
///
/// - Throws: `TensorError` if the inner dimensions differ or the batches do not broadcast.
public func matmul(
  _ left: Tensor, _ right: Tensor, transposeLeft: Bool = false, transposeRight: Bool = false
) throws(TensorError) -> Tensor {
  try Tensor.compatible(left.node, right.node, "matmul", left, right)
  guard left.rank > 0, right.rank > 0 else {
    throw TensorError(
      .shape, "matmul", "scalars have no matrix product", operands: [left.info, right.info],
      hint: "use *")
  }
  guard left.scalarType != .bool else { throw Tensor.unfit("matmul", [left, right]) }
  let isRow = left.rank == 1
  let isColumn = right.rank == 1
  let a = try isRow ? left.expanded(at: 0) : transposeLeft ? left.swappingLastAxes() : left
  let b = try isColumn ? right.expanded(at: 1) : transposeRight ? right.swappingLastAxes() : right
  let shape = try MatrixProduct.resultShape(a.shape, b.shape) {
    let operands = [left.info, right.info]
    return operands
  }
  let node = Node(MatmulOperation.shared, shape, a.scalarType, a.node.place, a.node, b.node)
  let product = try Tensor(recording: node)
  if !isRow, !isColumn { return product }
  var axes: [Int] = []
  if isRow { axes.append(shape.rank - 2) }
  if isColumn { axes.append(shape.rank - 1) }
  return try product.squeezed(axes: axes)
}

/// The product of the last two axes of each operand. Operands that are transposed in memory are
/// read as they lie.
final class MatmulOperation: KernelOperation, @unchecked Sendable {
  static let shared = MatmulOperation("matmul", code: Operation.newCode())

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    try plan(value, epilogue: nil, in: &builder)
  }

  override var takesEpilogue: Bool { true }

  override func plan(
    _ value: Int, epilogue: FusedProgram?, in builder: inout PlanBuilder
  ) throws(TensorError) {
    let node = builder.nodes[value]
    if node.shape.count == 0 { return }
    let inputs = builder.inputs[value]
    var left = builder.source(of: inputs[0])
    var right = builder.source(of: inputs[1])
    func isReadable(_ source: PlanBuilder.Source) -> Bool { !builder.isConstant(source.value) }
    var product: MatrixProduct?
    if isReadable(left), isReadable(right) {
      product = MatrixProduct(node.scalarType, left.layout, right.layout, result: node.shape)
    }
    if product == nil {
      left = try builder.matrix(inputs[0], left)
      right = try builder.matrix(inputs[1], right)
      product = MatrixProduct(node.scalarType, left.layout, right.layout, result: node.shape)
    }
    guard let product else {
      throw TensorError(
        .shape, "matmul", "operands cannot be laid out as matrices; please report this")
    }
    let kernel = try builder.backend.matrixProduct(
      product, epilogue: epilogue.map { Epilogue(program: $0.program, domain: $0.domain) })
    let rest = epilogue.map { Array($0.reads.dropFirst()) } ?? []
    builder.add(
      kernel, reads: [(left.value, 0), (right.value, 0)] + rest.map { ($0, 0) },
      writes: [builder.fusion.root[value]],
      words: epilogue?.words ?? [], note: epilogue?.note ?? "")
  }

  override func multiplications(of inputs: [Shape], result: Shape) -> Int {
    result.count * (inputs.first?.last ?? 0)
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let g = context.upstream
    let a = context.input(0)
    let b = context.input(1)
    // With C = A·B, ∂A = ∂C·Bᵀ and ∂B = Aᵀ·∂C. Where an operand was repeated over the batch, `give`
    // sums; a weight under a whole batch is one large product instead.
    if context.isWanted(0) { try context.give(0, matmul(g, b, transposeRight: true)) }
    if context.isWanted(1) {
      if b.rank == 2, a.rank > 2 {
        let rows = a.shape.dropLast().reduce(1, *)
        let flatA = try a.reshaped(to: [rows, a.shape.last])
        let flatG = try g.reshaped(to: [rows, g.shape.last])
        try context.give(1, matmul(flatA, flatG, transposeLeft: true))
      } else {
        try context.give(1, matmul(a, g, transposeLeft: true))
      }
    }
  }
}

extension PlanBuilder {
  /// `source` itself if its matrices can be read as they lie, else a copy in a row.
  fileprivate mutating func matrix(_ node: Int, _ source: Source) throws(TensorError) -> Source {
    if !isConstant(source.value),
      MatrixProduct.isReadable(source.layout)
    {
      return source
    }
    let copy = try contiguous(node)
    var layout = Layout(contiguous: nodes[node].shape)
    layout.offset = copy.byteOffset / nodes[node].scalarType.byteCount
    return Source(value: copy.value, layout: layout)
  }
}

/// The sum of the products of the elements of two vectors.
public func dot(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  guard a.rank == 1, b.rank == 1, a.shape == b.shape else {
    throw TensorError(
      .shape, "dot", "two vectors of one length are needed", operands: [a.info, b.info])
  }
  try Tensor.compatible(a.node, b.node, "dot", a, b)
  guard a.scalarType != .bool else { throw Tensor.unfit("dot", [a, b]) }
  return try matmul(a, b)
}

/// The products of each element of one vector with each of another: `[m]`, `[n]` → `[m, n]`.
public func outer(_ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
  guard a.rank == 1, b.rank == 1 else {
    throw TensorError(.shape, "outer", "two vectors are needed", operands: [a.info, b.info])
  }
  try Tensor.compatible(a.node, b.node, "outer", a, b)
  guard a.scalarType != .bool else { throw Tensor.unfit("outer", [a, b]) }
  return try Tensor.binary(.multiply, a.expanded(at: 1), b.expanded(at: 0), "outer")
}
