internal import Geometry

/// The passes of a convolution.
enum ConvolutionPass: String {
  case forward = "convolution"
  case inputGradient = "convolution_input_gradient"
  case filterGradient = "convolution_filter_gradient"
}

/// The sizes of a convolution, in the 32 bits that kernels count in.
struct ConvolutionSizes {
  let batch: Int32, rows: Int32, columns: Int32, inputs: Int32
  let windowsDown: Int32, windowsAcross: Int32, outputs: Int32
  let tapsDown: Int32, tapsAcross: Int32, strideDown: Int32, strideAcross: Int32
  let dilationDown: Int32, dilationAcross: Int32, beforeDown: Int32, beforeAcross: Int32
  let groupInputs: Int32, groupOutputs: Int32

  init(_ convolution: Convolution) throws(TensorError) {
    func narrow(_ value: Int) throws(TensorError) -> Int32 {
      // With room for sums of two of them.
      guard value <= Int(Int32.max) / 4 else {
        throw TensorError(
          .shape, "convolution",
          "an extent of \(value) is too large: \(convolution.inputShape) and "
            + "\(convolution.filterShape)")
      }
      return Int32(value)
    }
    let (down, across) = (convolution.rows, convolution.columns)
    _ = try narrow(down.reach + down.input + down.before + down.after)
    _ = try narrow(across.reach + across.input + across.before + across.after)
    // Places within one image are counted in 32 bits, and so are those in a filter.
    _ = try narrow(down.input * across.input * convolution.inputs)
    _ = try narrow(down.output * across.output * convolution.outputs)
    _ = try narrow(convolution.filterShape.count)
    batch = try narrow(convolution.batch)
    rows = try narrow(down.input)
    columns = try narrow(across.input)
    inputs = try narrow(convolution.inputs)
    windowsDown = try narrow(down.output)
    windowsAcross = try narrow(across.output)
    outputs = try narrow(convolution.outputs)
    tapsDown = try narrow(down.taps)
    tapsAcross = try narrow(across.taps)
    strideDown = try narrow(down.stride)
    strideAcross = try narrow(across.stride)
    dilationDown = try narrow(down.dilation)
    dilationAcross = try narrow(across.dilation)
    beforeDown = try narrow(down.before)
    beforeAcross = try narrow(across.before)
    groupInputs = try narrow(convolution.inputs / convolution.groups)
    groupOutputs = try narrow(convolution.outputs / convolution.groups)
  }
}

extension Convolution {
  func resultShape(_ pass: ConvolutionPass) -> Shape {
    switch pass {
    case .forward: outputShape
    case .inputGradient: inputShape
    case .filterGradient: filterShape
    }
  }
}
