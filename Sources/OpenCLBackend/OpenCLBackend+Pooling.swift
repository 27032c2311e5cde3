package import Backends
package import Geometry

extension OpenCLBackend: PoolingKernels {
  package func maximum(_ pooling: Pooling, findsWinners: Bool) throws(TensorError) -> any Kernel {
    let launch = try PoolingLaunch(self, pooling, "maximum", findsWinners: findsWinners)
    return OpenCLKernel("max pool \(pooling.label)") { call throws(TensorError) in
      try launch.run(findsWinners ? [false, false, true] : [false, false], call)
    }
  }

  package func spread(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    let launch = try PoolingLaunch(self, pooling, "spread")
    return OpenCLKernel("max pool spread \(pooling.label)") { call throws(TensorError) in
      try launch.run([false, true, false], call)
    }
  }

  package func pick(_ pooling: Pooling) throws(TensorError) -> any Kernel {
    let launch = try PoolingLaunch(self, pooling, "pick")
    return OpenCLKernel("max pool pick \(pooling.label)") { call throws(TensorError) in
      try launch.run([false, true, false], call)
    }
  }

  package func resampling(_ resampling: Resampling) throws(TensorError) -> any Kernel {
    let launch = try ResamplingLaunch(self, resampling)
    return OpenCLKernel("resample \(resampling.label)") { call throws(TensorError) in
      try launch.run(call)
    }
  }

  package func patches(_ patches: Patches) throws(TensorError) -> any Kernel {
    try patchesKernel(patches, folds: false)
  }

  package func fold(_ patches: Patches) throws(TensorError) -> any Kernel {
    try requireType(patches.type, in: "patches")
    return try patchesKernel(patches, folds: true)
  }

  private func patchesKernel(_ patches: Patches, folds: Bool) throws(TensorError) -> any Kernel {
    let integers = [1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"]
    let moved = integers[patches.type.byteCount] ?? "ulong"
    let shape = folds ? patches.inputShape : patches.outputShape
    let size = rowSize(shape)
    let source = ProgramSource(
      "patches.cl", KernelText.law + KernelText.patches,
      defines: [("TYPE", folds ? patches.type.storageName : moved), ("FOLDS", folds ? "1" : "0")])
    let name = folds ? "fold" : "copy"
    let function = try programs.kernel(name, of: source, groupSize: size.groupSize)
    return OpenCLKernel("\(name) \(patches.label)") { [self] call throws(TensorError) in
      try launch(
        function, over: size, MemoryArgument(call.bindings[0], of: patches.type),
        MemoryArgument(call.bindings[1], of: patches.type), Int64(patches.batch),
        LongVector(patches.rows), LongVector(patches.columns), Int64(patches.channels))
    }
  }

  /// A work item for each row of `shape`, `[batch, rows, …]`, or for each element.
  fileprivate func rowSize(_ shape: Shape) -> WorkSize {
    flavour == .cpu
      ? WorkSize(groups: shape[0] * shape[1])
      : WorkSize(groups: (shape.count + 255) / 256, of: (256, 1, 1))
  }

  /// The program of pooling for elements of a type.
  fileprivate func poolingSource(
    _ type: ScalarType, winners: ScalarType, findsWinners: Bool
  ) -> ProgramSource {
    let lanes = 64 / type.byteCount
    return ProgramSource(
      "pooling.cl", KernelText.law + KernelText.pooling,
      defines: [
        ("TYPE", type.storageName), ("INDEX", type.byteCount == 8 ? "long" : "int"),
        ("WIDE", "\(lanes)"), ("NARROW", "\(lanes / 4)"),
        ("IS_FLOATING", type.isFloatingPoint ? "1" : "0"), ("WINNER", winners.storageName),
        ("COUNTS_IN_PLANE", winners == .int32 ? "1" : "0"),
        ("FINDS_WINNERS", findsWinners ? "1" : "0"),
      ])
  }
}

/// One launch of a pass of maxima, with the tables it reads.
private final class PoolingLaunch {
  private let backend: OpenCLBackend
  private let pooling: Pooling
  private let function: KernelFunction
  private let size: WorkSize
  private let tables: DeviceBuffer

