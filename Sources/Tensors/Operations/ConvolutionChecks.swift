internal import Geometry

/// The operands of a convolution on their way to becoming an operation: what all public functions
/// check and how they word it.
struct Convolving {
  private let name: StaticString
  /// How many spatial axes there are.
  private let spatial: Int
  private let x: Tensor
  private let filter: Tensor
  private let bias: Tensor?

  init(_ name: StaticString, _ spatial: Int, _ x: Tensor, _ filter: Tensor, _ bias: Tensor?)
    throws(TensorError)
  {
    self.name = name
    self.spatial = spatial
    self.x = x
    self.filter = filter
    self.bias = bias
    try Tensor.compatible(x.node, filter.node, name, x, filter)
    if let bias { try Tensor.compatible(x.node, bias.node, name, x, bias) }
    guard x.scalarType.isFloatingPoint else { throw Tensor.unfit(name, [x, filter]) }
    guard x.rank == spatial + 2 else {
      throw fail(.shape, "the input needs \(spatial + 2) axes, batch first and channels last")
    }
    guard filter.rank == spatial + 2 else {
      throw fail(.shape, "the filter needs \(spatial + 2) axes")
    }
  }

  func forward(
    _ stride: [Int], _ padding: Padding, _ dilation: [Int], _ groups: Int
  ) throws(TensorError) -> Tensor {
    let (inputs, outputs) = (x.shape.last, filter.shape.last)
    try check(groups, [inputs, outputs])
    guard filter.shape[spatial] == inputs / groups else {
      throw fail(
        .shape,
        "the filter takes \(filter.shape[spatial]) channels of each group, "
          + "the input has \(inputs / groups)")
    }
    return try convolved(filter, stride, padding, dilation, groups)
  }

  /// With a filter `[rows, columns, inputs, multiplier]`, in memory that of as many groups as
  /// inputs.
  func depthwise(
    _ stride: [Int], _ padding: Padding, _ dilation: [Int]
  ) throws(TensorError) -> Tensor {
    let inputs = x.shape.last
    guard filter.shape[2] == inputs, inputs > 0 else {
      throw fail(.shape, "the filter is for \(filter.shape[2]) channels, the input has \(inputs)")
    }
    let (outputs, overflow) = inputs.multipliedReportingOverflow(by: filter.shape[3])
    guard !overflow else { throw fail(.shape, "the filter has too many outputs") }
    let flat = try filter.reshaped(to: [filter.shape[0], filter.shape[1], 1, outputs])
    return try convolved(flat, stride, padding, dilation, inputs)
  }

  private func convolved(
    _ filter: Tensor, _ stride: [Int], _ padding: Padding, _ dilation: [Int], _ groups: Int
  ) throws(TensorError) -> Tensor {
    try check(stride, padding, dilation)
    var windows: [Window] = spatial == 1 ? [.pointwise(1)] : []
    for axis in 0..<spatial {
      windows.append(
        try Window(
          over: x.shape[axis + 1], taps: filter.shape[axis], stride: stride[axis],
          dilation: dilation[axis], padding: padding, axis: axis, orThrow: fail))
    }
    let convolution = Convolution(
      x.scalarType, batch: x.shape[0], rows: windows[0], columns: windows[1],
      inputs: x.shape.last, outputs: filter.shape.last, groups: groups)
    let operation = ConvolutionOperation(convolution, .forward, spatial: spatial, "\(name)")
    return try recorded(operation, filter, outputs: convolution.outputs)
  }

  func transposed(
    _ stride: [Int], _ padding: Padding, _ outputPadding: [Int]?, _ dilation: [Int], _ groups: Int
  ) throws(TensorError) -> Tensor {
    try check(stride, padding, dilation)
    if let outputPadding, outputPadding.count != spatial {
      throw fail(.argument, "output padding \(outputPadding) is not a number for each axis")
    }
    let inputs = x.shape.last
    try check(groups, [inputs])
    guard filter.shape.last == inputs else {
      throw fail(
        .shape, "the filter ends in \(filter.shape.last) channels, the input has \(inputs)")
    }
    let (outputs, overflow) = filter.shape[spatial].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw fail(.shape, "the filter has too many outputs") }
    var windows: [Window] = spatial == 1 ? [.pointwise(1)] : []
    for axis in 0..<spatial {
      windows.append(
        try Window(
          transposedFrom: x.shape[axis + 1], taps: filter.shape[axis], stride: stride[axis],
          dilation: dilation[axis], padding: padding, outputPadding: outputPadding?[axis],
          axis: axis, orThrow: fail))
    }
    let convolution = Convolution(
      x.scalarType, batch: x.shape[0], rows: windows[0], columns: windows[1], inputs: outputs,
      outputs: inputs, groups: groups)
    let operation = ConvolutionOperation(convolution, .inputGradient, spatial: spatial, "\(name)")
    return try recorded(operation, filter, outputs: outputs)
  }

  private func recorded(
    _ operation: ConvolutionOperation, _ filter: Tensor, outputs: Int
  ) throws(TensorError) -> Tensor {
    if let bias, bias.shape != [outputs] {
      throw fail(.shape, "the bias is not [\(outputs)], a number for each output")
    }
    let shape = operation.resultShape
    do throws(TensorError) {
      _ = try shape.validated(in: "\(name)")
    } catch {
      throw fail(error.kind, error.detail)
    }
    let result = try operation.recorded(x, filter)
    guard let bias else { return result }
    return try result + bias
  }

  private func check(_ groups: Int, _ channels: [Int]) throws(TensorError) {
    guard groups > 0 else { throw fail(.argument, "\(groups) groups") }
    for count in channels where count % groups != 0 {
      throw fail(.shape, "\(groups) groups do not divide \(count) channels")
    }
  }

  private func check(
    _ stride: [Int], _ padding: Padding, _ dilation: [Int]
  ) throws(TensorError) {
    for (name, list) in [("stride", stride), ("dilation", dilation)] where list.count != spatial {
      throw fail(.argument, "\(name) \(list) is not a number for each of \(spatial) axes")
    }
    switch padding {
    case .causal where spatial != 1:
      throw fail(.argument, "causal padding is for sequences")
    case .explicit(let before, let after) where before.count != spatial || after.count != spatial:
      throw fail(.argument, "padding is not a pair for each of \(spatial) axes")
    default: break
    }
  }

  private func fail(_ kind: TensorError.Kind, _ detail: String) -> TensorError {
    TensorError(
      kind, "\(name)", detail, operands: [x.info, filter.info] + (bias.map { [$0.info] } ?? []))
  }

  /// What is wrong with a window.
  private func fail(_ detail: String) -> TensorError { fail(.argument, detail) }
}
