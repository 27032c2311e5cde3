/// A convolution of images `[batch, rows, columns, channels]`, channels last, with filters
/// `[rows, columns, inputs / groups, outputs]`. One spatial axis is a single row.
///
/// The three passes share it: forward, the gradient of the input (which is the transposed
/// convolution), the gradient of the filter.
package struct Convolution: Hashable, Sendable {
  package let type: ScalarType
  package let batch: Int
  package let rows: Window, columns: Window
  /// Channels of the image, of the result, and into how many independent parts both are cut.
  package let inputs: Int, outputs: Int, groups: Int

  package init(
    _ type: ScalarType, batch: Int, rows: Window, columns: Window, inputs: Int, outputs: Int,
    groups: Int
  ) {
    self.type = type
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.inputs = inputs
    self.outputs = outputs
    self.groups = groups
  }

  package var inputShape: Shape { [batch, rows.input, columns.input, inputs] }
  package var filterShape: Shape { [rows.taps, columns.taps, inputs / groups, outputs] }
  package var outputShape: Shape { [batch, rows.output, columns.output, outputs] }

  package var isDepthwise: Bool { groups == inputs && groups > 1 }
  package var isPointwise: Bool {
    rows.taps == 1 && columns.taps == 1 && rows.stride == 1 && columns.stride == 1
      && rows.before + rows.after + columns.before + columns.after == 0 && groups == 1
  }

  /// The cost of one pass in additions and multiplications, padding counted.
  package var operations: Int {
    2 * batch * rows.output * columns.output * outputs * rows.taps * columns.taps * inputs / groups
  }
}