  init(
    _ backend: OpenCLBackend, _ pooling: Pooling, _ name: String, findsWinners: Bool = false
  ) throws(TensorError) {
    try backend.requireType(pooling.type, in: "pooling")
    self.backend = backend
    self.pooling = pooling
    size = backend.rowSize(name == "spread" ? pooling.inputShape : pooling.outputShape)
    // Values alone are the same program, whatever winners would be.
    let winners = findsWinners || name != "maximum" ? pooling.winnerType : .uint8
    function = try backend.programs.kernel(
      name,
      of: backend.poolingSource(
        pooling.type, winners: winners, findsWinners: findsWinners || name != "maximum"),
      groupSize: size.groupSize)
    tables = try backend.buffer(
      of: [
        pooling.rows.table, pooling.columns.table, pooling.rows.owners, pooling.columns.owners,
      ].flatMap(\.entries))
  }

  /// - Parameter holdsWinners: for each binding whether it is winners.
  func run(_ holdsWinners: [Bool], _ call: Call) throws(TensorError) {
    try backend.launch(function, over: size) { list in
      for (index, isWinners) in holdsWinners.enumerated() {
        list.add(
          MemoryArgument(
            call.bindings[index], of: isWinners ? pooling.winnerType : pooling.type))
      }
      list.add(MemoryArgument(Binding(tables), of: .int32))
      list.add(
        LongVector([
          pooling.batch, pooling.rows.input, pooling.columns.input, pooling.rows.output,
          pooling.columns.output, pooling.channels, pooling.columns.width,
        ]))
    }
  }
}

/// One launch of a resampling, with the tables and weights it reads.
private final class ResamplingLaunch {
  private let backend: OpenCLBackend
  private let resampling: Resampling
  private let function: KernelFunction
  private let size: WorkSize
  private let tables: DeviceBuffer
  private let weights: DeviceBuffer
  private let columnWeights: Int

  init(_ backend: OpenCLBackend, _ resampling: Resampling) throws(TensorError) {
    try backend.requireType(resampling.type, in: "resampling")
    self.backend = backend
    self.resampling = resampling
    size = backend.rowSize(resampling.outputShape)
    function = try backend.programs.kernel(
      "resample",
      of: backend.poolingSource(resampling.type, winners: .uint8, findsWinners: true),
      groupSize: size.groupSize)
    let (rows, columns) = resampling.tables
    tables = try backend.buffer(of: rows.entries + columns.entries)
    let numbers = rows.weights + columns.weights
    weights =
      try resampling.type == .float64
      ? backend.buffer(of: numbers) : backend.buffer(of: numbers.map { Float($0) })
    columnWeights = rows.weights.count
  }

  func run(_ call: Call) throws(TensorError) {
    let (input, output) = (resampling.input, resampling.output)
    try backend.launch(
      function, over: size, MemoryArgument(call.bindings[0], of: resampling.type),
      MemoryArgument(call.bindings[1], of: resampling.type),
      MemoryArgument(Binding(tables), of: .int32),
      MemoryArgument(Binding(weights), of: resampling.type),
      LongVector([
        resampling.batch, input.rows, input.columns, output.rows, output.columns,
        resampling.channels, columnWeights,
      ]))
  }
}

extension OpenCLBackend {
  /// Device memory that holds `elements`.
  fileprivate func buffer<Element>(of elements: [Element]) throws(TensorError) -> DeviceBuffer {
    let buffer = try memory.allocate(byteCount: elements.count * MemoryLayout<Element>.stride)
    let written = elements.withUnsafeBytes { bytes in
      Result { () throws(TensorError) in try write(bytes, to: Binding(buffer)) }
    }
    try written.get()
    return buffer
  }
}

extension LongVector {
  fileprivate init(_ window: Window) {
    self.init([
      window.input, window.output, window.taps, window.stride, window.dilation, window.before,
    ])
  }
}
