/// The largest values of windows over images `[batch, rows, columns, channels]`, channels last. One
/// spatial axis is a single row.
///
/// Four passes share it: the largest values, where they are ("winners"), their gradient, which
/// spreads values to the winners, and the gradient of that, which picks the winners' values.
package struct Pooling: Hashable, Sendable {
  package let type: ScalarType
  package let batch: Int, channels: Int
  package let rows: Span, columns: Span
  /// Whether winners are int32 indices into the plane of rows and columns. Else they are bytes that
  /// count positions, row-major, from the first that the window sees.
  package let countsInPlane: Bool

  /// - Parameter countsInPlane: whether winners are to be indices into the plane; they are anyway
  ///   where a byte cannot count the window's positions.
  package init(
    _ type: ScalarType, batch: Int, rows: Span, columns: Span, channels: Int,
    countsInPlane: Bool
  ) {
    self.type = type
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.countsInPlane = countsInPlane || rows.width * columns.width > 256
  }

  package var inputShape: Shape { [batch, rows.input, columns.input, channels] }
  package var outputShape: Shape { [batch, rows.output, columns.output, channels] }
  package var winnerType: ScalarType { countsInPlane ? .int32 : .uint8 }

  package var label: String {
    "[\(batch), \(rows.input), \(columns.input), \(channels)] to "
      + "[\(rows.output), \(columns.output)]"
  }
}

/// Sums with weights along both spatial axes of images `[batch, rows, columns, channels]`: averages
/// of windows and cells, images of another size, and the gradients of these.
package struct Resampling: Hashable, Sendable {
  package let type: ScalarType
  package let batch: Int, channels: Int
  package let rows: Span, columns: Span
  /// Whether it goes the other way: from results to what they are made of.
  package let isTransposed: Bool

  package init(
    _ type: ScalarType, batch: Int, rows: Span, columns: Span, channels: Int,
    isTransposed: Bool = false
  ) {
    self.type = type
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.channels = channels
    self.isTransposed = isTransposed
  }

  package var transposed: Resampling {
    Resampling(
      type, batch: batch, rows: rows, columns: columns, channels: channels,
      isTransposed: !isTransposed)
  }

  /// Extents of what is read and of what is made.
  package var input: (rows: Int, columns: Int) {
    isTransposed ? (rows.output, columns.output) : (rows.input, columns.input)
  }
  package var output: (rows: Int, columns: Int) {
    isTransposed ? (rows.input, columns.input) : (rows.output, columns.output)
  }

  package var outputShape: Shape { [batch, output.rows, output.columns, channels] }

  /// What each result is made of along either axis.
  package var tables: (rows: SpanTable, columns: SpanTable) {
    isTransposed ? (rows.owners, columns.owners) : (rows.table, columns.table)
  }

  package var label: String {
    "[\(batch), \(input.rows), \(input.columns), \(channels)] to "
      + "[\(output.rows), \(output.columns)]"
  }
}
