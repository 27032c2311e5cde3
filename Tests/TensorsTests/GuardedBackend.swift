import Backends
import Geometry

/// A backend that gives every kernel of another one memory between guard bands, filled with bytes
/// that are NaN, and looks at both afterwards.
///
/// What lies beside an operand is NaN too, so that a kernel that reads too far shows it.
final class GuardedBackend: @unchecked Sendable {
  // Unchecked: what changes is set before the first kernel is made.
  let base: any Backend
  /// How its elementwise kernels are to be broken, to see whether that is noticed.
  let fault: Fault

  enum Fault: CaseIterable {
    case none
    /// One element more than there are is written.
    case overrun
    /// The last element is forgotten.
    case underrun
    /// One instruction is another one.
    case mistaken
  }

  init(_ base: any Backend, fault: Fault = .none) {
    self.base = base
    self.fault = fault
  }

  func guarded(
    _ kernel: any Kernel, inputs: Int, results: [(count: Int, type: ScalarType)]
  ) -> any Kernel {
    GuardedKernel(kernel, on: base, inputs: inputs, results: results)
  }

  private func broken(_ program: Program) -> Program {
    var program = program
    for index in program.instructions.indices where program.instructions[index].operation == .exp {
      program.instructions[index].operation = .expm1
    }
    return program
  }
}

extension GuardedBackend: DeviceAccess {
  var name: String { base.name }
  var information: DeviceInformation { base.information }
  var memory: MemoryPool { base.memory }

  func write(_ source: UnsafeRawBufferPointer, to target: Binding) throws(TensorError) {
    try base.write(source, to: target)
  }

  func read(_ source: Binding, into target: UnsafeMutableRawBufferPointer) throws(TensorError) {
    try base.read(source, into: target)
  }

  func synchronize() throws(TensorError) { try base.synchronize() }
}

extension GuardedBackend: ElementwiseKernels {
  func elementwise(_ program: Program, over domain: Domain) throws(TensorError) -> any Kernel {
    var made = domain
    if fault == .overrun { made = Domain(count: domain.count + 1, inputs: program.inputs.count) }
    if fault == .underrun { made = Domain(count: domain.count - 1, inputs: program.inputs.count) }
    let kernel = try base.elementwise(fault == .mistaken ? broken(program) : program, over: made)
    return guarded(
      kernel, inputs: program.inputs.count, results: program.resultTypes.map { (domain.count, $0) })
  }

  func elementwise(_ program: Program, overGroups counts: [Int]) throws(TensorError) -> any Kernel {
    // Groups are many small tensors; their updates have tests of their own.
    try base.elementwise(program, overGroups: counts)
  }
}

extension GuardedBackend: RecurrenceKernels {
  func recurrence(_ recurrence: Recurrence) throws(TensorError) -> any Kernel {
    guarded(
      try base.recurrence(recurrence), inputs: 2 + recurrence.optionalCount,
      results: [(recurrence.shape.count, recurrence.type)])
  }

  func recurrenceGradient(_ recurrence: Recurrence, hasCells: Bool) throws(TensorError)
    -> any Kernel
  {
    let inputs = recurrence.optionalCount - (recurrence.hasBias ? 1 : 0) + (hasCells ? 4 : 3)
    return guarded(
      try base.recurrenceGradient(recurrence, hasCells: hasCells), inputs: inputs,
      results: [(recurrence.gradientShape.count, recurrence.type)])
  }
}

extension Recurrence {
  /// How many of the inputs that need not be there are.
  fileprivate var optionalCount: Int {
    let isThere = [hasBias, hasState, hasState && kind == .lstm, hasMask]
    return isThere.filter { $0 }.count
  }
}

