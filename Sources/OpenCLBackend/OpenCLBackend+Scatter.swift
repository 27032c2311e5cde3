package import Backends
package import Geometry

extension OpenCLBackend: LookupKernels {
  package func scatter(_ scatter: Scatter) throws(TensorError) -> any Kernel {
    guard scatter.resultCount > 0 else { return OpenCLKernel(scatter.label) { _ in } }
    try requireType(scatter.type, in: scatter.lookup.range.operation)
    let source = ScatterText(scatter, hasFloat64: information.hasFloat64).source
    if scatter.lookup.isAlong { return try scatterAlong(scatter, source) }
    let order = try UpdateOrder(self, scatter, source)
    let lookup = scatter.lookup
    let chunk = max(1, (1 << 14) / (lookup.inner * (1 + lookup.indices / lookup.count)))
    let size =
      flavour == .cpu
      ? WorkSize(groups: (lookup.outer * lookup.count + chunk - 1) / chunk)
      : WorkSize(groups: (scatter.resultCount + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel("scatter_rows", of: source, groupSize: size.groupSize)
    return OpenCLKernel(scatter.label, workspaceByteCount: order.workspaceByteCount) {
      [self] call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(
          .argument, "scatter", "a workspace of \(order.workspaceByteCount) bytes is missing")
      }
      let first = scatter.hasBase ? 1 : 0
      try order.run(call.bindings[first], in: workspace)
      try launch(function, over: size) { list in
        if scatter.hasBase { list.add(MemoryArgument(call.bindings[0], of: scatter.type)) }
        list.add(MemoryArgument(workspace, of: .int32))
        list.add(MemoryArgument(workspace.advanced(by: order.orderOffset), of: .int32))
        list.add(MemoryArgument(call.bindings[first + 1], of: scatter.type))
        list.add(MemoryArgument(call.bindings[first + 2], of: scatter.type))
        for number in [lookup.outer, lookup.count, lookup.inner, lookup.indices, chunk] {
          list.add(Int64(number))
        }
      }
    }
  }

  private func scatterAlong(_ scatter: Scatter, _ source: ProgramSource) throws(TensorError)
    -> any Kernel
  {
    let lookup = scatter.lookup
    let chunk = 64
    let columns = lookup.outer * lookup.inner
    let size =
      flavour == .cpu
      ? WorkSize(groups: lookup.outer * ((lookup.inner + chunk - 1) / chunk))
      : WorkSize(groups: (columns + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel("scatter_along", of: source, groupSize: size.groupSize)
    let fault = try indexFaults.argument(for: lookup.range)
    return OpenCLKernel(scatter.label) { [self] call throws(TensorError) in
      let first = scatter.hasBase ? 1 : 0
      try launch(function, over: size) { list in
        if scatter.hasBase { list.add(MemoryArgument(call.bindings[0], of: scatter.type)) }
        list.add(MemoryArgument(call.bindings[first], of: lookup.indexType))
        list.add(MemoryArgument(call.bindings[first + 1], of: scatter.type))
        list.add(MemoryArgument(call.bindings[first + 2], of: scatter.type))
        for number in [
          lookup.outer, lookup.count, lookup.inner, lookup.indices, lookup.range.lowest, chunk,
        ] {
          list.add(Int64(number))
        }
        list.add(fault)
      }
    }
  }

  package func sparseProduct(_ product: SparseProduct) throws(TensorError) -> any Kernel {
    guard product.rows * product.width > 0 else { return OpenCLKernel(product.label) { _ in } }
    try requireType(product.type, in: product.range.operation)
    let source = ProgramSource(
      "sparse.cl", KernelText.sparse, defines: [("TYPE", product.type.storageName)])
    let chunk = max(1, (1 << 14) / (product.width * (1 + product.count / product.rows)))
    let size =
      flavour == .cpu
      ? WorkSize(groups: (product.rows + chunk - 1) / chunk)
      : WorkSize(groups: (product.rows * product.width + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel("sparse_product", of: source, groupSize: size.groupSize)
    let fault = try indexFaults.argument(for: product.range)
    return OpenCLKernel(product.label) { [self] call throws(TensorError) in
      try launch(
        function, over: size, MemoryArgument(call.bindings[0], of: .int32),
        MemoryArgument(call.bindings[1], of: .int32),
        MemoryArgument(call.bindings[2], of: product.type),
        MemoryArgument(call.bindings[3], of: product.type),
        MemoryArgument(call.bindings[4], of: product.type), Int64(product.rows),
        Int64(product.columns), Int64(product.count), Int64(product.width), Int64(chunk), fault)
    }
  }
}

/// The updates of a scatter by row: where those of each begin, then their numbers, in a workspace.
///
/// A CPU counts in one work item; a GPU sorts the rows and looks in the result for each.
private final class UpdateOrder {
  private let backend: OpenCLBackend
  private let lookup: Lookup
  private let first: KernelFunction
  private let starts: KernelFunction?
  private let sort: SortPass?
  private let fault: IndexFaultArgument
  let orderOffset: Int
  private let rowsOffset: Int, sortOffset: Int
  let workspaceByteCount: Int

  init(_ backend: OpenCLBackend, _ scatter: Scatter, _ source: ProgramSource) throws(TensorError) {
    func aligned(_ bytes: Int) -> Int { (bytes + 255) / 256 * 256 }
    self.backend = backend
    lookup = scatter.lookup
    fault = try backend.indexFaults.argument(for: lookup.range)
    orderOffset = aligned(4 * (lookup.count + 1))
    rowsOffset = orderOffset + aligned(4 * lookup.indices)
    switch backend.flavour {
    case .cpu:
      first = try backend.programs.kernel("order_updates", of: source, groupSize: 1)
      starts = nil
      sort = nil
      sortOffset = rowsOffset
      workspaceByteCount = rowsOffset
    case .gpu:
      first = try backend.programs.kernel("rows_of_indices", of: source, groupSize: 256)
      starts = try backend.programs.kernel("find_starts", of: source, groupSize: 256)
      sortOffset = rowsOffset + aligned(4 * lookup.indices)
      let rows = Sort(.int32, of: [lookup.indices], axis: 0, descending: false)
      let sort = lookup.indices > 0 ? try SortPass(backend, rows) : nil
      self.sort = sort
      workspaceByteCount = sortOffset + (sort?.workspaceByteCount ?? 0)
    }
  }

  func run(_ indices: Binding, in workspace: Binding) throws(TensorError) {
    let start = MemoryArgument(workspace, of: .int32)
    let order = workspace.advanced(by: orderOffset)
    let (count, n) = (Int64(lookup.count), Int64(lookup.indices))
    let named = MemoryArgument(indices, of: lookup.indexType)
    let lowest = Int64(lookup.range.lowest)
    guard let starts else {
      return try backend.launch(
        first, over: WorkSize(groups: 1), named, start, MemoryArgument(order, of: .int32), count, n,
        lowest, fault)
    }
    let rows = workspace.advanced(by: rowsOffset)
    if let sort {
      try backend.launch(
        first, over: WorkSize(groups: (lookup.indices + 255) / 256, of: (256, 1, 1)), named,
        MemoryArgument(rows, of: .int32), count, n, lowest, fault)
      try sort.run(rows, to: order, in: workspace.advanced(by: sortOffset))
    }
    try backend.launch(
      starts, over: WorkSize(groups: (lookup.count + 256) / 256, of: (256, 1, 1)),
      MemoryArgument(rows, of: .int32), MemoryArgument(order, of: .int32), start, count, n)
  }
}

/// How the program of a scatter begins.
private struct ScatterText {
  let source: ProgramSource

  init(_ scatter: Scatter, hasFloat64: Bool) {
    let type = scatter.type
    let isHalf = type == .float16 || type == .bfloat16
    // What is only moved, and integers that wrap around, are unsigned.
    let isPlain = scatter.kind == .last || scatter.kind == .sum && !type.isFloatingPoint
    let stored = isPlain ? type.integerName : type.storageName
    var state = isPlain ? type.integerName : isHalf ? "float" : type.storageName
    // As on the CPU, float32 is summed in double, where there is double.
    if scatter.kind == .sum, type == .float32, hasFloat64 { state = "double" }
    let loaded = isPlain ? "(x)" : type.loading("(x)")
    let rounded = isPlain ? "(x)" : type.storing("(x)")
    let combined =
      switch scatter.kind {
      case .sum: "(\(state))((a) + (b))"
      case .last: "(b)"
      case .maximum: "((b) > (a) || (b) != (b) ? (b) : (a))"
      }
    let head =
      "#define TYPE \(stored)\n#define STATE \(state)\n"
      + "#define LOADED(x) ((\(state))(\(loaded)))\n"
      + "#define STORED(x) ((\(stored))(\(rounded)))\n#define COMBINED(a, b) \(combined)\n"
    source = ProgramSource(
      "scatter.cl", (isHalf && !isPlain ? KernelText.elementwise : "") + head + KernelText.scatter,
      defines: [
        ("INDEX", scatter.lookup.indexType.indexName), ("HAS_BASE", scatter.hasBase ? "1" : "0"),
      ])
  }
}
