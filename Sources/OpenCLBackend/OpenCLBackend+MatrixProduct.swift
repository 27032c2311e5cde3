package import Backends
package import Geometry

extension OpenCLBackend: MatrixProductKernels {
  package func matrixProduct(_ product: MatrixProduct, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    let label =
      "matmul \(product.batch + [product.rows, product.inner]) × "
      + "\(product.batch + [product.inner, product.columns])"
    try requireType(product.type, in: "matmul")
    if let epilogue { try requireTypes(epilogue.program, in: "matmul") }
    guard product.type != .bool else {
      throw TensorError(.dtype, "matmul", "bool has no products", hint: "cast to float32")
    }
    guard product.batchCount > 0, product.rows > 0, product.columns > 0 else {
      return OpenCLKernel(label) { _ in }
    }
    let launch = try MatrixProductLaunch(
      self, product, epilogue.flatMap { $0.program.isIdentity ? nil : $0 })
    return OpenCLKernel(label, workspaceByteCount: launch.workspaceByteCount) {
      call throws(TensorError) in try launch.run(call)
    }
  }
}

extension OpenCLBackend {
  /// How a product is computed, cut as the tuning says.
  func plan(_ product: MatrixProduct) -> MatrixProductPlan {
    let size = TuningSize(
      .matmul, rows: product.rows, columns: product.columns, inner: product.inner,
      matrices: product.batchCount)
    return MatrixProductPlan(
      product, on: information, flavour: flavour,
      choice: product.type == .float32 ? tuning.choice(for: size) : nil)
  }
}

/// The launches of one matrix product.
private final class MatrixProductLaunch {
  private let backend: OpenCLBackend
  private let product: MatrixProduct
  private let plan: MatrixProductPlan
  private let text: MatrixProductText
  private let slices: [Slice]
  private let numbers: Numbers
  private let main: KernelFunction
  private let aligned: KernelFunction?
  private let sum: KernelFunction?
  let workspaceByteCount: Int

  /// The matrices of one launch: they lie along two axes of the batch at most.
  private struct Slice {
    let left: Int, right: Int
    let first: Int, count: Int
  }

  /// The sizes, as kernels take them.
  private struct Numbers {
    let rows: Int32, columns: Int32, inner: Int32, innerPiece: Int32, pieces: Int32
    let leftLeading: Int32, rightLeading: Int32, tileRows: Int32, tileColumns: Int32

    init(_ product: MatrixProduct, _ plan: MatrixProductPlan) throws(TensorError) {
      func narrow(_ value: Int) throws(TensorError) -> Int32 {
        // With room for a tile that reaches beyond the end.
        guard value <= Int(Int32.max) - 4096 else {
          throw TensorError(
            .shape, "matmul",
            "an extent of \(value) in [\(product.rows), \(product.inner)] × "
              + "[\(product.inner), \(product.columns)] is too large")
        }
        return Int32(value)
      }
      rows = try narrow(product.rows)
      columns = try narrow(product.columns)
      inner = try narrow(product.inner)
      innerPiece = try narrow(plan.innerPiece)
      pieces = try narrow(plan.pieces)
      leftLeading = try narrow(product.left.leading)
      rightLeading = try narrow(product.right.leading)
      tileRows = try narrow(plan.tileRows)
      tileColumns = try narrow(plan.tileColumns)
      _ = try narrow(product.batchCount)
    }
  }

  init(_ backend: OpenCLBackend, _ product: MatrixProduct, _ epilogue: Epilogue?)
    throws(TensorError)
  {
    self.backend = backend
    self.product = product
    plan = backend.plan(product)
    text = MatrixProductText(product, epilogue, plan, flavour: backend.flavour)
    numbers = try Numbers(product, plan)
    slices = Self.slices(product, pieces: plan.pieces)
    let count = product.batchCount * product.rows * product.columns
    let needsPartial =
      plan.pieces > 1
      || (backend.flavour == .cpu && product.inner > plan.block.inner
        && !(text.resultType == product.type && product.type == product.type.sumType))
    workspaceByteCount = needsPartial ? plan.pieces * count * product.type.sumType.byteCount : 0
    let name: String
    let groupSize: Int
    switch plan.method {
    case .tiles:
      name = "matmul"
      groupSize = backend.flavour == .cpu ? 1 : plan.tile.items
    case .dots:
      name = "matmul_dots"
      groupSize = backend.flavour == .cpu ? 1 : 256
    }
    let source = text.source(isAligned: false)
    main = try backend.programs.kernel(name, of: source, groupSize: groupSize)
    aligned =
      text.allowsAlignment
      ? try backend.programs.kernel(
        name, of: text.source(isAligned: true), groupSize: groupSize) : nil
    sum =
      plan.pieces > 1
      ? try backend.programs.kernel(
        "matmul_sum", of: text.sumSource, groupSize: backend.flavour == .cpu ? 1 : 64) : nil
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.bindings[1 + max(1, text.program?.program.inputs.count ?? 1)]
    var partial = result
    if workspaceByteCount > 0 {
      guard let workspace = call.workspace else {
        throw TensorError(
          .argument, "matmul", "a workspace of \(workspaceByteCount) bytes is missing")
      }
      partial = workspace
    }
    let areAligned =
      [call.bindings[0], call.bindings[1], result].allSatisfy { $0.byteOffset % 16 == 0 }
    for slice in slices {
      try backend.launch(areAligned ? aligned ?? main : main, over: size(slice)) { list in
        bindProgram(call, to: &list)
        bind(slice, call, result, partial, to: &list)
      }
    }
    if let sum { try add(partial, to: result, sum, call) }
  }