extension GuardedBackend: ReductionKernels, MatrixProductKernels, AssemblyKernels, ScanKernels,
  LookupKernels, LinearAlgebraKernels
{
  func reduction(_ reduction: Reduction, of program: Program, over domain: Domain)
    throws(TensorError) -> any Kernel
  {
    guarded(
      try base.reduction(reduction, of: program, over: domain), inputs: program.inputs.count,
      results: reduction.kinds.map { _ in (reduction.resultCount, reduction.resultType) })
  }

  func matrixProduct(_ product: MatrixProduct, epilogue: Epilogue?) throws(TensorError)
    -> any Kernel
  {
    let count = product.batchCount * product.rows * product.columns
    let types = epilogue?.program.resultTypes ?? [product.type]
    return guarded(
      try base.matrixProduct(product, epilogue: epilogue),
      inputs: 1 + Swift.max(1, epilogue?.program.inputs.count ?? 1),
      results: types.map { (count, $0) })
  }

  func assembly(_ assembly: Assembly) throws(TensorError) -> any Kernel {
    guarded(
      try base.assembly(assembly), inputs: assembly.parts.count,
      results: [(assembly.shape.count, assembly.type)])
  }

  func lookup(_ lookup: Lookup) throws(TensorError) -> any Kernel {
    guarded(try base.lookup(lookup), inputs: 2, results: [(lookup.resultCount, lookup.type)])
  }

  func scatter(_ scatter: Scatter) throws(TensorError) -> any Kernel {
    guarded(
      try base.scatter(scatter), inputs: scatter.hasBase ? 3 : 2,
      results: [(scatter.resultCount, scatter.type)])
  }

  func sort(_ sort: Sort) throws(TensorError) -> any Kernel {
    guarded(try base.sort(sort), inputs: 1, results: [(sort.resultCount, .int32)])
  }

  func search(_ search: Search) throws(TensorError) -> any Kernel {
    guarded(try base.search(search), inputs: 2, results: [(search.resultCount, .int32)])
  }

  func linearAlgebra(_ problem: MatrixProblem) throws(TensorError) -> any Kernel {
    guarded(
      try base.linearAlgebra(problem), inputs: problem.inputCounts.count,
      results: [(problem.resultCount, problem.type)])
  }

  func sparseProduct(_ product: SparseProduct) throws(TensorError) -> any Kernel {
    guarded(
      try base.sparseProduct(product), inputs: 4,
      results: [(product.rows * product.width, product.type)])
  }

  func linearRecurrence(_ recurrence: LinearRecurrence) throws(TensorError) -> any Kernel {
    guarded(
      try base.linearRecurrence(recurrence), inputs: 2,
      results: [(recurrence.outer * recurrence.count * recurrence.inner, recurrence.type)])
  }

  func scan(_ scan: Scan) throws(TensorError) -> any Kernel {
    guarded(
      try base.scan(scan), inputs: 1,
      results: [(scan.outer * scan.count * scan.inner, scan.type)])
  }
}

extension GuardedBackend: NormalizationKernels {
  func moments(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    guarded(
      try base.moments(normalization), inputs: 1,
      results: [(2 * normalization.resultCount, normalization.type)])
  }

  func distanceSums(_ normalization: Normalization) throws(TensorError) -> any Kernel {
    guarded(
      try base.distanceSums(normalization), inputs: 3,
      results: [(2 * normalization.resultCount, normalization.type)])
  }
}

/// A kernel between guard bands.
private final class GuardedKernel: Kernel {
  private let base: any Kernel
  private let backend: any Backend
  private let inputs: Int
  private let results: [(count: Int, type: ScalarType)]

  /// The size of a band, which keeps every alignment that matters.
  private static let band = 1024
  /// NaN in every floating-point type.
  private static let fill: UInt8 = 0xFF
  /// NaN again, but of another sign in the types that are tried for it: what a kernel makes of an
  /// operand's surroundings differs from what surrounds its result.
  private static let besideInputs: [UInt8] = [0xFF, 0xFF, 0xFF, 0x7F]

  init(
    _ base: any Kernel, on backend: any Backend, inputs: Int,
    results: [(count: Int, type: ScalarType)]
  ) {
    self.base = base
    self.backend = backend
    self.inputs = inputs
    self.results = results
  }

  var label: String { base.label }

