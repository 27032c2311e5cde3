package import Backends
package import Geometry

extension OpenCLBackend {
  package func sort(_ sort: Sort) throws(TensorError) -> any Kernel {
    guard sort.resultCount > 0 else { return OpenCLKernel(sort.label) { _ in } }
    let pass = try SortPass(self, sort)
    return OpenCLKernel(sort.label, workspaceByteCount: pass.workspaceByteCount) {
      call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(
          .argument, "sort", "a workspace of \(pass.workspaceByteCount) bytes is missing")
      }
      try pass.run(call.bindings[0], to: call.bindings[1], in: workspace)
    }
  }

  package func search(_ search: Search) throws(TensorError) -> any Kernel {
    let label = "search [\(search.outer), \(search.values)] in \(search.bounds)"
    let total = search.resultCount
    guard total > 0 else { return OpenCLKernel(label) { _ in } }
    let chunk = flavour == .cpu ? 4096 : 1
    let size =
      flavour == .cpu
      ? WorkSize(groups: (total + chunk - 1) / chunk)
      : WorkSize(groups: (total + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel(
      "search", of: SortPass.source(search.type, descending: false), groupSize: size.groupSize)
    return OpenCLKernel(label) { [self] call throws(TensorError) in
      try launch(
        function, over: size, MemoryArgument(call.bindings[0], of: search.type),
        MemoryArgument(call.bindings[1], of: search.type),
        MemoryArgument(call.bindings[2], of: .int32), Int64(total), Int64(search.values),
        Int64(search.bounds), Int32(search.isShared ? 1 : 0), Int32(search.isRight ? 1 : 0),
        Int64(chunk))
    }
  }
}

/// The launches of a sort.
///
/// A CPU sorts each column in one work item, up to `groups` of them at a time. A GPU sorts blocks
/// in local memory; columns longer than a block are merged step by step, all columns at once.
final class SortPass {
  private let backend: OpenCLBackend
  private let sort: Sort
  private let functions: [String: KernelFunction]
  private let keySize: Int
  /// Elements of all columns, each padded to a power of two.
  private let padded: Int, elements: Int
  private let groups: Int
  let workspaceByteCount: Int

  private static let block = 1024
  private static let item = (256, 1, 1)

  init(_ backend: OpenCLBackend, _ sort: Sort) throws(TensorError) {
    self.backend = backend
    self.sort = sort
    let columns = sort.outer * sort.inner
    keySize = sort.type.byteCount == 8 ? 8 : 4
    var names = ["sort"]
    switch backend.flavour {
    case .cpu:
      groups = min(columns, 16)
      padded = sort.count
      elements = 2 * groups * sort.count
    case .gpu:
      var width = 1
      while width < sort.count { width *= 2 }
      padded = width
      elements = (columns * width + Self.block - 1) / Self.block * Self.block
      groups = elements / Self.block
      names = ["sort_blocks", "sort_step", "sort_rest", "sort_result"]
    }
    let source = Self.source(sort.type, descending: sort.isDescending)
    var functions: [String: KernelFunction] = [:]
    for name in names {
      functions[name] = try backend.programs.kernel(
        name, of: source, groupSize: backend.flavour == .cpu ? 1 : 256)
    }
    self.functions = functions
    workspaceByteCount = Self.aligned(elements * keySize) + Self.aligned(elements * 4)
  }

  private static func aligned(_ bytes: Int) -> Int { (bytes + 255) / 256 * 256 }

  static func source(_ type: ScalarType, descending: Bool) -> ProgramSource {
    let infinity: String =
      switch type {
      case .float32: "0x7F800000u"
      case .float64: "0x7FF0000000000000ul"
      case .float16: "0x7C00"
      case .bfloat16: "0x7F80"
      default: "0"
      }
    let sign: String =
      switch type {
      case .float32, .int32: "0x80000000u"
      case .float64, .int64: "0x8000000000000000ul"
      case .float16, .bfloat16: "0x8000"
      case .uint8, .bool: "0"
      }
    return ProgramSource(
      "sort.cl", KernelText.sort,
      defines: [
        ("WORD", type.integerName), ("KEY", type.byteCount == 8 ? "ulong" : "uint"),
        ("INFINITE", infinity), ("SIGN", sign), ("IS_DESCENDING", descending ? "1" : "0"),
      ])
  }

  func run(_ input: Binding, to result: Binding, in workspace: Binding) throws(TensorError) {
    let keys = MemoryArgument(workspace, elementSize: keySize)
    let orders = MemoryArgument(
      workspace.advanced(by: Self.aligned(elements * keySize)), of: .int32)
    let x = MemoryArgument(input, of: sort.type)
    let y = MemoryArgument(result, of: .int32)
    let (columns, count) = (Int64(sort.outer * sort.inner), Int64(sort.count))
    let (inner, limit) = (Int64(sort.inner), Int64(sort.limit))
    if let whole = functions["sort"] {
      return try backend.launch(
        whole, over: WorkSize(groups: groups), x, y, keys, orders, columns, count, inner, limit)
    }
    guard let blocks = functions["sort_blocks"], let step = functions["sort_step"],
      let rest = functions["sort_rest"], let last = functions["sort_result"]
    else { return }
    let all = WorkSize(groups: groups, of: Self.item)
    let length = Int64(padded)
    try backend.launch(blocks, over: all, x, keys, orders, columns, count, inner, length)
    let pairs = columns * length / 2
    let half = WorkSize(groups: (Int(pairs) + 255) / 256, of: Self.item)
    var width = Int64(2 * Self.block)
    while width <= length {
      var distance = width / 2
      while distance >= Int64(Self.block) {
        try backend.launch(step, over: half, keys, orders, pairs, length, width, distance)
        distance /= 2
      }
      try backend.launch(rest, over: all, keys, orders, length, width)
      width *= 2
    }
    let results = sort.resultCount
    try backend.launch(
      last, over: WorkSize(groups: (results + 255) / 256, of: Self.item), orders, y,
      Int64(results), inner, limit, length)
  }
}
