internal import Backends
internal import Geometry

/// What local memory holds of an implicit product.
private struct Block {
  let rows: Int, columns: Int, inner: Int

  func defines(_ panelClass: Int) -> String {
    """
    #define PANEL_CLASS \(panelClass)
    #define SUMS __local
    #define TILE_ROWS \(rows)
    #define TILE_COLUMNS \(columns)
    #define INNER_BLOCK \(inner)

    """
  }
}

/// The launches of a convolution as an implicit product, on CPUs.
final class ConvolutionTiles: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gathers: [Gather]
  private let groups: Int
  private let block: Block
  private let panelClass: Int
  private let panels: ConvolutionPanels
  private let tiles: KernelFunction
  let workspaceByteCount: Int

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ gathers: [Gather], _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    self.gathers = gathers
    producer = ProducerText(convolution, pass, epilogue)
    groups = convolution.groups
    let valueBytes = convolution.type.sumType.byteCount
    block =
      [
        Block(rows: 96, columns: 192, inner: 256), Block(rows: 48, columns: 96, inner: 128),
      ].first {
        $0.rows * ($0.inner + $0.columns) * valueBytes <= backend.information.localMemoryBytes
      } ?? Block(rows: 24, columns: 96, inner: 32)
    panelClass = ConvolutionPanels.panelClass(gathers[0].results)
    panels = try ConvolutionPanels(backend, pass, convolution, panelClass: panelClass)
    workspaceByteCount = panels.byteCount(gathers, channels: Int(gathers[0].channels))
    let text =
      producer.head + block.defines(panelClass) + ConvolutionPanels.texts
      + KernelText.convolutionCPU
    tiles = try backend.programs.kernel(
      "convolution_tiles", of: ProgramSource("convolution_tiles", text), groupSize: 1)
  }

  func run(_ call: Call) throws(TensorError) {
    let result = producer.result(of: call)
    // Without taps nothing is packed, and nothing read.
    let packed = workspaceByteCount > 0 ? try workspace(of: call) : result
    for gather in gathers where gather.windows > 0 {
      try panels.run(gather, call.bindings[1], to: packed, channels: Int(gather.channels))
      let (rows, columns) = cut(gather)
      let size = WorkSize(
        groups: (Int(gather.results) + columns - 1) / columns, (gather.windows + rows - 1) / rows,
        groups)
      try backend.launch(tiles, over: size) { list in
        producer.bind(to: &list, call)
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(packed, of: producer.type.sumType))
        list.add(MemoryArgument(result, of: producer.resultType))
        list.add(gather)
        list.add(Int32(rows))
        list.add(Int32(columns))
      }
    }
  }

  /// Tiles for all compute units: at least four each, where that leaves them large enough.
  private func cut(_ gather: Gather) -> (rows: Int, columns: Int) {
    let columns = panelClass < 32 ? panelClass : block.columns
    let across = (Int(gather.results) + columns - 1) / columns * groups
    let wanted = (4 * backend.information.computeUnits + across - 1) / across
    let share = (gather.windows + wanted - 1) / wanted
    let unit = ConvolutionPanels.rowUnit
    return (max(unit, min(block.rows, (share + unit - 1) / unit * unit)), columns)
  }
}

/// The launches of the gradient of a filter as an implicit product, on CPUs.
///
/// The windows are cut into pieces that are summed apart and added in ascending order. The geometry
/// alone decides about pieces, so that a sum's bits do not depend on the device.
final class FilterGradientTiles: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gather: Gather
  private let groups: Int
  private let tile: Block
  private let pieces: Int, pieceWindows: Int
  private let tiles: KernelFunction
  private let sum: PieceSum?
  let workspaceByteCount: Int

  init(_ backend: OpenCLBackend, _ convolution: Convolution, _ gather: Gather) throws(TensorError) {
    self.backend = backend
    self.gather = gather
    let shape = convolution.filterShape
    producer = ProducerText(convolution, .filterGradient, nil)
    groups = convolution.groups
    let valueBytes = convolution.type.sumType.byteCount
    let panelClass = ConvolutionPanels.panelClass(gather.results)
    let block =
      [
        Block(rows: 192, columns: 96, inner: 128), Block(rows: 96, columns: 96, inner: 64),
      ].first {
        ($0.rows * $0.inner + ($0.rows + $0.inner) * $0.columns) * valueBytes
          <= backend.information.localMemoryBytes
      } ?? Block(rows: 24, columns: 96, inner: 8)
    let unit = ConvolutionPanels.rowUnit
    tile = Block(
      rows: min(block.rows, (gather.patch + unit - 1) / unit * unit),
      columns: panelClass < 32 ? panelClass : block.columns, inner: block.inner)
    if gather.channels <= FewChannels.most {
      // The pieces of a slab in local memory, which not every device has room for.
      let lines = LinePieces(gather)
      (pieces, pieceWindows) = (lines.count, lines.lines * Int(gather.across))
    } else {
      let (most, width) = (192, 96)
      let count =
        (gather.patch + most - 1) / most * ((Int(gather.results) + width - 1) / width) * groups
      let wanted = max(1, min((16 + count - 1) / count, gather.windows / 256))
      let share = max(1, (gather.windows + wanted - 1) / wanted)
      pieceWindows = (share + 127) / 128 * 128
      pieces = max(1, (gather.windows + pieceWindows - 1) / pieceWindows)
    }
    workspaceByteCount = pieces == 1 ? 0 : pieces * shape.count * valueBytes
    let text =
      producer.head + "#define FILTER_GRADIENT\n" + block.defines(panelClass)
      + ConvolutionPanels.texts + KernelText.convolutionCPU
    tiles = try backend.programs.kernel(
      "convolution_tiles", of: ProgramSource("convolution_tiles", text), groupSize: 1)
    sum =
      pieces == 1
      ? nil
      : try PieceSum(backend, producer, count: shape.count, columns: shape.last, pieces: pieces)
  }

  func run(_ call: Call) throws(TensorError) {
    let result = call.bindings[2]
    let partial = pieces == 1 ? result : try workspace(of: call)
    let size = WorkSize(
      groups: (Int(gather.results) + tile.columns - 1) / tile.columns,
      (gather.patch + tile.rows - 1) / tile.rows, groups * pieces)
    try backend.launch(tiles, over: size) { list in
      list.add(MemoryArgument(call.bindings[0], of: producer.type))
      list.add(MemoryArgument(call.bindings[1], of: producer.type))
      list.add(MemoryArgument(result, of: producer.resultType))
      list.add(MemoryArgument(partial, of: producer.type.sumType))
      list.add(gather)
      for number in [tile.rows, tile.columns, tile.inner, pieceWindows, pieces] {
        list.add(Int32(number))
      }
    }
    try sum?.run(partial, to: result)
  }
}
