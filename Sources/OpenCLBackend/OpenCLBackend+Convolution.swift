package import Backends
package import Geometry

extension OpenCLBackend: ConvolutionKernels {
  package func convolution(_ convolution: Convolution, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    try kernel(.forward, of: convolution, epilogue)
  }

  package func convolutionInputGradient(_ convolution: Convolution, epilogue: Epilogue?)
    throws(TensorError) -> any Kernel
  {
    try kernel(.inputGradient, of: convolution, epilogue)
  }

  package func convolutionFilterGradient(_ convolution: Convolution) throws(TensorError)
    -> any Kernel
  {
    try kernel(.filterGradient, of: convolution, nil)
  }

  private func kernel(
    _ pass: ConvolutionPass, of convolution: Convolution, _ epilogue: Epilogue?
  ) throws(TensorError) -> any Kernel {
    let label = "\(pass.rawValue) \(convolution.inputShape) × \(convolution.filterShape)"
    try requireType(convolution.type, in: "convolution")
    if let epilogue { try requireTypes(epilogue.program, in: "convolution") }
    guard convolution.type != .bool else {
      throw TensorError(.dtype, "convolution", "bool has no products", hint: "cast to float32")
    }
    guard convolution.resultShape(pass).count > 0 else { return OpenCLKernel(label) { _ in } }
    let chain = epilogue.flatMap { $0.program.isIdentity ? nil : $0 }
    if ConvolutionMethod(pass, convolution, flavour) == .product {
      return try matrixProduct(convolution.product(pass), epilogue: chain)
    }
    let launch = try launch(pass, convolution, chain)
    return OpenCLKernel(label, workspaceByteCount: launch.workspaceByteCount) {
      call throws(TensorError) in try launch.run(call)
    }
  }

  private func launch(
    _ pass: ConvolutionPass, _ convolution: Convolution, _ chain: Epilogue?
  ) throws(TensorError) -> any ConvolutionLaunch {
    let method = ConvolutionMethod(pass, convolution, flavour)
    if method == .winograd {
      return pass == .filterGradient
        ? try WinogradFilterGradient(self, convolution)
        : try WinogradConvolution(self, pass, convolution, chain)
    }
    let sizes = try ConvolutionSizes(convolution)
    let gathers =
      pass == .inputGradient
      ? Gather.inputGradient(sizes, joins: method == .joinedTiles) : [.forward(sizes)]
    if method == .depthwise {
      return try DepthwiseConvolution(self, pass, convolution, gathers, chain)
    }
    if method == .direct {
      return try DirectConvolution(self, pass, convolution, gathers, chain)
    }
    if flavour == .gpu { return try GPUConvolution(self, pass, convolution, gathers, chain) }
    let parts = gathers.compactMap { FewChannels($0, pass, self, convolution.type) }
    if parts.count == gathers.count {
      return pass == .filterGradient
        ? try FewChannelFilterGradient(self, convolution, gathers[0], parts[0])
        : try FewChannelConvolution(self, pass, convolution, gathers, parts, chain)
    }
    return pass == .filterGradient
      ? try FilterGradientTiles(self, convolution, gathers[0])
      : try ConvolutionTiles(self, pass, convolution, gathers, chain)
  }
}

/// How a pass is computed.
enum ConvolutionMethod {
  /// Windows of one element: a product of the image and the filter as they lie.
  case product
  /// A filter a channel.
  case depthwise
  /// Four times fewer products, for windows of 3×3.
  case winograd
  /// A product whose left operand, the patches that windows see, is only there in parts. Images
  /// with few channels are kept in local memory instead.
  case tiles
  /// The same for the gradient of an input with few channels: positions a stride apart see the same
  /// taps, and are computed side by side.
  case joinedTiles
  /// An element of the result at a time.
  case direct

  /// By geometry and type, from the first line that fits.
  init(_ pass: ConvolutionPass, _ convolution: Convolution, _ flavour: OpenCLBackend.Flavour) {
    let (rows, columns) = (convolution.rows, convolution.columns)
    let positions = rows.stride * columns.stride
    if convolution.isPointwise, rows.input == rows.output, columns.input == columns.output {
      self = .product
    } else if convolution.isDepthwise, convolution.inputs == convolution.outputs {
      self = .depthwise
    } else if flavour == .gpu {
      // Fewer results than that leave most of a tile empty.
      let results = (pass == .inputGradient ? convolution.inputs : convolution.outputs)
      self = pass != .filterGradient && results / convolution.groups < 16 ? .direct : .tiles
    } else if convolution.suitsWinograd(pass) {
      self = .winograd
    } else if pass == .inputGradient, positions > 1, rows.dilation == 1, columns.dilation == 1,
      convolution.inputs / convolution.groups * positions <= 16
    {
      self = .joinedTiles
    } else {
      self = .tiles
    }
  }
}

/// What a method launches.
protocol ConvolutionLaunch: AnyObject {
  var workspaceByteCount: Int { get }
  func run(_ call: Call) throws(TensorError)
}

extension ConvolutionLaunch {
  func workspace(of call: Call) throws(TensorError) -> Binding {
    if let workspace = call.workspace { return workspace }
    throw TensorError(
      .argument, "convolution", "a workspace of \(workspaceByteCount) bytes is missing")
  }
}

extension Convolution {
  /// Whether tiles of 4×4 results with 16 channels or more waste little.
  fileprivate func suitsWinograd(_ pass: ConvolutionPass) -> Bool {
    guard type == .float32, groups == 1, rows.taps == 3, columns.taps == 3, rows.stride == 1,
      columns.stride == 1, rows.dilation == 1, columns.dilation == 1
    else { return false }
    guard inputs % 16 == 0, outputs % 16 == 0, 32...384 ~= inputs, 32...384 ~= outputs else {
      return false
    }
    let (down, across) =
      pass == .inputGradient ? (rows.input, columns.input) : (rows.output, columns.output)
    let tiles = (down + 3) / 4 * ((across + 3) / 4)
    return batch * tiles >= 8 && tiles * 16 * 10 <= down * across * 17
  }

  /// The product that a pass is, of windows of one element.
  fileprivate func product(_ pass: ConvolutionPass) -> MatrixProduct {
    let positions = batch * rows.input * columns.input
    func operand(_ leading: Int, transposed: Bool = false) -> MatrixProduct.Operand {
      .init(isTransposed: transposed, leading: leading, offset: 0, batchStrides: [])
    }
    return switch pass {
    case .forward:
      MatrixProduct(
        type, rows: positions, columns: outputs, inner: inputs, left: operand(inputs),
        right: operand(outputs), batch: [])
    case .inputGradient:
      MatrixProduct(
        type, rows: positions, columns: inputs, inner: outputs, left: operand(outputs),
        right: operand(outputs, transposed: true), batch: [])
    case .filterGradient:
      MatrixProduct(
        type, rows: inputs, columns: outputs, inner: positions,
        left: operand(inputs, transposed: true), right: operand(outputs), batch: [])
    }
  }
}
