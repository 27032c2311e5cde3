internal import Geometry

/// One of the ways in which a device can cut products; all give the same bits.
package struct TileChoice: Hashable, Sendable {
  enum Cut: Hashable, Sendable {
    /// Of a GPU: the tile of a group, and what one item has of it.
    case tile(MatrixProductPlan.Tile)
    /// Of a CPU: what is packed, and how many tiles there are for each compute unit.
    case block(MatrixProductPlan.Block, share: Int)
  }

  let cut: Cut

  /// `128x64x16/8x4` of a GPU, `264x256/4` of a CPU.
  package var name: String {
    switch cut {
    case .tile(let tile):
      "\(tile.rows)x\(tile.columns)x\(tile.inner)/\(tile.itemRows)x\(tile.itemColumns)"
    case .block(let block, let share): "\(block.leftRows)x\(block.inner)/\(share)"
    }
  }

  /// All that are tried on a device.
  static func candidates(
    _ flavour: OpenCLBackend.Flavour, on information: DeviceInformation
  ) -> [TileChoice] {
    switch flavour {
    case .gpu:
      tiles.filter { $0.fits(.float32, information) }.map { TileChoice(cut: .tile($0)) }
    case .cpu:
      blocks.filter { $0.block.localBytes(.float32) <= information.localMemoryBytes }
        .map { TileChoice(cut: .block($0.block, share: $0.share)) }
    }
  }

  // Of each as many items as take fours of both operands, all alike.
  private static let tiles: [MatrixProductPlan.Tile] = [
    .init(rows: 128, columns: 128, inner: 16, itemRows: 8, itemColumns: 8),
    .init(rows: 128, columns: 128, inner: 8, itemRows: 8, itemColumns: 8),
    .init(rows: 128, columns: 64, inner: 16, itemRows: 8, itemColumns: 4),
    .init(rows: 128, columns: 64, inner: 8, itemRows: 8, itemColumns: 8),
    .init(rows: 64, columns: 128, inner: 16, itemRows: 4, itemColumns: 8),
    .init(rows: 64, columns: 128, inner: 8, itemRows: 8, itemColumns: 8),
    .init(rows: 64, columns: 64, inner: 16, itemRows: 8, itemColumns: 8),
    .init(rows: 64, columns: 64, inner: 16, itemRows: 4, itemColumns: 4),
    .init(rows: 64, columns: 64, inner: 8, itemRows: 8, itemColumns: 4),
    .init(rows: 64, columns: 32, inner: 16, itemRows: 4, itemColumns: 4),
    .init(rows: 32, columns: 64, inner: 16, itemRows: 4, itemColumns: 4),
    .init(rows: 32, columns: 32, inner: 16, itemRows: 4, itemColumns: 4),
    .init(rows: 32, columns: 32, inner: 8, itemRows: 4, itemColumns: 4),
  ]

  private static let blocks: [(block: MatrixProductPlan.Block, share: Int)] = [
    (.init(leftRows: 264, inner: 256), 4), (.init(leftRows: 264, inner: 256), 2),
    (.init(leftRows: 264, inner: 256), 8), (.init(leftRows: 264, inner: 128), 4),
    (.init(leftRows: 132, inner: 256), 4),
  ]
}

/// What a product is like, as far as the choice of a cut goes.
package struct TuningSize: Hashable, Sendable {
  package enum Family: String, Sendable { case matmul, convolution }

  package let family: Family
  /// Of the matrix that a product gives; of a convolution windows and channels.
  package let rows: Int, columns: Int
  package let inner: Int
  /// How many products there are: the batch, or the groups of a convolution.
  package let matrices: Int

  package init(_ family: Family, rows: Int, columns: Int, inner: Int, matrices: Int = 1) {
    self.family = family
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.matrices = matrices
  }

  /// `matmul 64 x 1024x1024x512`: how many products of rows, columns and the summed index.
  package var name: String {
    "\(family.rawValue) \(matrices > 1 ? "\(matrices) x " : "")\(rows)x\(columns)x\(inner)"
  }

  package var operations: Double {
    2 * Double(rows) * Double(columns) * Double(inner) * Double(matrices)
  }

  /// How far sizes are apart, in doublings; nil if one says nothing of the other.
  func distance(to other: TuningSize) -> Double? {
    guard family == other.family else { return nil }
    func doublings(_ a: Int, _ b: Int) -> Double {
      var (low, high, count) = (Double(min(a, b)), Double(max(a, b)), 0.0)
      guard low > 0 else { return .infinity }
      while low * 2 <= high {
        low *= 2
        count += 1
      }
      return count + high / low - 1
    }
    let sides = [
      doublings(rows, other.rows), doublings(columns, other.columns),
      doublings(matrices, other.matrices),
    ]
    let depth = doublings(inner, other.inner)
    guard sides.allSatisfy({ $0 <= 1 }), depth <= 2 else { return nil }
    return sides.reduce(depth / 2, +)
  }
}
