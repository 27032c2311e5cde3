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
  private let resultCount: Int
  /// Computes what is reduced; nil if it lies in memory, from `offset` bytes on.
  private let program: CompiledProgram?
  private let offset: Int
  /// Rounds the reduced elements, which stand at the start of the workspace.
  private let rounding: Conversion?
  /// The bytes of one result that is to be rounded.
  private let roundedByteCount: Int

  init(_ reduction: Reduction, of program: Program, over domain: Domain) {
    label = reduction.label
    let type = reduction.type.computeType
    shape = reduction_shape()
    shape.type = type.reductionType
    shape.outer = Int64(reduction.outer)
    shape.count = Int64(reduction.count)
    shape.inner = Int64(reduction.inner)
    for kind in reduction.kinds { reduction_add(&shape, kind.code(of: type)) }
    inputCount = program.inputs.count
    resultCount = reduction.kinds.count
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
    roundedByteCount =
      rounding == nil ? 0 : (reduction.resultCount * type.byteCount + 63) / 64 * 64
    workspaceByteCount = resultCount * roundedByteCount + Int(reduction_workspace(&shape))
  }

  func run(_ call: Call) throws(TensorError) {
    guard shape.outer > 0, shape.inner > 0 else { return }
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: resultCount) {
      targets in
      for index in 0..<resultCount {
        // A workspace is there if one was asked for.
        let target =
          rounding == nil
          ? call.address(inputCount + index) : call.workspace!.address + index * roundedByteCount
        targets.initializeElement(at: index, to: target)
      }
      reduce(call, UnsafePointer(targets.baseAddress))
      guard let rounding else { return }
      for (index, target) in targets.enumerated() {
        if let target { rounding.run(from: target, to: call.address(inputCount + index)) }
      }
    }
  }

  private func reduce(_ call: Call, _ targets: UnsafePointer<UnsafeMutableRawPointer?>?) {
    guard let program else {
      reduce(call, call.address(0) + offset, nil, targets)
      return
    }
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: max(inputCount, 1)) {
      inputs in
      for index in 0..<inputCount { inputs.initializeElement(at: index, to: call.address(index)) }
      // Not empty, so it has an address.
      var tiles = Tiles(program: program, inputs: inputs.baseAddress!, words: call.words)
      withUnsafeMutablePointer(to: &tiles) { reduce(call, nil, $0, targets) }
    }
  }

  private func reduce(
    _ given: Call, _ input: UnsafeRawPointer?, _ tiles: UnsafeMutablePointer<Tiles>?,
    _ targets: UnsafePointer<UnsafeMutableRawPointer?>?
  ) {
    var call = reduction_call()
    call.input = input
    call.context = UnsafeMutableRawPointer(tiles)
    call.evaluate = { context, start, end, tile in
      context?.assumingMemoryBound(to: Tiles.self).pointee.compute(Int(start), Int(end), tile)
    }
    call.results = targets
    call.workspace = given.workspace.map { $0.address + resultCount * roundedByteCount }
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
