internal import Backends
internal import Geometry

/// The launches of a convolution, or of its gradients, as an implicit product, on GPUs.
final class GPUConvolution: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let convolution: Convolution
  private let pass: ConvolutionPass
  private let gathers: [Gather]
  private let tile: MatrixProductPlan.Tile
  /// What the windows are cut into for the gradient of the filter, by the geometry alone.
  private let pieces: Int, pieceWindows: Int
  private let main: KernelFunction
  private let aligned: KernelFunction?
  private let sum: PieceSum?
  let workspaceByteCount: Int

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ gathers: [Gather], _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    self.pass = pass
    self.convolution = convolution
    self.gathers = gathers
    producer = ProducerText(convolution, pass, epilogue)
    let gather = gathers[0]
    let isFilter = pass == .filterGradient
    let shape = convolution.filterShape
    let rows = isFilter ? gather.patch : gather.windows
    let tiles =
      (rows + 63) / 64 * ((Int(gather.results) + 63) / 64) * convolution.groups * gathers.count
    let wanted = isFilter && tiles < 128 ? min((256 + tiles - 1) / tiles, gather.windows / 256) : 1
    let share = (gather.windows + max(1, wanted) - 1) / max(1, wanted)
    pieceWindows = max(16, (share + 15) / 16 * 16)
    pieces = isFilter ? max(1, (gather.windows + pieceWindows - 1) / pieceWindows) : 1
    let size = TuningSize(
      .convolution, rows: rows, columns: Int(gather.results),
      inner: isFilter ? gather.windows : gather.patch, matrices: convolution.groups)
    let usual = MatrixProductPlan.tile(
      rows: rows, columns: Int(gather.results),
      matrices: convolution.groups * gathers.count * pieces, convolution.type.sumType,
      backend.information)
    if convolution.type == .float32,
      case .tile(let chosen) = backend.tuning.choice(for: size)?.cut
    {
      tile = chosen
    } else {
      tile = usual
    }
    workspaceByteCount =
      pieces == 1 ? 0 : pieces * shape.count * convolution.type.sumType.byteCount
    let items = tile.items
    let head = producer.head + tile.defines + Self.define(pass)
    func kernel(_ defines: String) throws(TensorError) -> KernelFunction {
      let texts =
        KernelText.matmul + KernelText.matmulGPU + KernelText.convolutionGather
        + KernelText.convolutionGPU
      return try backend.programs.kernel(
        "convolution_tiles", of: ProgramSource("convolution_tiles", head + defines + texts),
        groupSize: items)
    }
    main = try kernel("")
    // Fours of channels, and of results, lie at multiples of four.
    var defines = ""
    if convolution.type == .float32 {
      if gather.channels % 4 == 0 { defines += "#define IMAGE_ALIGNED\n" }
      if gather.results % 4 == 0 { defines += "#define ALIGNED\n" }
    }
    aligned = defines.isEmpty ? nil : try kernel(defines)
    sum =
      pieces == 1
      ? nil
      : try PieceSum(backend, producer, count: shape.count, columns: shape.last, pieces: pieces)
  }

  private static func define(_ pass: ConvolutionPass) -> String {
    switch pass {
    case .forward: "#define CONVOLVES\n"
    case .inputGradient: "#define CONVOLVES\n#define INPUT_GRADIENT\n"
    case .filterGradient: "#define CONVOLVES\n#define FILTER_GRADIENT\n"
    }
  }

  func run(_ call: Call) throws(TensorError) {
    let result = producer.result(of: call)
    let areAligned = [call.bindings[0], call.bindings[1]].allSatisfy { $0.byteOffset % 16 == 0 }
    let function = areAligned ? aligned ?? main : main
    let partial = pieces == 1 ? result : try workspace(of: call)
    for gather in gathers where gather.windows > 0 {
      let rows = pass == .filterGradient ? gather.patch : gather.windows
      let size = WorkSize(
        groups: (rows + tile.rows - 1) / tile.rows,
        (Int(gather.results) + tile.columns - 1) / tile.columns, convolution.groups * pieces,
        of: (tile.items, 1, 1))
      try backend.launch(function, over: size) { list in
        producer.bind(to: &list, call)
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(call.bindings[1], of: producer.type))
        list.add(MemoryArgument(result, of: producer.resultType))
        if pass == .filterGradient {
          list.add(MemoryArgument(partial, of: producer.type.sumType))
        }
        list.add(gather)
        if pass == .filterGradient {
          list.add(Int32(pieceWindows))
          list.add(Int32(pieces))
        }
      }
    }
    try sum?.run(partial, to: result)
  }
}
