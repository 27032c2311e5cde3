internal import Backends
package import Geometry

/// Times the ways to cut products on a device.
package struct Tuner {
  /// What was found for a size.
  package struct Finding: Sendable {
    package let size: TuningSize
    /// The fastest cut, or the usual one if none is clearly faster.
    package let entry: TuningTable.Entry
    /// How many cuts were timed, and those that could not be, with why.
    package let timed: Int
    package let rejected: [(name: String, reason: String)]
  }

  private let backend: OpenCLBackend
  private let candidates: [TileChoice]
  package let files: TuningFiles
  /// What is tried.
  package var cuts: [TileChoice] { candidates }
  package var information: DeviceInformation { backend.information }
  /// A cut must be faster by that much: what differs by less differs by chance.
  static let margin = 0.97
  private static let rounds = 7

  /// - Parameter flavour: nil for that which the device is used with.
  package init(index: Int, flavour: OpenCLBackend.Flavour? = nil) throws(TensorError) {
    backend = try OpenCLBackend(index: index, flavour: flavour, tuning: TuningTable())
    candidates = TileChoice.candidates(backend.flavour, on: backend.information)
    guard let files = TuningFiles(backend.information, backend.flavour) else {
      throw TensorError(
        .io, "tune", "there is no place for the table: neither XDG_CACHE_HOME nor HOME is set")
    }
    self.files = files
  }

  /// What is timed, from small to large.
  package var sizes: [TuningSize] {
    var sizes: [TuningSize] = [
      .init(.matmul, rows: 64, columns: 512, inner: 784),
      .init(.matmul, rows: 128, columns: 128, inner: 64, matrices: 32),
      .init(.matmul, rows: 256, columns: 256, inner: 256),
      .init(.matmul, rows: 2048, columns: 64, inner: 576),
      .init(.matmul, rows: 512, columns: 512, inner: 512),
      .init(.matmul, rows: 1024, columns: 1024, inner: 1024),
    ]
    guard backend.flavour == .gpu else { return sizes }
    sizes += [
      .init(.matmul, rows: 512, columns: 512, inner: 64, matrices: 128),
      .init(.matmul, rows: 25088, columns: 64, inner: 576),
      .init(.matmul, rows: 2048, columns: 2048, inner: 2048),
      .init(.matmul, rows: 4096, columns: 4096, inner: 4096),
      .init(.convolution, rows: 1568, columns: 256, inner: 1600),
      .init(.convolution, rows: 6272, columns: 128, inner: 1600),
      .init(.convolution, rows: 25088, columns: 64, inner: 1600),
      .init(.convolution, rows: 100352, columns: 32, inner: 400),
    ]
    return sizes
  }

  /// Times every cut on a product of that size.
  ///
  /// - Parameter seconds: about how long each is timed.
  /// - Returns: nil if one product takes too long on this device to be tried.
  package func measure(_ size: TuningSize, seconds: Double) throws(TensorError) -> Finding? {
    let product = try TrialProduct(size, backend)
    let usual = try product.trial(nil)
    let expected = try product.result(of: usual)
    let once = try product.seconds(of: usual, runs: 1)
    guard once < 0.5 else { return nil }
    var trials: [(choice: TileChoice?, kernel: any Kernel)] = [(nil, usual)]
    var rejected: [(name: String, reason: String)] = []
    for choice in candidates {
      do throws(TensorError) {
        let kernel = try product.trial(choice)
        // Whatever the reason: other bits are another result.
        guard try product.result(of: kernel) == expected else {
          rejected.append((choice.name, "other bits"))
          continue
        }
        trials.append((choice, kernel))
      } catch {
        guard error.kind == .kernelBuild || error.kind == .outOfMemory else { throw error }
        rejected.append((choice.name, error.detail))
      }
    }
    let runs = max(1, Int(seconds / Double(Self.rounds) / max(once, 1e-6)))
    var times = [[Double]](repeating: [], count: trials.count)
    // In turn, so that a slow moment of the machine is everybody's.
    for _ in 0..<Self.rounds {
      for (place, trial) in trials.enumerated() {
        times[place].append(try product.seconds(of: trial.kernel, runs: min(runs, 1000)))
      }
    }
    let medians = times.map { $0.sorted()[Self.rounds / 2] * 1000 }
    let place = medians.indices.min { medians[$0] < medians[$1] } ?? 0
    let isBetter = medians[place] < Self.margin * medians[0]
    let entry = TuningTable.Entry(
      size, isBetter ? trials[place].choice : nil,
      milliseconds: isBetter ? medians[place] : medians[0], usualMilliseconds: medians[0])
    return Finding(size: size, entry: entry, timed: trials.count - 1, rejected: rejected)
  }
}

/// A product of one size with operands on the device.
private struct TrialProduct {
  private let backend: OpenCLBackend
  private let size: TuningSize
  private let operands: [DeviceBuffer]
  private let resultBytes: Int