  func run(_ call: Call) throws(TensorError) {
    var buffers: [DeviceBuffer] = []
    for index in 0..<inputs {
      let binding = call.bindings[index]
      let size = binding.buffer._withUnsafeGuaranteedRef { $0.byteCount } - binding.byteOffset
      var bytes = [UInt8](repeating: 0, count: Swift.max(size, 0))
      try read(binding, &bytes)
      let bands = [[UInt8]](repeating: Self.besideInputs, count: Self.band / 4).flatMap { $0 }
      buffers.append(try uploaded(bands + bytes + bands))
    }
    for result in results {
      let size = result.count * result.type.byteCount
      buffers.append(try banded([UInt8](repeating: Self.fill, count: size)))
    }
    let workspace =
      base.workspaceByteCount > 0
      ? try banded([UInt8](repeating: Self.fill, count: base.workspaceByteCount)) : nil
    try withExtendedLifetime((buffers, workspace)) { () throws(TensorError) in
      let bindings = buffers.map { Binding($0, byteOffset: Self.band) }
      let outcome: Result<Void, TensorError> = bindings.withUnsafeBufferPointer { bindings in
        guard let start = bindings.baseAddress else { return .success(()) }
        do throws(TensorError) {
          try base.run(
            Call(
              bindings: start, words: call.words,
              workspace: workspace.map { Binding($0, byteOffset: Self.band) }))
          return .success(())
        } catch { return .failure(error) }
      }
      try outcome.get()
      for (number, result) in results.enumerated() {
        let bytes = try inspected(
          buffers[inputs + number], "result \(number)", written: result.type)
        try write(bytes, to: call.bindings[inputs + number])
      }
      if let workspace { _ = try inspected(workspace, "workspace", written: nil) }
    }
  }

  private func read(_ binding: Binding, _ bytes: inout [UInt8]) throws(TensorError) {
    guard !bytes.isEmpty else { return }
    var failure: TensorError?
    bytes.withUnsafeMutableBytes { memory in
      do throws(TensorError) { try backend.read(binding, into: memory) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func write(_ bytes: [UInt8], to binding: Binding) throws(TensorError) {
    let outcome: Result<Void, TensorError> = bytes.withUnsafeBytes { memory in
      do throws(TensorError) {
        return .success(try backend.write(memory, to: binding))
      } catch { return .failure(error) }
    }
    try outcome.get()
  }

  /// Memory that holds `bytes` between two bands.
  private func banded(_ bytes: [UInt8]) throws(TensorError) -> DeviceBuffer {
    let band = [UInt8](repeating: Self.fill, count: Self.band)
    return try uploaded(band + bytes + band)
  }

  private func uploaded(_ all: [UInt8]) throws(TensorError) -> DeviceBuffer {
    let buffer = try backend.memory.allocate(byteCount: all.count)
    try write(all, to: Binding(buffer))
    return buffer
  }

  /// What lies between the bands of a buffer, which are as they were, or an error.
  private func inspected(
    _ buffer: DeviceBuffer, _ what: String, written type: ScalarType?
  ) throws(TensorError) -> [UInt8] {
    var all = [UInt8](repeating: 0, count: buffer.byteCount)
    try read(Binding(buffer), &all)
    let inner = Array(all[Self.band..<all.count - Self.band])
    for (place, band) in [("before", all.prefix(Self.band)), ("after", all.suffix(Self.band))] {
      guard let at = band.firstIndex(where: { $0 != Self.fill }) else { continue }
      throw TensorError(.numeric, base.label, "\(what): byte \(at) \(place) its memory was changed")
    }
    // No arithmetic makes a NaN of just ones, and no bool is 255.
    if let type, type.isFloatingPoint || type == .bool {
      let size = type.byteCount
      for element in 0..<inner.count / size
      where inner[element * size..<(element + 1) * size].allSatisfy({ $0 == Self.fill }) {
        throw TensorError(.numeric, base.label, "\(what): element \(element) was not written")
      }
    }
    return inner
  }
}