  private func bindProgram(_ call: Call, to list: inout ArgumentList) {
    text.program?.bind(
      to: &list, inputs: call.bindings + 2, missing: 1, words: call.words, isWide: text.isWide)
  }

  private func bind(
    _ slice: Slice, _ call: Call, _ result: Binding, _ partial: Binding,
    to list: inout ArgumentList
  ) {
    let (left, right) = (product.left, product.right)
    func strides(_ operand: MatrixProduct.Operand) -> (outer: Int64, step: Int64) {
      let strides = operand.batchStrides
      return (
        Int64(strides.count > 1 ? strides[strides.count - 2] : 0), Int64(strides.last ?? 0)
      )
    }
    func add(
      _ binding: Binding, _ operand: MatrixProduct.Operand, _ leading: Int32, _ offset: Int
    ) {
      list.add(MemoryArgument(binding, of: product.type, offset: operand.offset + offset))
      list.add(leading)
      list.add(strides(operand).outer)
      list.add(strides(operand).step)
    }
    add(call.bindings[0], left, numbers.leftLeading, slice.left)
    add(call.bindings[1], right, numbers.rightLeading, slice.right)
    list.add(MemoryArgument(result, of: text.resultType))
    list.add(MemoryArgument(partial, of: product.type.sumType))
    list.add(numbers.rows)
    list.add(numbers.columns)
    list.add(numbers.inner)
    list.add(numbers.innerPiece)
    list.add(numbers.pieces)
    list.add(Int32(slice.first))
    list.add(Int32(product.batch.last ?? 1))
    if backend.flavour == .cpu {
      list.add(numbers.tileRows)
      list.add(numbers.tileColumns)
    }
  }

  private func size(_ slice: Slice) -> WorkSize {
    func parts(_ extent: Int, _ tile: Int) -> Int { (extent + tile - 1) / tile }
    let depth = slice.count * plan.pieces
    let (rows, columns) = (product.rows, product.columns)
    switch (plan.method, backend.flavour) {
    case (.tiles, .cpu):
      return WorkSize(
        groups: parts(columns, plan.tileColumns), parts(rows, plan.tileRows), depth)
    case (.tiles, .gpu):
      return WorkSize(
        groups: parts(columns, plan.tile.columns), parts(rows, plan.tile.rows), depth,
        of: (plan.tile.items, 1, 1))
    case (.dots(let isSwapped), .cpu):
      return WorkSize(groups: parts(isSwapped ? columns : rows, plan.tileRows), 1, depth)
    case (.dots(let isSwapped), .gpu):
      return WorkSize(groups: parts(isSwapped ? columns : rows, 8), 1, depth, of: (32, 8, 1))
    }
  }

  /// Adds the pieces of the inner axis.
  private func add(
    _ partial: Binding, to result: Binding, _ sum: KernelFunction, _ call: Call
  ) throws(TensorError) {
    let count = product.batchCount * product.rows * product.columns
    let isCPU = backend.flavour == .cpu
    let chunk = isCPU ? backend.chunk(of: count, cost: plan.pieces) : 1
    let items = isCPU ? 1 : 64
    let groups = (count + chunk * items - 1) / (chunk * items)
    try backend.launch(sum, over: WorkSize(groups: groups, of: (items, 1, 1))) { list in
      bindProgram(call, to: &list)
      list.add(MemoryArgument(result, of: text.resultType))
      list.add(MemoryArgument(partial, of: product.type.sumType))
      list.add(Int64(count))
      list.add(numbers.columns)
      list.add(numbers.pieces)
      list.add(Int32(chunk))
    }
  }

  /// The batch in launches: all of it if it has two axes or less and as many matrices as a device
  /// takes groups along its third axis.
  private static func slices(_ product: MatrixProduct, pieces: Int) -> [Slice] {
    let most = 65535 / pieces
    let batch = product.batch
    let inner = batch.last ?? 1
    let outer = batch.count > 1 ? batch[batch.count - 2] : 1
    // Of a batch that is cut, every launch has matrices along the last axis.
    let isWhole = outer * inner <= most
    let axes = batch.dropLast(isWhole ? 2 : 1)
    let perIndex = isWhole ? outer * inner : inner
    var slices: [Slice] = []
    for index in 0..<axes.reduce(1, *) {
      var (rest, left, right) = (index, 0, 0)
      for axis in axes.indices.reversed() {
        left += rest % axes[axis] * product.left.batchStrides[axis]
        right += rest % axes[axis] * product.right.batchStrides[axis]
        rest /= axes[axis]
      }
      for start in stride(from: 0, to: perIndex, by: most) {
        let isCut = perIndex > most
        slices.append(
          Slice(
            left: left + (isCut ? start * product.left.batchStrides[batch.count - 1] : 0),
            right: right + (isCut ? start * product.right.batchStrides[batch.count - 1] : 0),
            first: index * perIndex + start, count: min(most, perIndex - start)))
      }
    }
    return slices
  }
}
