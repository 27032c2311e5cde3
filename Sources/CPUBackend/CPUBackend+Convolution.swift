package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: ConvolutionKernels {
  package func convolution(_ convolution: Convolution, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    ConvolutionKernel(convolution, convolution_forward, epilogue)
  }

  package func convolutionInputGradient(_ convolution: Convolution, epilogue: Epilogue?)
    throws(TensorError) -> any Kernel
  {
    ConvolutionKernel(convolution, convolution_input_gradient, epilogue)
  }

  package func convolutionFilterGradient(_ convolution: Convolution) throws(TensorError)
    -> any Kernel
  {
    ConvolutionKernel(convolution, convolution_filter_gradient, nil)
  }
}

extension Convolution {
  /// The dispatch table: the method that computes a pass.
  func method(_ pass: convolution_pass) -> convolution_method {
    if type == .float64 { return convolution_plain_float64 }
    let isSumOfNothing = outputShape.count * inputs == 0
    guard convolution_is_native(), Swift.max(rows.stride, columns.stride) <= 8, !isSumOfNothing
    else { return convolution_plain_float32 }
    // Vectors lie along the channels, each of which sees only itself.
    if isDepthwise, outputs == inputs { return convolution_by_channels }
    // One product of matrices; for the filter its long sum is better cut.
    if isPointwise, pass != convolution_filter_gradient { return convolution_pointwise_product }
    // A quarter of the multiplications, where the transforms cost less than that saves.
    if isTransformable(pass) { return convolution_transformed }
    // Vectors along rows, where along channels they would be half empty.
    var shape = convolution_shape(self)
    if convolution_is_planar(pass, &shape) { return convolution_by_planes }
    // A product whose patches are packed, where that makes it faster.
    if convolution_is_packed(pass, &shape) { return convolution_packed_product }
    // A product whose patches are read where they lie.
    return convolution_product
  }

  /// Whether Winograd's F(4×4, 3×3) computes the pass, and faster.
  private func isTransformable(_ pass: convolution_pass) -> Bool {
    guard rows.taps == 3, columns.taps == 3, rows.stride == 1, columns.stride == 1,
      rows.dilation == 1, columns.dilation == 1, groups == 1
    else { return false }
    let ofInput = pass == convolution_input_gradient
    let height = ofInput ? rows.input : rows.output
    let width = ofInput ? columns.input : columns.output
    let tiles = (height + 3) / 4 * ((width + 3) / 4)
    // Tiles reach past the image, transformed filters past the caches.
    guard tiles * 16 * 2 <= height * width * 3, inputs * outputs <= 1 << 17 else { return false }
    let fewest = pass == convolution_filter_gradient ? 32 : 16
    return Swift.min(inputs, outputs) >= fewest && batch * tiles >= 16
  }
}
