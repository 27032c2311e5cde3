internal import Backends
internal import Geometry

/// One of the three passes of a convolution. Each is linear in both of its operands, and the
/// gradients of one are the other two.
final class ConvolutionOperation: KernelOperation, @unchecked Sendable {
  enum Pass: Int { case forward, inputGradient, filterGradient }

  private let convolution: Convolution
  private let pass: Pass
  /// How many spatial axes the tensors have: the geometry always has two.
  private let spatial: Int
  private static let code = Operation.newCode()

  init(_ convolution: Convolution, _ pass: Pass, spatial: Int, _ name: String) {
    self.convolution = convolution
    self.pass = pass
    self.spatial = spatial
    super.init(name, code: Self.code)
  }

  var resultShape: Shape {
    switch pass {
    case .forward: without(1, convolution.outputShape)
    case .inputGradient: without(1, convolution.inputShape)
    case .filterGradient: without(0, convolution.filterShape)
    }
  }

  /// The shape without the axis of a single row, if sequences are convolved.
  private func without(_ axis: Int, _ shape: Shape) -> Shape {
    spatial == 2 ? shape : shape.reduced(over: [axis], keepingAxes: false)
  }

  func recorded(_ first: Tensor, _ second: Tensor) throws(TensorError) -> Tensor {
    let node = first.node
    return try Tensor(
      recording: Node(self, resultShape, node.scalarType, node.place, node, second.node))
  }

  override func multiplications(of inputs: [Shape], result: Shape) -> Int {
    convolution.operations / 2
  }

  override var windows: (rows: Window, columns: Window)? {
    pass == .forward ? (convolution.rows, convolution.columns) : nil
  }

  override func describe(into key: inout Key) {
    key.append(pass.rawValue)
    key.append(convolution.groups)
    for window in [convolution.rows, convolution.columns] {
      key.append(window.input)
      key.append(window.taps)
      key.append(window.dilation)
      key.append(window.stride)
      key.append(window.before)
      key.append(window.output)
    }
  }

  override func plan(_ value: Int, in builder: inout PlanBuilder) throws(TensorError) {
    try plan(value, epilogue: nil, in: &builder)
  }

  override var takesEpilogue: Bool { pass != .filterGradient }

  override func plan(
    _ value: Int, epilogue: FusedProgram?, in builder: inout PlanBuilder
  ) throws(TensorError) {
    if builder.nodes[value].shape.count == 0 { return }
    let first = try builder.contiguous(builder.inputs[value][0])
    let second = try builder.contiguous(builder.inputs[value][1])
    let chain = epilogue.map { Epilogue(program: $0.program, domain: $0.domain) }
    let kernel =
      switch pass {
      case .forward: try builder.backend.convolution(convolution, epilogue: chain)
      case .inputGradient:
        try builder.backend.convolutionInputGradient(convolution, epilogue: chain)
      case .filterGradient: try builder.backend.convolutionFilterGradient(convolution)
      }
    let rest = epilogue.map { Array($0.reads.dropFirst()) } ?? []
    builder.add(
      kernel, reads: [first, second] + rest.map { ($0, 0) },
      writes: [builder.fusion.root[value]], words: epilogue?.words ?? [],
      note: epilogue?.note ?? "")
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let g = context.upstream
    func other(
      _ pass: Pass, _ first: @autoclosure () -> Tensor, _ second: @autoclosure () -> Tensor
    ) throws(TensorError) -> Tensor {
      try ConvolutionOperation(convolution, pass, spatial: spatial, name)
        .recorded(first(), second())
    }
    // With y = x ∗ w: the gradients of ⟨g, x ∗ w⟩ as a function of any two of the three.
    switch pass {
    case .forward:
      if context.isWanted(0) {
        try context.give(0, other(.inputGradient, g, context.input(1)))
      }
      if context.isWanted(1) {
        try context.give(1, other(.filterGradient, context.input(0), g))
      }
    case .inputGradient:
      if context.isWanted(0) { try context.give(0, other(.forward, g, context.input(1))) }
      if context.isWanted(1) {
        try context.give(1, other(.filterGradient, g, context.input(0)))
      }
    case .filterGradient:
      if context.isWanted(0) {
        try context.give(0, other(.inputGradient, context.input(1), g))
      }
      if context.isWanted(1) { try context.give(1, other(.forward, context.input(0), g)) }
    }
  }
}
