internal import Backends
internal import Geometry

/// What convolutions of images with few channels keep in local memory, on CPUs.
struct FewChannels {
  static let most: Int32 = 16, mostResults: Int32 = 128, mostStride: Int32 = 4

  /// Elements of local memory for each of image, gradient and sums.
  private let slab: Int
  /// Channels of a position, the ones behind the last 0.
  let pitch: Int
  /// How many lines of windows are computed at once.
  private(set) var lines: Int
  private let isLinear: Bool
  private let windowPitch: Int

  /// Nil if the gather does not suit, or local memory is too small.
  init?(_ gather: Gather, _ pass: ConvolutionPass, _ backend: OpenCLBackend, _ type: ScalarType) {
    let isFilter = pass == .filterGradient
    let local = backend.information.localMemoryBytes
    slab = [12288, 2048].first { 3 * $0 * 4 <= local } ?? 0
    guard type.sumType.byteCount == 4, gather.channels <= Self.most, gather.channels > 0,
      gather.results <= Self.mostResults,
      gather.phasesDown * gather.phasesAcross == 1, gather.taps > 0,
      gather.strideAcross <= Self.mostStride, !isFilter || gather.stepAcross == 1
    else { return nil }
    pitch = [1, 2, 3, 4, 6, 8, 12].first { $0 >= Int(gather.channels) } ?? 16
    let (across, stride) = (Int(gather.across), Int(gather.strideAcross))
    let (tapsDown, tapsAcross) = (Int(gather.tapsDown), Int(gather.tapsAcross))
    isLinear = gather.strideDown == 1 && gather.strideAcross == 1
    windowPitch = pitch * stride
    let width = (across - 1) * stride + (tapsAcross - 1) * Int(gather.stepAcross) + 1
    // What is cleared behind the last row, because the last windows read it.
    let beyond = ConvolutionPanels.rowUnit * stride + (isLinear ? width : 0) + 16 + tapsAcross
    let rows = slab / pitch - beyond
    guard rows >= width else { return nil }
    lines = (rows / width - (tapsDown - 1) * Int(gather.stepDown) - 1) / Int(gather.strideDown) + 1
    lines = min(lines, 8, Int(gather.down))
    if isFilter {
      let panel = ConvolutionPanels.panelClass(gather.results)
      let columns =
        panel < 32
        ? panel : (Int(gather.results) + panel - 1) / panel * panel + ConvolutionPanels.most
      lines = min(lines, slab / (width * columns))
      guard tapsDown * (tapsAcross * pitch + 7) / 8 * 8 * columns <= slab else { return nil }
    }
    guard lines > 0, rows / width >= (tapsDown - 1) * Int(gather.stepDown) + 1 else { return nil }
  }

  func text(_ panelClass: Int) -> String {
    """
    #define PANEL_CLASS \(panelClass)
    #define SUMS __local
    #define PITCH \(pitch)
    #define WINDOW_PITCH \(windowPitch)
    #define IS_LINEAR \(isLinear ? 1 : 0)
    #define SLAB \(slab)

    """ + ConvolutionPanels.texts + KernelText.convolutionFew
  }
}

/// The launches of a convolution of images with few channels, on CPUs.
final class FewChannelConvolution: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gathers: [Gather]
  private let parts: [FewChannels]
  private let groups: Int
  private let panels: ConvolutionPanels
  private var kernels: [KernelFunction] = []
  let workspaceByteCount: Int

  /// - Parameter parts: one for each gather.
  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ gathers: [Gather], _ parts: [FewChannels], _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    self.gathers = gathers
    self.parts = parts
    producer = ProducerText(convolution, pass, epilogue)
    groups = convolution.groups
    let panelClass = ConvolutionPanels.panelClass(gathers[0].results)
    panels = try ConvolutionPanels(backend, pass, convolution, panelClass: panelClass)
    workspaceByteCount = panels.byteCount(gathers, channels: parts[0].pitch)
    for part in parts {
      kernels.append(
        try backend.programs.kernel(
          "convolution_few",
          of: ProgramSource("convolution_few", producer.head + part.text(panelClass)), groupSize: 1)
      )
    }
  }

  func run(_ call: Call) throws(TensorError) {
    let packed = try workspace(of: call)
    for (index, gather) in gathers.enumerated() where gather.windows > 0 {
      let part = parts[index]
      try panels.run(gather, call.bindings[1], to: packed, channels: part.pitch)
      let tiles = (Int(gather.down) + part.lines - 1) / part.lines
      let size = WorkSize(groups: Int(gather.batch) * tiles, groups)
      try backend.launch(kernels[index], over: size) { list in
        producer.bind(to: &list, call)
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(packed, of: producer.type.sumType))
        list.add(MemoryArgument(producer.result(of: call), of: producer.resultType))
        list.add(gather)
        list.add(Int32(part.lines))
      }
    }
  }
}

/// The launches of the gradient of the filter of such a convolution.
final class FewChannelFilterGradient: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gather: Gather
  private let lines: Int
  private let groups: Int
  private let pieces: LinePieces
  private let main: KernelFunction
  private let sum: PieceSum?
  let workspaceByteCount: Int

  init(
    _ backend: OpenCLBackend, _ convolution: Convolution, _ gather: Gather, _ part: FewChannels
  ) throws(TensorError) {
    self.backend = backend
    self.gather = gather
    lines = part.lines
    groups = convolution.groups
    producer = ProducerText(convolution, .filterGradient, nil)
    let shape = convolution.filterShape
    pieces = LinePieces(gather)
    workspaceByteCount =
      pieces.count == 1 ? 0 : pieces.count * shape.count * convolution.type.sumType.byteCount
    let text =
      producer.head + "#define FILTER_GRADIENT\n"
      + part.text(ConvolutionPanels.panelClass(gather.results))
    main = try backend.programs.kernel(
      "convolution_few_filter_gradient", of: ProgramSource("convolution_few", text), groupSize: 1)
    sum =
      pieces.count == 1
      ? nil
      : try PieceSum(
        backend, producer, count: shape.count, columns: shape.last, pieces: pieces.count)
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.bindings[2]
    let partial = pieces.count == 1 ? result : try workspace(of: call)
    try backend.launch(main, over: WorkSize(groups: pieces.count, groups)) { list in
      list.add(MemoryArgument(call.bindings[0], of: producer.type))
      list.add(MemoryArgument(call.bindings[1], of: producer.type))
      list.add(MemoryArgument(result, of: producer.resultType))
      list.add(MemoryArgument(partial, of: producer.type.sumType))
      list.add(gather)
      for number in [lines, pieces.lines, pieces.count] { list.add(Int32(number)) }
    }
    try sum?.run(partial, to: result)
  }
}

/// Lines of windows in pieces that are summed apart: by the geometry alone.
struct LinePieces {
  let count: Int, lines: Int

  init(_ gather: Gather, most: Int = 32) {
    let all = Int(gather.batch) * Int(gather.down)
    let wanted = max(1, min(most, all / 8))
    lines = max(1, (all + wanted - 1) / wanted)
    count = max(1, (all + lines - 1) / lines)
  }
}
