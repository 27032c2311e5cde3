package import Backends
internal import CPUKernels
package import Geometry

extension CPUBackend: ReductionKernels {
  package func reduction(_ reduction: Reduction, of program: Program, over domain: Domain)
    throws(TensorError) -> any Kernel
  {
    ReductionKernel(reduction, of: program, over: domain)
  }
}

/// Half-size types are reduced as float32 and rounded once, at the end.
private final class ReductionKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private var shape: reduction_shape
  private let inputCount: Int
  /// Computes what is reduced; nil if it lies in memory, from `offset` bytes on.
  private let program: CompiledProgram?
  private let offset: Int
  /// Rounds the reduced elements, which stand at the start of the workspace.
  private let rounding: Conversion?
  private let roundedByteCount: Int

  init(_ reduction: Reduction, of program: Program, over domain: Domain) {
    label =
      "\(reduction.kind.rawValue) [\(reduction.outer), \(reduction.count), \(reduction.inner)]"
    let type = reduction.type.computeType
    shape = reduction_shape(
      kind: reduction.kind.code(of: type), type: type.reductionType, outer: Int64(reduction.outer),
      count: Int64(reduction.count), inner: Int64(reduction.inner))
    inputCount = program.inputs.count
    let program = type == reduction.type ? program : program.casting(to: type)
    if program.isIdentity, domain.accesses[0].kind == .contiguous {
      self.program = nil
      offset = domain.accesses[0].offset * type.byteCount
    } else {
      self.program = CompiledProgram(program, over: domain)
      offset = 0
    }
    rounding =
      reduction.resultType == type || reduction.resultType == .int32
      ? nil : Conversion(type, to: reduction.type, count: reduction.resultCount)
    let rounded = rounding == nil ? 0 : (reduction.resultCount * type.byteCount + 63) / 64 * 64
    workspaceByteCount = rounded + Int(reduction_workspace(&shape))
    roundedByteCount = rounded
  }

  func run(_ call: Call) throws(TensorError) {
    guard shape.outer > 0, shape.inner > 0 else { return }
    let result = call.address(inputCount)
    let workspace = call.workspace?.address
    // A workspace is there if one was asked for.
    let target = rounding == nil ? result : workspace!
    guard let program else {
      reduce(call.address(0) + offset, nil, target, workspace)
      rounding?.run(from: target, to: result)
      return
    }
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: max(inputCount, 1)) {
      inputs in
      for index in 0..<inputCount { inputs.initializeElement(at: index, to: call.address(index)) }
      // Not empty, so it has an address.
      var tiles = Tiles(program: program, inputs: inputs.baseAddress!, words: call.words)
      withUnsafeMutablePointer(to: &tiles) { reduce(nil, $0, target, workspace) }
    }
    rounding?.run(from: target, to: result)
  }

  private func reduce(
    _ input: UnsafeRawPointer?, _ tiles: UnsafeMutablePointer<Tiles>?,
    _ target: UnsafeMutableRawPointer, _ workspace: UnsafeMutableRawPointer?
  ) {
    var call = reduction_call()
    call.input = input
    call.context = UnsafeMutableRawPointer(tiles)
    call.evaluate = { context, start, end, tile in
      context?.assumingMemoryBound(to: Tiles.self).pointee.compute(Int(start), Int(end), tile)
    }
    call.result = target
    call.workspace = workspace.map { $0 + roundedByteCount }
    reduction_run(&shape, &call)
  }
}

/// What is reduced, computed a tile at a time.
private struct Tiles {
  let program: CompiledProgram
  let inputs: UnsafePointer<UnsafeRawPointer?>
  let words: UnsafePointer<UInt64>

  func compute(_ start: Int, _ end: Int, _ tile: UnsafeMutableRawPointer?) {
    var result = tile
    program.run(
      inputs: inputs, results: &result, words: words, start: start, end: end, origin: start,
      scratch: program.threadScratch)
  }
}

extension Reduction.Kind {
  fileprivate func code(of type: ScalarType) -> reduction_kind {
    switch self {
    // Of bools: whether any, whether all.
    case .sum: type == .bool ? reduction_maximum : reduction_sum
    case .product: type == .bool ? reduction_minimum : reduction_product
    case .maximum: reduction_maximum
    case .minimum: reduction_minimum
    case .argMaximum: reduction_where_maximum
    case .argMinimum: reduction_where_minimum
    }
  }
}

extension ScalarType {
  fileprivate var reductionType: reduction_type {
    switch self {
    case .float32, .float16, .bfloat16: reduction_float32
    case .float64: reduction_float64
    case .int32: reduction_int32
    case .int64: reduction_int64
    case .uint8, .bool: reduction_uint8
    }
  }
}
