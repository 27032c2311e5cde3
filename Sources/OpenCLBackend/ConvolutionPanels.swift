internal import Backends
internal import Geometry

/// The filter as convolutions on CPUs multiply by it: panels of neighbouring results.
final class ConvolutionPanels {
  private let backend: OpenCLBackend
  private let type: ScalarType
  private let groups: Int
  private let function: KernelFunction

  /// How wide panels are made: for at most 8 results, for at most 16, or for more.
  static func panelClass(_ results: Int32) -> Int { results <= 8 ? 8 : results <= 16 ? 16 : 32 }
  /// Panels of whatever device reach less than this beyond the results.
  static let most = 32
  /// Multiples of what panels have, whatever the registers of the device.
  static let rowUnit = 24, columnUnit = 96

  static let texts = KernelText.matmul + KernelText.convolutionGather + KernelText.convolutionPanels

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution, panelClass: Int
  ) throws(TensorError) {
    self.backend = backend
    type = convolution.type
    groups = convolution.groups
    let head = ProducerText(type, nil, resultCount: 1, lineLength: 1).head
    let direction = pass == .inputGradient ? "#define INPUT_GRADIENT\n" : ""
    function = try backend.programs.kernel(
      "convolution_pack",
      of: ProgramSource(
        "convolution_pack",
        head + direction + "#define PACKS\n#define PANEL_CLASS \(panelClass)\n" + Self.texts),
      groupSize: 1)
  }

  /// The bytes that the largest of these gathers needs, with so many channels a tap.
  func byteCount(_ gathers: [Gather], channels: Int) -> Int {
    let counts = gathers.map { $0.taps * channels * (Int($0.results) + Self.most) }
    return groups * (counts.max() ?? 0) * type.sumType.byteCount
  }

  func run(_ gather: Gather, _ filter: Binding, to packed: Binding, channels: Int)
    throws(TensorError)
  {
    guard gather.taps > 0 else { return }
    let results = Int(gather.results)
    // Enough for the narrowest panels of a class; what is too much returns at once.
    let narrowest = min(Self.panelClass(gather.results), 16)
    let panels = (results + narrowest - 1) / narrowest
    try backend.launch(function, over: WorkSize(groups: panels * gather.taps, groups)) { list in
      list.add(MemoryArgument(filter, of: type))
      list.add(MemoryArgument(packed, of: type.sumType))
      list.add(gather)
      list.add(Int32(channels))
    }
  }
}

/// Adds sums over pieces, in ascending order.
final class PieceSum {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let function: KernelFunction
  private let count: Int, columns: Int, pieces: Int

  init(
    _ backend: OpenCLBackend, _ producer: ProducerText, count: Int, columns: Int, pieces: Int
  ) throws(TensorError) {
    self.backend = backend
    self.producer = producer
    (self.count, self.columns, self.pieces) = (count, columns, pieces)
    function = try backend.programs.kernel(
      "matmul_sum",
      of: ProgramSource(
        "matmul_sum", producer.head + "#define ADDS_PIECES\n" + KernelText.matmul),
      groupSize: backend.flavour == .cpu ? 1 : 64)
  }

  func run(_ partial: Binding, to result: Binding) throws(TensorError) {
    let isCPU = backend.flavour == .cpu
    let chunk = isCPU ? backend.chunk(of: count, cost: pieces) : 1
    let items = isCPU ? 1 : 64
    let groups = (count + chunk * items - 1) / (chunk * items)
    try backend.launch(function, over: WorkSize(groups: groups, of: (items, 1, 1))) { list in
      list.add(MemoryArgument(result, of: producer.resultType))
      list.add(MemoryArgument(partial, of: producer.type.sumType))
      list.add(Int64(count))
      list.add(Int32(columns))
      list.add(Int32(pieces))
      list.add(Int32(chunk))
    }
  }
}
