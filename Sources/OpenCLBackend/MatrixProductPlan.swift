internal import Backends
internal import Geometry

/// How a matrix product is computed.
///
/// What decides about the order of sums, the method and the pieces of the inner axis, follows from
/// the geometry alone; the tiles, which decide about speed only, also from the device.
struct MatrixProductPlan {
  enum Method {
    /// Tiles of the result.
    case tiles
    /// Sums of products along lines that lie contiguous in memory. Not swapped, the many lines are
    /// those of the left operand; swapped, those of the right one.
    case dots(isSwapped: Bool)
  }

  /// A tile of a group of a GPU, and the block of it that one item computes.
  struct Tile: Hashable, Sendable {
    let rows: Int, columns: Int, inner: Int
    let itemRows: Int, itemColumns: Int

    var items: Int { rows / itemRows * (columns / itemColumns) }

    var defines: String {
      """
      #define TILE_ROWS \(rows)
      #define TILE_COLUMNS \(columns)
      #define TILE_INNER \(inner)
      #define ITEM_ROWS \(itemRows)
      #define ITEM_COLUMNS \(itemColumns)

      """
    }

    func localBytes(_ type: ScalarType) -> Int {
      2 * inner * (rows + columns + 8) * type.byteCount
    }

    /// Whether a device has room for a group of it.
    func fits(_ type: ScalarType, _ information: DeviceInformation) -> Bool {
      items <= information.maximumWorkGroup && localBytes(type) <= information.localMemoryBytes
        && (type.byteCount == 4 || rows <= 64)
    }
  }

  /// What a work item of a CPU computes at most, and how deep it packs its operands.
  struct Block: Hashable, Sendable {
    let leftRows: Int, inner: Int

    /// Multiples of what panels have, and the most that one has, whatever the registers of the
    /// device.
    static let panelRows = 12, panelColumns = 32

    func localBytes(_ type: ScalarType) -> Int {
      (leftRows + Self.panelColumns) * inner * type.byteCount
    }
  }

  let method: Method
  /// How many pieces the inner axis is cut into, and their length.
  let pieces: Int, innerPiece: Int
  let block: Block
  let tile: Tile
  /// What one work item of a CPU computes.
  private(set) var tileRows: Int, tileColumns: Int

  /// - Parameter choice: the cut that is fastest on the device, where that has been measured.
  init(
    _ product: MatrixProduct, on information: DeviceInformation, flavour: OpenCLBackend.Flavour,
    choice: TileChoice? = nil
  ) {
    let method = Self.method(product)
    let (rows, columns) = (product.rows, product.columns)
    let isCPU = flavour == .cpu
    let many: Int
    switch method {
    case .tiles:
      many =
        isCPU
        ? (rows + 47) / 48 * ((columns + 95) / 96) : (rows + 63) / 64 * ((columns + 63) / 64)
    case .dots: many = (max(rows, columns) + 7) / 8
    }
    let pieces = Self.pieces(
      product, groups: many * product.batchCount, enough: isCPU ? 8 : 128,
      shortest: isCPU ? 2048 : 512)
    innerPiece =
      pieces == 1 ? max(product.inner, 1) : ((product.inner + pieces - 1) / pieces + 31) / 32 * 32
    self.pieces = max(1, (product.inner + innerPiece - 1) / innerPiece)
    self.method = method
    let valueType = product.type.sumType
    var (block, tilesPerUnit) = (
      [
        Block(leftRows: 264, inner: 256), Block(leftRows: 264, inner: 128),
        Block(leftRows: 96, inner: 64), Block(leftRows: 96, inner: 32),
      ].first { $0.localBytes(valueType) <= information.localMemoryBytes }
        ?? Block(leftRows: 48, inner: 16), 4
    )
    var tile = Self.tile(
      rows: rows, columns: columns, matrices: product.batchCount * self.pieces, valueType,
      information)
    switch choice?.cut {
    case .tile(let chosen): tile = chosen
    case .block(let chosen, let share): (block, tilesPerUnit) = (chosen, share)
    case nil: break
    }
    self.block = block
    self.tile = tile
    tileRows = 0
    tileColumns = 0
    if isCPU { cut(product, units: information.computeUnits, tilesPerUnit) }
  }

