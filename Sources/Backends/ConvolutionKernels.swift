package import Geometry

/// Convolutions and the gradients of both operands. Operands are contiguous.
package protocol ConvolutionKernels {
  /// Bindings: input, filter, the epilogue's inputs but for the first, then the result.
  func convolution(_ convolution: Convolution, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel

  /// Bindings: gradient of the result, filter, the epilogue's inputs but for the first, then the
  /// gradient of the input. A transposed convolution is this with an epilogue.
  func convolutionInputGradient(_ convolution: Convolution, epilogue: Epilogue?)
    throws(TensorError) -> any Kernel

  /// Bindings: input, gradient of the result, then the gradient of the filter.
  func convolutionFilterGradient(_ convolution: Convolution) throws(TensorError) -> any Kernel
}