  init(_ size: TuningSize, _ backend: OpenCLBackend) throws(TensorError) {
    self.size = size
    self.backend = backend
    let counts =
      size.family == .matmul
      ? [size.rows * size.inner * size.matrices, size.inner * size.columns * size.matrices]
      : [
        try Self.convolution(size).inputShape.count, try Self.convolution(size).filterShape.count,
      ]
    resultBytes = size.rows * size.columns * size.matrices * 4
    var operands: [DeviceBuffer] = []
    for count in counts + [resultBytes / 4] {
      let buffer = try backend.memory.allocate(byteCount: 4 * count)
      // Numbers from -1 to 1: any will do, as long as sums of them are rounded.
      var state: UInt32 = 1
      let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
      defer { numbers.deallocate() }
      for place in numbers.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        numbers[place] = Float(Int32(bitPattern: state)) * 0x1p-31
      }
      try backend.write(UnsafeRawBufferPointer(numbers), to: Binding(buffer))
      operands.append(buffer)
    }
    self.operands = operands
  }

  /// Squares of 5 by 5 over images of 28 by 28, whose edges are padded.
  private static func convolution(_ size: TuningSize) throws(TensorError) -> Convolution {
    let window = try Window(
      over: 28, taps: 5, stride: 1, dilation: 1, padding: .same, axis: 0
    ) { TensorError(.shape, "tune", $0) }
    return Convolution(
      .float32, batch: size.rows / (28 * 28), rows: window, columns: window,
      inputs: size.inner / 25, outputs: size.columns, groups: size.matrices)
  }

  /// The kernel that is cut so; nil for as usual.
  func trial(_ choice: TileChoice?) throws(TensorError) -> any Kernel {
    try backend.tuning.forcing(choice) { () throws(TensorError) -> any Kernel in
      if size.family == .convolution {
        let convolution = try Self.convolution(size)
        let launch = try GPUConvolution(
          backend, .forward, convolution, [.forward(try ConvolutionSizes(convolution))], nil)
        return OpenCLKernel(size.name, workspaceByteCount: launch.workspaceByteCount) {
          call throws(TensorError) in try launch.run(call)
        }
      }
      func operand(_ rows: Int, _ columns: Int) -> MatrixProduct.Operand {
        MatrixProduct.Operand(
          isTransposed: false, leading: columns, offset: 0,
          batchStrides: size.matrices > 1 ? [rows * columns] : [])
      }
      return try backend.matrixProduct(
        MatrixProduct(
          .float32, rows: size.rows, columns: size.columns, inner: size.inner,
          left: operand(size.rows, size.inner), right: operand(size.inner, size.columns),
          batch: size.matrices > 1 ? [size.matrices] : []), epilogue: nil)
    }
  }

  /// Seconds of one run, over so many.
  func seconds(of kernel: any Kernel, runs: Int) throws(TensorError) -> Double {
    try backend.synchronize()
    let start = ContinuousClock.now
    try run(kernel, times: runs)
    try backend.synchronize()
    return Double((ContinuousClock.now - start) / .nanoseconds(1)) * 1e-9 / Double(runs)
  }

  private func run(_ kernel: any Kernel, times: Int) throws(TensorError) {
    var workspace: DeviceBuffer?
    if kernel.workspaceByteCount > 0 {
      workspace = try backend.memory.allocate(byteCount: kernel.workspaceByteCount)
    }
    let bindings = operands.map { Binding($0) }
    let words: [UInt64] = [0]
    try withExtendedLifetime((operands, workspace)) { () throws(TensorError) in
      for _ in 0..<times {
        try bindings.withUnsafeBufferPointer { bindings throws(TensorError) in
          try words.withUnsafeBufferPointer { words throws(TensorError) in
            guard let first = bindings.baseAddress, let word = words.baseAddress else { return }
            try kernel.run(
              Call(bindings: first, words: word, workspace: workspace.map { Binding($0) }))
          }
        }
      }
    }
  }

  /// The bytes that it computes.
  func result(of kernel: any Kernel) throws(TensorError) -> [UInt8] {
    // What another kernel has left there must not pass for a result.
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: resultBytes, alignment: 64)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 0xFF)
    try backend.write(UnsafeRawBufferPointer(bytes), to: Binding(operands[2]))
    try run(kernel, times: 1)
    try backend.read(Binding(operands[2]), into: bytes)
    return Array(bytes)
  }
}

extension OpenCLBackend {
  /// How a plain product of that size is cut, in the words of `TileChoice.name`; a CPU's tiles for
  /// each compute unit left out.
  package func cutName(for size: TuningSize) -> String {
    let plan = plan(
      MatrixProduct(
        .float32, rows: size.rows, columns: size.columns, inner: size.inner,
        left: .init(isTransposed: false, leading: size.inner, offset: 0, batchStrides: []),
        right: .init(isTransposed: false, leading: size.columns, offset: 0, batchStrides: []),
        batch: []))
    return TileChoice(cut: flavour == .cpu ? .block(plan.block, share: 0) : .tile(plan.tile)).name
  }
}
