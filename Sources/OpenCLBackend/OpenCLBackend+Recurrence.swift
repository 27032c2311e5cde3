package import Backends
package import Geometry

extension OpenCLBackend: RecurrenceKernels {
  package func recurrence(_ recurrence: Recurrence) throws(TensorError) -> any Kernel {
    guard recurrence.sequence.count > 0 else { return OpenCLKernel(recurrence.label) { _ in } }
    let launch = try RecurrenceLaunch(self, recurrence, isGradient: false)
    return OpenCLKernel(recurrence.label, workspaceByteCount: launch.workspaceByteCount) {
      call throws(TensorError) in try launch.runForward(call)
    }
  }

  package func recurrenceGradient(_ recurrence: Recurrence, hasCells: Bool) throws(TensorError)
    -> any Kernel
  {
    let label = "gradient of \(recurrence.label)"
    guard recurrence.gradientShape.count > 0 else { return OpenCLKernel(label) { _ in } }
    let launch = try RecurrenceLaunch(self, recurrence, isGradient: true)
    return OpenCLKernel(label, workspaceByteCount: launch.workspaceByteCount) {
      call throws(TensorError) in try launch.runBackward(call, hasCells: hasCells)
    }
  }
}

/// The launches of one recurrence: on CPUs the kernel is packed, then work items take rows through
/// the whole sequence; on GPUs there is a launch a step.
private final class RecurrenceLaunch {
  private let backend: OpenCLBackend
  private let recurrence: Recurrence
  private let function: KernelFunction
  private let pack: KernelFunction?
  private let size: WorkSize
  /// Of the packed kernel, and of the batch in a work item of a CPU.
  private let panels: Int, rows: Int
  /// Of the product: summed, and of the result.
  private let inner: Int, columns: Int
  private let packedCount: Int
  private let flags: Flags
  let workspaceByteCount: Int

  private struct Flags: OptionSet {
    let rawValue: Int32

    static let isReversed = Flags(rawValue: 1), hasState = Flags(rawValue: 2)
    static let hasMask = Flags(rawValue: 4), hasBias = Flags(rawValue: 8)
    static let hasGates = Flags(rawValue: 16), hasCellsUpstream = Flags(rawValue: 32)
  }

  /// As in `recurrence_cpu.cl` and `recurrence_gpu.cl`. How wide panels are is the compiler's to
  /// choose: between these.
  private enum Tile {
    static let rows = 8, narrow = 12, wide = 32, side = 16
  }

  init(_ backend: OpenCLBackend, _ recurrence: Recurrence, isGradient: Bool) throws(TensorError) {
    try backend.requireType(recurrence.type, in: recurrence.label)
    self.backend = backend
    self.recurrence = recurrence
    let n = recurrence.units
    let all = recurrence.kind.gates * n
    inner = isGradient ? all : n
    columns = isGradient ? n : all
    var flags: Flags = []
    if recurrence.isReversed { flags.insert(.isReversed) }
    if recurrence.hasState { flags.insert(.hasState) }
    if recurrence.hasMask { flags.insert(.hasMask) }
    if recurrence.hasBias { flags.insert(.hasBias) }
    if recurrence.keepsGates { flags.insert(.hasGates) }
    self.flags = flags
    let source = Self.source(recurrence, backend.flavour)
    let name = isGradient ? "recurrence_backward" : "recurrence_forward"
    let bytes = recurrence.type.byteCount
    switch backend.flavour {
    case .cpu:
      // A row's bits do not depend on the rows beside it.
      let units = backend.information.computeUnits
      let fair = (recurrence.batch + units - 1) / units
      rows = min(64, (fair + Tile.rows - 1) / Tile.rows * Tile.rows)
      panels = (columns + Tile.narrow - 1) / Tile.narrow
      let width = columns + Tile.wide
      packedCount = width * inner
      let perRow = inner + width + (isGradient ? 2 * n : 0)
      let items = (recurrence.batch + rows - 1) / rows
      workspaceByteCount = (packedCount + items * (rows * perRow + 5 * n)) * bytes
      size = WorkSize(groups: items)
      pack = try backend.programs.kernel("recurrence_pack", of: source, groupSize: 1)
    case .gpu:
      (panels, rows, packedCount, pack) = (0, 0, 0, nil)
      workspaceByteCount = isGradient ? 2 * recurrence.batch * n * bytes : 0
      size = WorkSize(
        groups: (n + Tile.side - 1) / Tile.side, (recurrence.batch + Tile.side - 1) / Tile.side,
        of: (Tile.side, Tile.side, 1))
    }
    function = try backend.programs.kernel(name, of: source, groupSize: size.groupSize)
  }

