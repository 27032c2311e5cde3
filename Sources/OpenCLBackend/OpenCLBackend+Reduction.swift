package import Backends
package import Geometry

extension OpenCLBackend: ReductionKernels {
  package func reduction(_ reduction: Reduction, of program: Program, over domain: Domain)
    throws(TensorError) -> any Kernel
  {
    let label = "\(reduction.label) of \(program.instructions.count)"
    try requireTypes(program, in: "\(reduction.kinds[0])")
    guard reduction.resultCount > 0 else { return OpenCLKernel(label) { _ in } }
    let cut = ReductionCut(reduction, flavour: flavour)
    let text = ProgramText(program, over: domain)
    let inputs = program.inputs.count
    if cut.segments == 1 {
      let pass = try ReductionPass(self, reduction, text, cut)
      return OpenCLKernel(label) { call throws(TensorError) in
        try pass.run(call.bindings, call.words, to: call.bindings + inputs)
      }
    }
    let state = reduction.type.stateType
    let partCount = reduction.outer * cut.segments * reduction.inner
    let first = try ReductionPass(self, reduction, text, cut, toSegments: true)
    // A pass for each kind, of the segments' results of that kind.
    var last: [ReductionPass] = []
    for kind in reduction.kinds {
      let parts = Reduction(
        [kind], reduction.type, outer: reduction.outer, count: cut.segments,
        inner: reduction.inner)
      last.append(
        try ReductionPass(
          self, parts, ProgramText(.identity(state), over: Domain(count: partCount, inputs: 1)),
          ReductionCut(parts, flavour: flavour, isLast: true), fromSegments: true))
    }
    let stride = (partCount * state.byteCount + 255) / 256 * 256
    let placesOffset = stride * last.count
    let byteCount = placesOffset + (reduction.findsPlace ? partCount * 4 : 0)
    return OpenCLKernel(label, workspaceByteCount: byteCount) { call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(.argument, "reduction", "a workspace of \(byteCount) bytes is missing")
      }
      let values = last.indices.map { workspace.advanced(by: $0 * stride) }
      let places = workspace.advanced(by: placesOffset)
      try first.run(call.bindings, call.words, to: values, placesOut: places)
      for (index, pass) in last.enumerated() {
        try withUnsafePointer(to: values[index]) { (input) throws(TensorError) in
          try pass.run(input, call.words, placesIn: places, to: call.bindings + inputs + index)
        }
      }
    }
  }
}

extension ScalarType {
  /// The type of what is kept while elements of this one are reduced.
  var stateType: ScalarType { self == .bool ? .int32 : computeType }
}

/// How a reduction is cut for work items: by extents alone, so that no bit depends on the device.
struct ReductionCut {
  /// Segments of the reduced axis, and the rows of each.
  let segments: Int, segment: Int
  /// Blocks of neighbouring results along the inner axis.
  let blocks: Int
  /// Outer indices that one work item of a CPU takes.
  let share: Int
  /// Work items a result on a GPU, and whether neighbouring ones load neighbouring columns.
  let team: Int, isSideBySide: Bool
  let groups: Int

  /// Elements that one work item of a CPU reduces side by side.
  let lanes: Int

  private static let run = 8
  static let items = 256

  /// - Parameter isLast: whether it must not be cut into segments again.
  init(_ reduction: Reduction, flavour: OpenCLBackend.Flavour, isLast: Bool = false) {
    let (outer, count, inner) = (reduction.outer, reduction.count, reduction.inner)
    switch flavour {
    case .cpu:
      // Wide rows are read 2 KiB at a time, which is what prefetching hardware follows.
      lanes = inner >= 2048 ? 512 : 128
      team = 1
      isSideBySide = false
      blocks = (inner + lanes - 1) / lanes
      let width = min(inner, lanes)
      let chunk = lanes << 8
      let step = max(1, lanes / inner) * Self.run
      let wanted = isLast || count * width < 2 * chunk ? 1 : (count * width + chunk - 1) / chunk
      segment = max(step, ((count + wanted - 1) / wanted + step - 1) / step * step)
      segments = max(1, (count + segment - 1) / segment)
      share = segments > 1 ? 1 : max(1, min(outer, chunk / 2 / max(1, count * width)))
      groups = (outer + share - 1) / share * blocks * segments
    case .gpu:
      lanes = 1
      isSideBySide = inner > 1
      var size = inner > 1 ? 8 : 1
      while inner == 1, size < Self.items, size * 8 < count { size *= 2 }
      team = size
      share = 1
      let results = Self.items / size
      blocks = inner > 1 ? (inner + results - 1) / results : 1
      let whole = inner > 1 ? outer * blocks : (outer + results - 1) / results
      let least = 32 * size
      let wanted =
        isLast || count < 2 * least
        ? 1 : min((count + least - 1) / least, max(1, 2048 / whole))
      let step = size * 4
      segment = max(step, ((count + wanted - 1) / wanted + step - 1) / step * step)
      segments = max(1, (count + segment - 1) / segment)
      groups = whole * segments
    }
  }
}

