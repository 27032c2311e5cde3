internal import Backends
internal import Geometry

/// The launches of a depthwise convolution with as many results as channels, or of its gradients.
final class DepthwiseConvolution: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gathers: [Gather]
  private let function: KernelFunction
  /// Whether a work item takes lines of windows; else it takes some channels of windows.
  private let takesLines: Bool
  private let isFilter: Bool
  private let pieces: LinePieces
  private let sum: PieceSum?
  let workspaceByteCount: Int

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ gathers: [Gather], _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    self.gathers = gathers
    producer = ProducerText(convolution, pass, epilogue)
    isFilter = pass == .filterGradient
    takesLines = backend.flavour == .cpu && convolution.type == .float32
    let shape = convolution.filterShape
    pieces = LinePieces(gathers[0])
    workspaceByteCount =
      isFilter ? pieces.count * shape.count * convolution.type.sumType.byteCount : 0
    let define: String
    switch pass {
    case .forward: define = ""
    case .inputGradient: define = "#define INPUT_GRADIENT\n"
    case .filterGradient: define = "#define FILTER_GRADIENT\n"
    }
    let text =
      producer.head + define + KernelText.matmul + KernelText.convolutionGather
      + KernelText.convolutionDepthwise
    function = try backend.programs.kernel(
      isFilter ? "convolution_depthwise_filter_gradient" : "convolution_depthwise",
      of: ProgramSource("convolution_depthwise", text), groupSize: backend.flavour == .cpu ? 1 : 64)
    sum =
      isFilter
      ? try PieceSum(
        backend, producer, count: shape.count, columns: shape.last, pieces: pieces.count) : nil
  }

  func run(_ call: Call) throws(TensorError) {
    let items = backend.flavour == .cpu ? 1 : 64
    let lanes = backend.flavour == .cpu ? 16 : 1
    if isFilter {
      let gather = gathers[0]
      let channels = Int(gather.pitch)
      let units = takesLines ? (channels + 127) / 128 : (channels + lanes - 1) / lanes * gather.taps
      let count = units * pieces.count
      let partial = try workspace(of: call)
      let size = WorkSize(groups: (count + items - 1) / items, of: (items, 1, 1))
      try backend.launch(function, over: size) { list in
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(call.bindings[1], of: producer.type))
        list.add(MemoryArgument(partial, of: producer.type.sumType))
        list.add(gather)
        list.add(Int32(pieces.lines))
        list.add(Int32(pieces.count))
      }
      try sum?.run(partial, to: call.bindings[2])
      return
    }
    for gather in gathers where gather.windows > 0 {
      let count =
        takesLines
        ? Int(gather.batch) * Int(gather.down)
        : gather.windows * ((Int(gather.pitch) + lanes - 1) / lanes)
      let share = max(1, count / (8 * backend.information.computeUnits))
      let chunk = backend.flavour == .gpu ? 1 : takesLines ? min(8, share) : min(1024, share)
      let size = WorkSize(
        groups: (count + chunk * items - 1) / (chunk * items), of: (items, 1, 1))
      try backend.launch(function, over: size) { list in
        producer.bind(to: &list, call)
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(call.bindings[1], of: producer.type))
        list.add(MemoryArgument(producer.result(of: call), of: producer.resultType))
        list.add(gather)
        list.add(Int32(chunk))
      }
    }
  }
}
