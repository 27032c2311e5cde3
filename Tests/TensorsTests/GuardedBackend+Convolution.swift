import Backends
import Geometry

extension GuardedBackend: ConvolutionKernels {
  func convolution(_ convolution: Convolution, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    guarded(
      try base.convolution(convolution, epilogue: epilogue), convolution.outputShape.count,
      convolution.type, epilogue)
  }

  func convolutionInputGradient(_ convolution: Convolution, epilogue: Epilogue?)
    throws(TensorError) -> any Kernel
  {
    guarded(
      try base.convolutionInputGradient(convolution, epilogue: epilogue),
      convolution.inputShape.count, convolution.type, epilogue)
  }

  func convolutionFilterGradient(_ convolution: Convolution) throws(TensorError) -> any Kernel {
    guarded(
      try base.convolutionFilterGradient(convolution), convolution.filterShape.count,
      convolution.type, nil)
  }

  private func guarded(
    _ kernel: any Kernel, _ count: Int, _ type: ScalarType, _ epilogue: Epilogue?
  ) -> any Kernel {
    let types = epilogue?.program.resultTypes ?? [type]
    return guarded(
      kernel, inputs: 1 + max(1, epilogue?.program.inputs.count ?? 1),
      results: types.map { (count, $0) })
  }
}
