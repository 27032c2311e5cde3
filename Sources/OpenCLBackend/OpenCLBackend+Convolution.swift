package import Backends
package import Geometry

extension OpenCLBackend: ConvolutionKernels {
  package func convolution(_ convolution: Convolution, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    try finished(
      ConvolutionPass(self, convolution, "convolution", resultCount: convolution.outputShape.count),
      epilogue)
  }

  package func convolutionInputGradient(_ convolution: Convolution, epilogue: Epilogue?)
    throws(TensorError) -> any Kernel
  {
    try finished(
      ConvolutionPass(
        self, convolution, "input_gradient", resultCount: convolution.inputShape.count),
      epilogue)
  }

  package func convolutionFilterGradient(_ convolution: Convolution) throws(TensorError)
    -> any Kernel
  {
    try finished(
      ConvolutionPass(
        self, convolution, "filter_gradient", resultCount: convolution.filterShape.count), nil)
  }

  /// The pass, and the epilogue as a kernel of its own.
  private func finished(_ pass: ConvolutionPass, _ epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    guard let epilogue else {
      return OpenCLKernel(pass.label) { call throws(TensorError) in
        try pass.run(call.bindings[0], call.bindings[1], to: call.bindings[2])
      }
    }
    let chain = try elementwise(epilogue.program, over: epilogue.domain)
    let inputs = epilogue.program.inputs.count
    let bytes = (pass.resultCount * pass.type.byteCount + 255) / 256 * 256
    let byteCount = bytes + chain.workspaceByteCount
    return OpenCLKernel(pass.label, workspaceByteCount: byteCount) { call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(.argument, "convolution", "a workspace of \(byteCount) bytes is missing")
      }
      try pass.run(call.bindings[0], call.bindings[1], to: workspace)
      var bindings = [workspace]
      for index in 2..<(inputs + 2) { bindings.append(call.bindings[index]) }
      try bindings.withUnsafeBufferPointer { (list) throws(TensorError) in
        guard let start = list.baseAddress else { return }
        try chain.run(
          Call(
            bindings: start, words: call.words, workspace: workspace.advanced(byBytes: bytes)))
      }
    }
  }
}

/// One of the three passes, an element at a time.
private final class ConvolutionPass {
  let label: String
  let type: ScalarType
  let resultCount: Int
  private let backend: OpenCLBackend
  private let convolution: Convolution
  private let function: KernelFunction
  private let size: WorkSize
  private let stretch: Int

  init(
    _ backend: OpenCLBackend, _ convolution: Convolution, _ kernel: String, resultCount: Int
  ) throws(TensorError) {
    label = "\(kernel) \(convolution.inputShape) × \(convolution.filterShape)"
    type = convolution.type
    self.backend = backend
    self.convolution = convolution
    self.resultCount = resultCount
    try backend.requireType(type, in: "convolution")
    let state = type.stateType
    stretch = backend.flavour == .cpu ? 64 : 1
    let items = (resultCount + stretch - 1) / stretch
    switch backend.flavour {
    case .cpu: size = WorkSize(groups: max(items, 1))
    case .gpu: size = WorkSize(groups: max((items + 255) / 256, 1), of: (256, 1, 1))
    }
    let head =
      "#define TYPE \(type.storageName)\n#define STATE \(state.registerName)\n"
      + "#define LOADED(x) (\(type.loading("(x)")))\n"
      + "#define STORED(x) (\(type.storing("(x)")))\n"
    let source = ProgramSource(
      "convolution.cl", KernelText.law + KernelText.elementwise + head + KernelText.convolution,
      defines: [])
    function = try backend.programs.kernel(kernel, of: source, groupSize: size.groupSize)
  }

  func run(_ first: Binding, _ second: Binding, to result: Binding) throws(TensorError) {
    if resultCount == 0 { return }
    try backend.launch(function, over: size) { list in
      list.add(MemoryArgument(first, of: type))
      list.add(MemoryArgument(second, of: type))
      list.add(MemoryArgument(result, of: type))
      for number in [
        convolution.batch, convolution.inputs, convolution.outputs, convolution.groups,
      ] {
        list.add(Int32(truncatingIfNeeded: number))
      }
      for window in [convolution.rows, convolution.columns] {
        for number in [
          window.input, window.taps, window.dilation, window.stride, window.before, window.output,
        ] {
          list.add(Int32(truncatingIfNeeded: number))
        }
      }
      list.add(Int32(truncatingIfNeeded: stretch))
    }
  }
}