  /// Sums along lines pay where one operand has but a few, and both lie contiguous along them.
  private static func method(_ product: MatrixProduct) -> Method {
    guard product.type == .float32, product.inner >= 32 else { return .tiles }
    let (left, right) = (product.left, product.right)
    let leftRuns = !left.isTransposed || (product.rows == 1 && left.leading == 1)
    let rightRuns = right.isTransposed || (product.columns == 1 && right.leading == 1)
    guard leftRuns, rightRuns else { return .tiles }
    if product.columns <= 4, product.rows >= product.columns { return .dots(isSwapped: false) }
    return product.rows <= 4 ? .dots(isSwapped: true) : .tiles
  }

  /// - Parameters:
  ///   - enough: so many groups of work items need no more.
  ///   - shortest: what a piece should have at least.
  private static func pieces(
    _ product: MatrixProduct, groups: Int, enough: Int, shortest: Int
  ) -> Int {
    guard groups < enough, product.inner >= 2 * shortest, product.batch.count <= 2 else { return 1 }
    return min(product.inner / shortest, (2 * enough + groups - 1) / groups)
  }

  /// The largest tile of which there are enough to give every compute unit one.
  static func tile(
    rows: Int, columns: Int, matrices: Int, _ type: ScalarType, _ information: DeviceInformation
  ) -> Tile {
    let tiles = [
      Tile(rows: 128, columns: 128, inner: 16, itemRows: 8, itemColumns: 8),
      Tile(rows: 128, columns: 128, inner: 8, itemRows: 8, itemColumns: 8),
      Tile(rows: 64, columns: 64, inner: 16, itemRows: 4, itemColumns: 4),
      Tile(rows: 64, columns: 64, inner: 8, itemRows: 8, itemColumns: 4),
    ]
    let smallest = Tile(rows: 32, columns: 32, inner: 8, itemRows: 4, itemColumns: 4)
    return tiles.first { tile in
      let groups =
        (rows + tile.rows - 1) / tile.rows * ((columns + tile.columns - 1) / tile.columns)
        * matrices
      return groups >= information.computeUnits && tile.fits(type, information)
    } ?? smallest
  }

  /// Cuts the result for the compute units of a CPU: at least so many tiles each, four if nothing
  /// has been measured, where that leaves them large enough.
  private mutating func cut(_ product: MatrixProduct, units: Int, _ tilesPerUnit: Int) {
    if case .dots = method {
      let lines = max(product.rows, product.columns)
      let least = max(1, 16384 / innerPiece)
      tileRows = max(least, (lines + 4 * units - 1) / (4 * units))
      return
    }
    func share(_ extent: Int, _ parts: Int, _ unit: Int) -> Int {
      ((extent + parts - 1) / parts + unit - 1) / unit * unit
    }
    var down = (product.rows + block.leftRows - 1) / block.leftRows
    var across = (product.columns + 511) / 512
    while true {
      tileRows = share(product.rows, down, Block.panelRows)
      tileColumns = share(product.columns, across, Block.panelColumns)
      let matrices = product.batchCount * pieces
      if down * across * matrices >= tilesPerUnit * units { return }
      // Halves of anything smaller would not be worth the way to another core.
      if min(tileRows, product.rows) * min(tileColumns, product.columns) * innerPiece < 1 << 18 {
        return
      }
      let isFlat = tileRows <= 2 * Block.panelRows
      if tileColumns > Block.panelColumns, tileColumns >= tileRows || isFlat {
        across += 1
      } else if tileRows > Block.panelRows {
        down += 1
      } else {
        return
      }
    }
  }
}

extension ScalarType {
  /// The type that products of this one are summed in.
  var sumType: ScalarType { self == .uint8 ? .int32 : computeType }
}
