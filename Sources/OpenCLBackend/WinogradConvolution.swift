internal import Backends
internal import Geometry

/// The sizes of winograd.cl's kernels: its struct `Winograd`.
private struct WinogradArguments: KernelArgument {
  let batch: Int32, rows: Int32, columns: Int32, channels: Int32, results: Int32
  let resultRows: Int32, resultColumns: Int32, beforeDown: Int32, beforeAcross: Int32

  init(_ sizes: ConvolutionSizes, isTurned: Bool) {
    batch = sizes.batch
    if isTurned {
      (rows, columns, channels) = (sizes.windowsDown, sizes.windowsAcross, sizes.outputs)
      (resultRows, resultColumns, results) = (sizes.rows, sizes.columns, sizes.inputs)
      (beforeDown, beforeAcross) = (2 - sizes.beforeDown, 2 - sizes.beforeAcross)
    } else {
      (rows, columns, channels) = (sizes.rows, sizes.columns, sizes.inputs)
      (resultRows, resultColumns, results) = (sizes.windowsDown, sizes.windowsAcross, sizes.outputs)
      (beforeDown, beforeAcross) = (sizes.beforeDown, sizes.beforeAcross)
    }
  }

  var tiles: Int { Int(batch) * Int((resultRows + 3) / 4) * Int((resultColumns + 3) / 4) }
  /// Channels, of both sides, in blocks of 64.
  var blocks: Int { Int((channels + 63) / 64) }
  var resultBlocks: Int { Int((results + 63) / 64) }
}

private enum Winograd {
  static let positions = 36
  static let blockTiles = 32

  static func source(_ name: String, _ head: String, _ define: String) -> ProgramSource {
    ProgramSource(name, head + define + KernelText.matmul + KernelText.winograd)
  }
}

/// The launches of Winograd's algorithm, forward or for the gradient of the input.
final class WinogradConvolution: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let sizes: WinogradArguments
  private let filter: KernelFunction
  private let main: KernelFunction
  private let workers: Int
  private let packedCount: Int
  let workspaceByteCount: Int

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    producer = ProducerText(convolution, pass, epilogue)
    sizes = WinogradArguments(
      try ConvolutionSizes(convolution), isTurned: pass == .inputGradient)
    let blocks = (sizes.tiles + Winograd.blockTiles - 1) / Winograd.blockTiles
    workers = min(blocks, 2 * backend.information.computeUnits)
    // Panels reach less than 32 beyond the results.
    packedCount = Winograd.positions * Int(sizes.channels) * (Int(sizes.results) + 32)
    let slice = Winograd.positions * Winograd.blockTiles * (sizes.blocks * 64 + 32)
    workspaceByteCount = (packedCount + workers * slice) * 4
    let direction = pass == .forward ? "" : "#define INPUT_GRADIENT\n"
    let law = ProducerText(.float32, nil, resultCount: 1, lineLength: 1).head
    filter = try backend.programs.kernel(
      "winograd_filter",
      of: Winograd.source("winograd_filter", law, "#define TRANSFORMS_FILTER\n" + direction),
      groupSize: 1)
    main = try backend.programs.kernel(
      "winograd", of: Winograd.source("winograd", producer.head, "#define FORWARD\n"),
      groupSize: 1)
  }

  func run(_ call: Call) throws(TensorError) {
    let workspace = try workspace(of: call)
    let chunk = 8
    let panels = (Int(sizes.results) + 15) / 16
    let size = WorkSize(groups: panels, (Int(sizes.channels) + chunk - 1) / chunk)
    try backend.launch(filter, over: size) { list in
      list.add(MemoryArgument(call.bindings[1], of: .float32))
      list.add(MemoryArgument(workspace, of: .float32))
      list.add(sizes)
      list.add(Int32(chunk))
    }
    try backend.launch(main, over: WorkSize(groups: workers)) { list in
      producer.bind(to: &list, call)
      list.add(MemoryArgument(call.bindings[0], of: .float32))
      list.add(MemoryArgument(workspace, of: .float32))
      list.add(MemoryArgument(producer.result(of: call), of: producer.resultType))
      list.add(MemoryArgument(workspace, of: .float32, offset: packedCount))
      list.add(sizes)
      list.add(Int32(Winograd.blockTiles))
    }
  }
}

/// The launches of Winograd's algorithm for the gradient of the filter.
final class WinogradFilterGradient: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let sizes: WinogradArguments
  private let main: KernelFunction
  private let sum: KernelFunction
  private let chunks: Int, chunkTiles: Int
  private let workers: Int
  private let sumCount: Int
  let workspaceByteCount: Int

  init(_ backend: OpenCLBackend, _ convolution: Convolution) throws(TensorError) {
    self.backend = backend
    sizes = WinogradArguments(try ConvolutionSizes(convolution), isTurned: false)
    let (tiles, block) = (sizes.tiles, Winograd.blockTiles)
    // By the geometry alone, so that a sum's bits do not depend on the device.
    let blocks = sizes.blocks * sizes.resultBlocks
    let wanted = max(1, min((8 + blocks - 1) / blocks, tiles / (2 * block)))
    chunkTiles = ((tiles + wanted - 1) / wanted + block - 1) / block * block
    chunks = (tiles + chunkTiles - 1) / chunkTiles
    workers = min(blocks * chunks, 2 * backend.information.computeUnits)
    sumCount = chunks * blocks * Winograd.positions * 64 * 64
    workspaceByteCount = (sumCount + workers * Winograd.positions * block * 128) * 4
    let law = ProducerText(.float32, nil, resultCount: 1, lineLength: 1).head
    let source = ProgramSource(
      "winograd_filter", law + KernelText.matmul + KernelText.winograd + KernelText.winogradFilter)
    main = try backend.programs.kernel("winograd_filter_gradient", of: source, groupSize: 1)
    sum = try backend.programs.kernel("winograd_filter_gradient_sum", of: source, groupSize: 1)
  }

  func run(_ call: Call) throws(TensorError) {
    let workspace = try workspace(of: call)
    try backend.launch(main, over: WorkSize(groups: workers)) { list in
      list.add(MemoryArgument(call.bindings[0], of: .float32))
      list.add(MemoryArgument(call.bindings[1], of: .float32))
      list.add(MemoryArgument(workspace, of: .float32))
      list.add(MemoryArgument(workspace, of: .float32, offset: sumCount))
      list.add(sizes)
      list.add(Int32(Winograd.blockTiles))
      list.add(Int32(chunkTiles))
      list.add(Int32(chunks))
    }
    try backend.launch(sum, over: WorkSize(groups: Int(sizes.channels))) { list in
      list.add(MemoryArgument(workspace, of: .float32))
      list.add(MemoryArgument(call.bindings[2], of: .float32))
      list.add(sizes)
      list.add(Int32(chunks))
    }
  }
}
