package import Backends
package import Geometry

extension OpenCLBackend: NormalizationKernels {
  package func moments(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    try kernel(normalization, "moments", inputs: 1)
  }

  package func distanceSums(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    try kernel(normalization, "sums", inputs: 3)
  }

  private func kernel(
    _ normalization: Normalization, _ name: String, inputs: Int
  ) throws(TensorError) -> any Kernel {
    let (outer, count, inner) = (normalization.outer, normalization.count, normalization.inner)
    let label = "\(name) [\(outer), \(count), \(inner)]"
    try requireType(normalization.type, in: name)
    guard normalization.resultCount > 0 else { return OpenCLKernel(label) { _ in } }
    let launches = try NormalizationLaunches(self, normalization, name, inputs: inputs)
    return OpenCLKernel(label, workspaceByteCount: launches.workspaceByteCount) {
      call throws(TensorError) in try launches.run(call)
    }
  }
}

/// One launch over segments, and one that brings these together if there are several.
private final class NormalizationLaunches {
  let workspaceByteCount: Int
  private let backend: OpenCLBackend
  private let normalization: Normalization
  private let cut: ReductionCut
  private let inputs: Int
  private let first: KernelFunction
  private let merge: KernelFunction?
  private let isWide: Bool
  private var isMoments: Bool { inputs == 1 }

  init(
    _ backend: OpenCLBackend, _ normalization: Normalization, _ name: String, inputs: Int
  ) throws(TensorError) {
    self.backend = backend
    self.normalization = normalization
    self.inputs = inputs
    let type = normalization.type
    cut = ReductionCut(
      Reduction(
        [.sum], type, outer: normalization.outer, count: normalization.count,
        inner: normalization.inner), flavour: backend.flavour)
    isWide = normalization.outer * normalization.count * normalization.inner > 1 << 30
    let source = ProgramSource(
      "normalization.cl",
      KernelText.law + KernelText.elementwise + "#define TYPE \(type.registerName)\n"
        + KernelText.normalization,
      defines: [("INDEX", isWide ? "long" : "int")])
    let items = backend.flavour == .cpu ? 1 : ReductionCut.items
    first = try backend.programs.kernel(name, of: source, groupSize: items)
    merge =
      cut.segments > 1
      ? try backend.programs.kernel("merge_\(name)", of: source, groupSize: items) : nil
    workspaceByteCount =
      merge == nil ? 0 : 2 * cut.segments * normalization.resultCount * type.byteCount
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.bindings[inputs]
    let items = backend.flavour == .cpu ? 1 : ReductionCut.items
    let size = WorkSize(groups: cut.groups, of: (items, 1, 1))
    let share = 1 / Double(normalization.count)
    guard let merge else {
      let bindings = (0..<inputs).map { call.bindings[$0] }
      return try launch(first, size, bindings, to: result, factor: share)
    }
    guard let workspace = call.workspace else {
      throw TensorError(
        .argument, "normalization", "a workspace of \(workspaceByteCount) bytes is missing")
    }
    try launch(
      first, size, (0..<inputs).map { call.bindings[$0] }, to: workspace, factor: 1)
    let groups =
      backend.flavour == .cpu
      ? normalization.outer * cut.blocks : (normalization.resultCount + items - 1) / items
    // Means are counted from the first row.
    let parts = isMoments ? [workspace, call.bindings[0]] : [workspace]
    try launch(
      merge, WorkSize(groups: groups, of: (items, 1, 1)), parts, to: result, factor: share)
  }

  private func launch(
    _ function: KernelFunction, _ size: WorkSize, _ bindings: [Binding], to result: Binding,
    factor: Double
  ) throws(TensorError) {
    let type = normalization.type
    try backend.launch(function, over: size) { list in
      for binding in bindings { list.add(MemoryArgument(binding, of: type)) }
      list.add(MemoryArgument(result, of: type))
      for number in [
        normalization.outer, normalization.count, normalization.inner, cut.segment, cut.segments,
        cut.blocks, cut.share,
      ] { list.add(index: number, isWide) }
      list.add(Int32(cut.team))
      list.add(Int32(cut.isSideBySide ? 1 : 0))
      // Sums are not divided.
      if isMoments { list.add(word: factor.bitPattern, type) }
    }
  }
}
