internal import Geometry
internal import Tensors

/// One convolution: the shapes of its operands, and its attributes for each spatial axis.
struct ConvolutionForm {
  let x: [Int], filter: [Int]
  var stride: [Int], padding: Padding, dilation: [Int]
  var groups = 1
  var hasBias = false
  var outputPadding: [Int]?

  init(
    _ x: [Int], _ filter: [Int], stride: Int = 1, _ padding: Padding = .valid, dilation: Int = 1,
    groups: Int = 1, bias: Bool = false
  ) {
    self.x = x
    self.filter = filter
    self.stride = [Int](repeating: stride, count: x.count - 2)
    self.padding = padding
    self.dilation = [Int](repeating: dilation, count: x.count - 2)
    self.groups = groups
    hasBias = bias
  }

  func with(_ body: (inout ConvolutionForm) -> Void) -> ConvolutionForm {
    var form = self
    body(&form)
    return form
  }

  var spatial: Int { x.count - 2 }

  /// `stride [2, 2] same groups 2`
  var attributes: String {
    var words: [String] = []
    if stride.contains(where: { $0 != 1 }) { words.append("stride \(stride)") }
    switch padding {
    case .valid: break
    case .same: words.append("same")
    case .causal: words.append("causal")
    case .explicit(let before, let after): words.append("padding \(before) \(after)")
    }
    if dilation.contains(where: { $0 != 1 }) { words.append("dilation \(dilation)") }
    if groups != 1 { words.append("groups \(groups)") }
    if let outputPadding { words.append("outputPadding \(outputPadding)") }
    return words.joined(separator: " ")
  }

  /// From the first tap to the last along a spatial axis.
  func reach(_ axis: Int) -> Int { (filter[axis] - 1) * dilation[axis] + 1 }

  /// What stands before the input along a spatial axis, and how many windows there are.
  func cut(_ axis: Int) -> (before: Int, windows: Int) {
    let extent = x[axis + 1]
    let step = stride[axis]
    func windows(_ total: Int) -> Int { (extent + total - reach(axis)) / step + 1 }
    switch padding {
    case .valid: return (0, windows(0))
    case .same:
      let count = (extent + step - 1) / step
      return (max((count - 1) * step + reach(axis) - extent, 0) / 2, count)
    case .causal: return (reach(axis) - 1, windows(reach(axis) - 1))
    case .explicit(let before, let after):
      return (before[axis], windows(before[axis] + after[axis]))
    }
  }

  /// What is cut off before the result of a transposed convolution, and how long that is.
  func transposedCut(_ axis: Int) -> (before: Int, extent: Int) {
    let covered = (x[axis + 1] - 1) * stride[axis] + reach(axis)
    let more = outputPadding?[axis]
    switch padding {
    case .valid, .causal:
      return (0, covered + (more ?? max(stride[axis] - reach(axis), 0)))
    case .same:
      let extent = more.map { covered - reach(axis) / 2 * 2 + $0 } ?? x[axis + 1] * stride[axis]
      return (max(covered - extent, 0) / 2, extent)
    case .explicit(let before, let after):
      return (before[axis], covered - before[axis] - after[axis] + (more ?? 0))
    }
  }

  /// The terms of one element's sum.
  var terms: Int { filter.dropLast().reduce(1, *) }
}

extension ConvolutionForm {
  /// The convolution in plain loops.
  func convolution(_ operands: [Reference]) -> Reference {
    let wide = widened
    let (rows, columns) = (wide.cut(0), wide.cut(1))
    let (x, w) = (operands[0].values, operands[1].values)
    let (height, width, inputs) = (wide.x[1], wide.x[2], wide.x[3])
    let (depth, outputs) = (wide.filter[2], wide.filter[3])
    let share = max(outputs / groups, 1)
    var result: [Double] = []
    for n in 0..<wide.x[0] {
      for oy in 0..<rows.windows {
        for ox in 0..<columns.windows {
          for k in 0..<outputs {
            var sum = 0.0
            for r in 0..<wide.filter[0] {
              let y = oy * wide.stride[0] + r * wide.dilation[0] - rows.before
              for c in 0..<wide.filter[1] {
                let at = ox * wide.stride[1] + c * wide.dilation[1] - columns.before
                guard 0..<height ~= y, 0..<width ~= at else { continue }
                for i in 0..<depth {
                  let from = ((n * height + y) * width + at) * inputs + k / share * depth + i
                  sum += x[from] * w[((r * wide.filter[1] + c) * depth + i) * outputs + k]
                }
              }
            }
            result.append(sum + (operands.count > 2 ? operands[2].values[k] : 0))
          }
        }
      }
    }
    let spaces = spatial == 1 ? [columns.windows] : [rows.windows, columns.windows]
    return Reference([wide.x[0]] + spaces + [outputs], result)
  }

  /// The transposed convolution in plain loops.
  func transposed(_ operands: [Reference]) -> Reference {
    let wide = widened
    let (rows, columns) = (wide.transposedCut(0), wide.transposedCut(1))
    let (x, w) = (operands[0].values, operands[1].values)
    let (height, width, inputs) = (wide.x[1], wide.x[2], wide.x[3])
    let depth = wide.filter[2]
    let outputs = depth * groups
    let share = max(inputs / groups, 1)
    let count = wide.x[0] * rows.extent * columns.extent * outputs
    var result = [Double](repeating: 0, count: count)
    for n in 0..<wide.x[0] {
      for i in 0..<height {
        for j in 0..<width {
          for r in 0..<wide.filter[0] {
            let y = i * wide.stride[0] + r * wide.dilation[0] - rows.before
            for c in 0..<wide.filter[1] {
              let at = j * wide.stride[1] + c * wide.dilation[1] - columns.before
              guard 0..<rows.extent ~= y, 0..<columns.extent ~= at else { continue }
              for k in 0..<inputs {
                let value = x[((n * height + i) * width + j) * inputs + k]
                for o in 0..<depth {
                  let to = ((n * rows.extent + y) * columns.extent + at) * outputs
                  result[to + k / share * depth + o] +=
                    value * w[((r * wide.filter[1] + c) * depth + o) * inputs + k]
                }
              }
            }
          }
        }
      }
    }
    if operands.count > 2 {
      for index in result.indices { result[index] += operands[2].values[index % outputs] }
    }
    let spaces = spatial == 1 ? [columns.extent] : [rows.extent, columns.extent]
    return Reference([wide.x[0]] + spaces + [outputs], result)
  }

  /// The same with two spatial axes.
  private var widened: ConvolutionForm {
    guard spatial == 1 else { return self }
    var wide = ConvolutionForm([x[0], 1] + x[1...], [1] + filter)
    wide.stride = [1] + stride
    wide.dilation = [1] + dilation
    wide.groups = groups
    switch padding {
    case .valid, .same: wide.padding = padding
    case .causal: wide.padding = .explicit(before: [0, reach(0) - 1], after: [0, 0])
    case .explicit(let before, let after):
      wide.padding = .explicit(before: [0] + before, after: [0] + after)
    }
    wide.outputPadding = outputPadding.map { [0] + $0 }
    return wide
  }
}
