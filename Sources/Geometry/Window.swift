/// What is added around the positions that a window slides over.
public enum Padding: Hashable, Sendable {
  /// Nothing: windows lie inside.
  case valid
  /// As much as gives `ceil(extent / stride)` windows, the odd one behind (TensorFlow's rule).
  case same
  /// As much before as keeps a window from seeing what comes after its position.
  case causal
  /// A count for each spatial axis.
  case explicit(before: [Int], after: [Int])

  /// A pair of counts, before and after, for each spatial axis.
  public static func explicit(_ pairs: [(Int, Int)]) -> Padding {
    .explicit(before: pairs.map(\.0), after: pairs.map(\.1))
  }
}

/// A window that slides along one spatial axis: of convolutions, pooling and patches.
package struct Window: Hashable, Sendable {
  /// The extent it slides over, without padding.
  package let input: Int
  /// The number of its taps, and the distance between them.
  package let taps: Int, dilation: Int
  /// The distance between neighbouring windows.
  package let stride: Int
  /// How many padded positions lie before the input and after it.
  package let before: Int, after: Int
  /// How many windows there are.
  package let output: Int

  /// From the first tap to the last.
  package var reach: Int { (taps - 1) * dilation + 1 }

  /// A window that sees each position alone.
  package static func pointwise(_ extent: Int) -> Window {
    Window(
      input: extent, taps: 1, dilation: 1, stride: 1, before: 0, after: 0, output: extent)
  }

  /// What positions are counted in has 32 bits on devices: sums of three of these must fit.
  private static let largest = 1 << 29

  private static func overflow(_ taps: Int, _ dilation: Int, _ stride: Int) -> String {
    "a window of \(taps) with dilation \(dilation) and stride \(stride) overflows"
  }

  private init(
    input: Int, taps: Int, dilation: Int, stride: Int, before: Int, after: Int, output: Int
  ) {
    self.input = input
    self.taps = taps
    self.dilation = dilation
    self.stride = stride
    self.before = before
    self.after = after
    self.output = output
  }

  /// - Parameters:
  ///   - axis: the spatial axis, counted from 0, for explicit padding and for messages.
  ///   - fail: makes the error of the operation from what is wrong.
  package init(
    over input: Int, taps: Int, stride: Int, dilation: Int, padding: Padding, axis: Int,
    orThrow fail: (String) -> TensorError
  ) throws(TensorError) {
    guard taps > 0 else { throw fail("a window of \(taps) along spatial axis \(axis) is empty") }
    guard stride > 0 else {
      throw fail("stride \(stride) along spatial axis \(axis) is not positive")
    }
    guard dilation > 0 else {
      throw fail("dilation \(dilation) along spatial axis \(axis) is not positive")
    }
    let (span, overflow) = (taps - 1).multipliedReportingOverflow(by: dilation)
    guard !overflow, span < Self.largest, input < Self.largest, stride < Self.largest else {
      throw fail(Self.overflow(taps, dilation, stride))
    }
    switch padding {
    case .valid: (before, after) = (0, 0)
    case .same:
      let windows = (input + stride - 1) / stride
      let total = Swift.max((windows - 1) * stride + span + 1 - input, 0)
      (before, after) = windows == 0 ? (0, 0) : (total / 2, total - total / 2)
    case .causal: (before, after) = (span, 0)
    case .explicit(let first, let last):
      guard axis < first.count, axis < last.count else {
        throw fail("padding has no pair for spatial axis \(axis)")
      }
      guard 0..<Self.largest ~= first[axis], 0..<Self.largest ~= last[axis] else {
        throw fail(
          "padding (\(first[axis]), \(last[axis])) of spatial axis \(axis) is out of range")
      }
      (before, after) = (first[axis], last[axis])
    }
    let room = before + input + after - span - 1
    switch padding {
    case .same: output = (input + stride - 1) / stride
    default:
      guard room >= 0 else {
        throw fail(
          "a window of \(span + 1) does not fit spatial axis \(axis): "
            + "extent \(input), padding (\(before), \(after))")
      }
      output = room / stride + 1
    }
    self.input = input
    self.taps = taps
    self.dilation = dilation
    self.stride = stride
  }

  /// The window of the convolution whose gradient a transposed convolution is: `output` is the
  /// extent that it starts from, `input` the one of its result.
  ///
  /// - Parameters:
  ///   - outputPadding: how much longer the result is than the windows reach; nil for `stride`
  ///     times the output, and what windows longer than their stride stick out of it.
  package init(
    transposedFrom output: Int, taps: Int, stride: Int, dilation: Int, padding: Padding,
    outputPadding: Int?, axis: Int, orThrow fail: (String) -> TensorError
  ) throws(TensorError) {
    // Checks all but the padding.
    let alone = try Window(
      over: output, taps: taps, stride: stride, dilation: dilation, padding: .same, axis: axis,
      orThrow: fail)
    if let outputPadding, outputPadding < 0 || outputPadding >= Swift.max(stride, dilation) {
      throw fail(
        "output padding \(outputPadding) of spatial axis \(axis) is not smaller than the stride")
    }
    guard output.multipliedReportingOverflow(by: stride).partialValue < Self.largest,
      output < Self.largest / stride
    else { throw fail(Self.overflow(taps, dilation, stride)) }
    let reach = alone.reach
    let covered = output == 0 ? 0 : (output - 1) * stride + reach
    var before = 0
    var extent = covered + (outputPadding ?? 0)
    switch padding {
    case .valid: if outputPadding == nil { extent = covered + Swift.max(stride - reach, 0) }
    case .same:
      extent = outputPadding.map { covered - reach / 2 * 2 + $0 } ?? output * stride
      before = Swift.max(covered - extent, 0) / 2
    case .causal: throw fail("causal padding has no transposed convolution")
    case .explicit(let first, let last):
      guard axis < first.count, axis < last.count else {
        throw fail("padding has no pair for spatial axis \(axis)")
      }
      guard 0..<Self.largest ~= first[axis], 0..<Self.largest ~= last[axis] else {
        throw fail(
          "padding (\(first[axis]), \(last[axis])) of spatial axis \(axis) is out of range")
      }
      before = first[axis]
      extent -= first[axis] + last[axis]
    }
    if output == 0 { extent = 0 }
    guard extent > 0 || output == 0 else {
      throw fail("padding leaves nothing of spatial axis \(axis)")
    }
    self.init(
      input: extent, taps: taps, dilation: dilation, stride: stride, before: before,
      after: Swift.max(covered - before - extent, 0), output: output)
  }
}
