internal import Backends
internal import Geometry

/// The launches of a convolution with few results, or of the gradient of its input, on GPUs.
final class DirectConvolution: ConvolutionLaunch {
  private let backend: OpenCLBackend
  private let producer: ProducerText
  private let gathers: [Gather]
  private let function: KernelFunction
  private let items = 64
  var workspaceByteCount: Int { 0 }

  init(
    _ backend: OpenCLBackend, _ pass: ConvolutionPass, _ convolution: Convolution,
    _ gathers: [Gather], _ epilogue: Epilogue?
  ) throws(TensorError) {
    self.backend = backend
    self.gathers = gathers
    producer = ProducerText(convolution, pass, epilogue)
    let direction = pass == .inputGradient ? "#define INPUT_GRADIENT\n" : ""
    let text =
      producer.head + direction + KernelText.matmul + KernelText.convolutionGather
      + KernelText.convolutionDirect
    function = try backend.programs.kernel(
      "convolution_direct", of: ProgramSource("convolution_direct", text), groupSize: items)
  }

  func run(_ call: Call) throws(TensorError) {
    for gather in gathers where gather.windows > 0 {
      let count = gather.windows * Int(gather.resultPitch)
      let size = WorkSize(groups: (count + items - 1) / items, of: (items, 1, 1))
      try backend.launch(function, over: size) { list in
        producer.bind(to: &list, call)
        list.add(MemoryArgument(call.bindings[0], of: producer.type))
        list.add(MemoryArgument(call.bindings[1], of: producer.type))
        list.add(MemoryArgument(producer.result(of: call), of: producer.resultType))
        list.add(gather)
      }
    }
  }
}