/// One launch of a reduction.
private final class ReductionPass {
  private let backend: OpenCLBackend
  private let reduction: Reduction
  private let text: ProgramText
  private let cut: ReductionCut
  private let function: KernelFunction
  private let isWide: Bool
  private let items: (Int, Int, Int)
  /// The type of the result in memory.
  private let resultType: ScalarType

  init(
    _ backend: OpenCLBackend, _ reduction: Reduction, _ text: ProgramText, _ cut: ReductionCut,
    fromSegments: Bool = false, toSegments: Bool = false
  ) throws(TensorError) {
    self.backend = backend
    self.reduction = reduction
    self.text = text
    self.cut = cut
    isWide = reduction.outer * reduction.count * reduction.inner > 1 << 30
    items = (backend.flavour == .cpu ? 1 : ReductionCut.items, 1, 1)
    let state = reduction.type.stateType
    resultType = toSegments ? state : reduction.resultType
    let stored =
      resultType == .bool ? "(uchar)((x) != 0)" : resultType.storing("(x)")
    var defines = [
      ("INDEX", isWide ? "long" : "int"), ("STATE", state.registerName),
      ("IS_FLOATING", state.isFloatingPoint ? "1" : "0"),
      ("WRAPPING", state == .int64 ? "ulong" : "uint"),
      ("KINDS", "\(reduction.kinds.count)"), ("FINDS", reduction.findsPlace ? "1" : "0"),
      ("FROM_SEGMENTS", fromSegments ? "1" : "0"), ("TO_SEGMENTS", toSegments ? "1" : "0"),
    ]
    for (index, kind) in reduction.kinds.enumerated() {
      defines.append(("KIND_\(index)", Self.number(kind)))
      defines.append(("NEUTRAL_\(index)", Self.neutral(kind, state)))
    }
    if backend.flavour == .cpu {
      defines.append(("LANES", "\(cut.lanes)"))
    } else {
      defines += [("TEAM", "\(cut.team)"), ("SIDE_BY_SIDE", cut.isSideBySide ? "1" : "0")]
    }
    let source = ProgramSource(
      "reduction.cl",
      KernelText.law + KernelText.elementwise + text.macros
        + "#define RESULT \(resultType.storageName)\n#define STORED(x) \(stored)\n"
        + KernelText.reduction
        + (backend.flavour == .cpu ? KernelText.reductionCPU : KernelText.reductionGPU),
      defines: defines)
    function = try backend.programs.kernel("reduce", of: source, groupSize: items.0)
  }

  func run(
    _ inputs: UnsafePointer<Binding>, _ words: UnsafePointer<UInt64>, placesIn: Binding? = nil,
    to results: UnsafePointer<Binding>, placesOut: Binding? = nil
  ) throws(TensorError) {
    let places = reduction.findsPlace
    try backend.launch(function, over: WorkSize(groups: cut.groups, of: items)) { list in
      text.bind(to: &list, inputs: inputs, words: words, isWide: isWide)
      if places, let placesIn { list.add(MemoryArgument(placesIn, of: .int32)) }
      if places, let placesOut { list.add(MemoryArgument(placesOut, of: .int32)) }
      for index in reduction.kinds.indices {
        list.add(MemoryArgument(results[index], of: resultType))
      }
      list.add(index: reduction.outer, isWide)
      list.add(index: reduction.count, isWide)
      list.add(index: reduction.inner, isWide)
      list.add(index: cut.segment, isWide)
      list.add(index: cut.segments, isWide)
      list.add(index: cut.blocks, isWide)
      list.add(index: cut.share, isWide)
    }
  }

  private static func number(_ kind: Reduction.Kind) -> String {
    switch kind {
    case .sum: "0"
    case .product: "1"
    case .maximum, .argMaximum: "2"
    case .minimum, .argMinimum: "3"
    }
  }

  /// What changes no other value.
  private static func neutral(_ kind: Reduction.Kind, _ state: ScalarType) -> String {
    switch kind {
    case .sum: return "0"
    case .product: return "1"
    case .maximum, .argMaximum:
      switch state {
      case .int32: return "INT_MIN"
      case .int64: return "LONG_MIN"
      case .uint8: return "0"
      default: return "-INFINITY"
      }
    case .minimum, .argMinimum:
      switch state {
      case .int32: return "INT_MAX"
      case .int64: return "LONG_MAX"
      case .uint8: return "255"
      default: return "INFINITY"
      }
    }
  }
}
