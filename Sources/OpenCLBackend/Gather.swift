internal import Geometry

/// Which elements of an image windows see, and where the results of windows go: the struct of
/// convolution_gather.cl, where it is explained.
struct Gather: KernelArgument {
  let batch: Int32, rows: Int32, columns: Int32, pitch: Int32, channels: Int32
  let down: Int32, across: Int32, tapsDown: Int32, tapsAcross: Int32
  let strideDown: Int32, strideAcross: Int32, stepDown: Int32, stepAcross: Int32
  let startDown: Int32, startAcross: Int32
  let resultRows: Int32, resultColumns: Int32, resultPitch: Int32, results: Int32
  let firstDown: Int32, firstAcross: Int32, everyDown: Int32, everyAcross: Int32
  let phasesDown: Int32, phasesAcross: Int32
  let filterDown: Int32, filterAcross: Int32
  let filterStrideDown: Int32, filterStrideAcross: Int32
  let filterDilationDown: Int32, filterDilationAcross: Int32
  let filterBeforeDown: Int32, filterBeforeAcross: Int32

  var windows: Int { Int(batch) * Int(down) * Int(across) }
  var taps: Int { Int(tapsDown) * Int(tapsAcross) }
  /// How many elements a window sees of a group.
  var patch: Int { taps * Int(channels) }

  static func forward(_ sizes: ConvolutionSizes) -> Gather {
    Gather(
      over: (sizes.rows, sizes.columns, sizes.inputs), sizes.groupInputs,
      to: (sizes.windowsDown, sizes.windowsAcross, sizes.outputs), sizes.groupOutputs, sizes,
      Line(
        windows: sizes.windowsDown, taps: sizes.tapsDown, stride: sizes.strideDown,
        step: sizes.dilationDown, start: -sizes.beforeDown),
      Line(
        windows: sizes.windowsAcross, taps: sizes.tapsAcross, stride: sizes.strideAcross,
        step: sizes.dilationAcross, start: -sizes.beforeAcross))
  }

  /// One gather a phase of the strides, or one in all if that leaves few results.
  static func inputGradient(_ sizes: ConvolutionSizes, joins: Bool) -> [Gather] {
    let down = Line.phases(
      of: sizes.rows, windows: sizes.windowsDown, taps: sizes.tapsDown, stride: sizes.strideDown,
      dilation: sizes.dilationDown, before: sizes.beforeDown, joins: joins)
    let across = Line.phases(
      of: sizes.columns, windows: sizes.windowsAcross, taps: sizes.tapsAcross,
      stride: sizes.strideAcross, dilation: sizes.dilationAcross, before: sizes.beforeAcross,
      joins: joins)
    var gathers: [Gather] = []
    for row in down {
      for column in across {
        gathers.append(
          Gather(
            over: (sizes.windowsDown, sizes.windowsAcross, sizes.outputs), sizes.groupOutputs,
            to: (sizes.rows, sizes.columns, sizes.inputs), sizes.groupInputs, sizes, row, column))
      }
    }
    return gathers
  }

  private init(
    over image: (Int32, Int32, Int32), _ channels: Int32, to result: (Int32, Int32, Int32),
    _ results: Int32, _ sizes: ConvolutionSizes, _ down: Line, _ across: Line
  ) {
    batch = sizes.batch
    (rows, columns, pitch) = image
    self.channels = channels
    (self.down, self.across) = (down.windows, across.windows)
    // What no window sees has no taps: its sums are empty.
    tapsDown = across.taps == 0 ? 0 : down.taps
    tapsAcross = down.taps == 0 ? 0 : across.taps
    (strideDown, strideAcross) = (down.stride, across.stride)
    (stepDown, stepAcross) = (down.step, across.step)
    (startDown, startAcross) = (down.start, across.start)
    (resultRows, resultColumns, resultPitch) = result
    (phasesDown, phasesAcross) = (down.phases, across.phases)
    self.results = results * down.phases * across.phases
    (firstDown, firstAcross) = (down.first, across.first)
    (everyDown, everyAcross) = (down.every, across.every)
    (filterDown, filterAcross) = (sizes.tapsDown, sizes.tapsAcross)
    (filterStrideDown, filterStrideAcross) = (sizes.strideDown, sizes.strideAcross)
    (filterDilationDown, filterDilationAcross) = (sizes.dilationDown, sizes.dilationAcross)
    (filterBeforeDown, filterBeforeAcross) = (sizes.beforeDown, sizes.beforeAcross)
  }
}

/// A gather along one axis.
private struct Line {
  var windows: Int32, taps: Int32 = 0, stride: Int32 = 1, step: Int32 = 1, start: Int32 = 0
  /// Where the results of windows go.
  var first: Int32 = 0, every: Int32 = 1, phases: Int32 = 1

  /// How positions of an input are gathered from the windows that see them: position
  /// `phase + i * stride` from the windows `i + start + j * step`.
  static func phases(
    of extent: Int32, windows: Int32, taps: Int32, stride: Int32, dilation: Int32, before: Int32,
    joins: Bool
  ) -> [Line] {
    if joins {
      // The windows that see any of `stride` neighbours. Without dilation one of them is seen with
      // each tap.
      let low = quotient(before - (taps - 1) + stride - 1, stride)
      let high = quotient(stride - 1 + before, stride)
      return [
        Line(
          windows: (extent + stride - 1) / stride, taps: high - low + 1, start: low, every: stride,
          phases: stride)
      ]
    }
    var (divisor, rest) = (stride, dilation)
    while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
    let period = stride / divisor
    return (0..<min(stride, extent)).map { phase in
      var line = Line(
        windows: (extent - phase + stride - 1) / stride, first: phase, every: stride)
      // Window w sees position p with tap t if w * stride = p + before - t * dilation.
      let tap = (0..<min(taps, period)).first { (phase + before - $0 * dilation) % stride == 0 }
      guard let tap else { return line }
      line.taps = (taps - tap + period - 1) / period
      line.step = dilation / divisor
      line.start = (phase + before - (tap + (line.taps - 1) * period) * dilation) / stride
      return line
    }
  }

  /// Rounded down.
  private static func quotient(_ number: Int32, _ divisor: Int32) -> Int32 {
    number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
  }
}
