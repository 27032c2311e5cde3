/// What windows over images `[batch, rows, columns, channels]` see, copied out one window after the
/// other, `[batch, windows, windows, taps · taps · channels]`; and the other way, added up.
package struct Patches: Hashable, Sendable {
  package let type: ScalarType
  package let batch: Int, channels: Int
  package let rows: Window, columns: Window

  package init(_ type: ScalarType, batch: Int, rows: Window, columns: Window, channels: Int) {
    self.type = type
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.channels = channels
  }

  package var inputShape: Shape { [batch, rows.input, columns.input, channels] }

  /// A row of it overflows nothing that memory could hold; whoever makes it validates the shape.
  package var outputShape: Shape {
    let (taps, overflow) = rows.taps.multipliedReportingOverflow(by: columns.taps)
    let (length, overflows) = taps.multipliedReportingOverflow(by: channels)
    return [batch, rows.output, columns.output, overflow || overflows ? .max : length]
  }

  package var label: String {
    "\(rows.taps) × \(columns.taps) of \(inputShape)"
  }
}
