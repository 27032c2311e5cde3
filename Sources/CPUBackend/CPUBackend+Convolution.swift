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
  /// The method that computes a pass: the dispatch table.
  func method(_ pass: convolution_pass) -> convolution_method {
    if type == .float64 { return convolution_plain_float64 }
    return convolution_plain_float32
  }
}