  private static func source(_ recurrence: Recurrence, _ flavour: OpenCLBackend.Flavour)
    -> ProgramSource
  {
    var defines = [
      ("KIND", "\(recurrence.kind.rawValue)"), ("ACTIVATION", "\(recurrence.activation.rawValue)"),
      ("RECURRENT_ACTIVATION", "\(recurrence.recurrentActivation.rawValue)"),
    ]
    if recurrence.type == .float64 { defines.append(("IS_FLOAT64", "1")) }
    return ProgramSource(
      "recurrence",
      KernelText.law + KernelText.elementwise + KernelText.recurrence
        + (flavour == .cpu ? KernelText.recurrenceCPU : KernelText.recurrenceGPU),
      defines: defines)
  }

  func runForward(_ call: Call) throws(TensorError) {
    var next = 0
    func take(_ isThere: Bool = true) -> Binding {
      defer { if isThere { next += 1 } }
      return call.bindings[next]
    }
    let projected = take()
    let matrix = try packed(take(), call, isTransposed: false)
    let bias = take(recurrence.hasBias)
    let state = take(recurrence.hasState)
    let cell = take(recurrence.hasState && recurrence.kind == .lstm)
    let mask = take(recurrence.hasMask)
    let result = take()
    try launch(from: 0, through: recurrence.steps - 1, by: 1) { list in
      for memory in [projected, matrix, bias, state, cell] { add(memory, to: &list) }
      list.add(MemoryArgument(mask, of: .bool))
      add(result, to: &list)
      addSizes(flags, to: &list)
      if pack != nil { addWork(call, to: &list) }
    }
  }

  func runBackward(_ call: Call, hasCells: Bool) throws(TensorError) {
    var next = 0
    func take(_ isThere: Bool = true) -> Binding {
      defer { if isThere { next += 1 } }
      return call.bindings[next]
    }
    let matrix = try packed(take(), call, isTransposed: true)
    let state = take(recurrence.hasState)
    let cell = take(recurrence.hasState && recurrence.kind == .lstm)
    let mask = take(recurrence.hasMask)
    let forward = take()
    let upstream = take()
    let cells = take(hasCells)
    let result = take()
    let last = recurrence.hasState ? -1 : 0
    try launch(from: recurrence.steps - 1, through: last, by: -1) { list in
      for memory in [matrix, state, cell] { add(memory, to: &list) }
      list.add(MemoryArgument(mask, of: .bool))
      for memory in [forward, upstream, cells, result] { add(memory, to: &list) }
      addWork(call, to: &list)
      addSizes(hasCells ? flags.union(.hasCellsUpstream) : flags, to: &list)
    }
  }

  private func add(_ binding: Binding, to list: inout ArgumentList) {
    list.add(MemoryArgument(binding, of: recurrence.type))
  }

  /// What is left of the workspace behind the packed kernel.
  private func addWork(_ call: Call, to list: inout ArgumentList) {
    list.add(
      MemoryArgument(
        call.workspace ?? call.bindings[0], of: recurrence.type, offset: packedCount))
  }

  private func addSizes(_ flags: Flags, to list: inout ArgumentList) {
    for number in [recurrence.batch, recurrence.steps, recurrence.units] {
      list.add(Int32(number))
    }
    list.add(flags.rawValue)
  }

  /// The recurrent kernel as products read it.
  private func packed(_ kernel: Binding, _ call: Call, isTransposed: Bool) throws(TensorError)
    -> Binding
  {
    guard let pack, let workspace = call.workspace else { return kernel }
    try backend.launch(
      pack, over: WorkSize(groups: panels), MemoryArgument(kernel, of: recurrence.type),
      MemoryArgument(workspace, of: recurrence.type), Int32(inner), Int32(columns),
      Int32(isTransposed ? 1 : 0))
    return workspace
  }

  /// One launch on CPUs, one a step on GPUs. The last argument is the number of rows, or the step.
  private func launch(
    from first: Int, through last: Int, by step: Int, binding bind: (inout ArgumentList) -> Void
  ) throws(TensorError) {
    if pack != nil {
      try backend.launch(function, over: size) { list in
        bind(&list)
        list.add(Int32(rows))
      }
      return
    }
    for index in stride(from: first, through: last, by: step) {
      try backend.launch(function, over: size) { list in
        bind(&list)
        list.add(Int32(index))
      }
    }
  }
}
