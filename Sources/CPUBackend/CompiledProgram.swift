internal import CPUKernels
package import Geometry

/// A program lowered for one domain: what `elementwise_run` takes.
///
/// Immutable once made; any number of threads may run it, each with scratch memory of its own.
package final class CompiledProgram {
  package let program: Program
  package let domain: Domain
  /// Bytes of 64-byte aligned memory that a run needs.
  package let scratchByteCount: Int

  private let code: UnsafeMutablePointer<elementwise_code>
  private let inputs: UnsafeMutableBufferPointer<elementwise_input>
  private let scalars: UnsafeMutableBufferPointer<element_type>
  private let results: UnsafeMutableBufferPointer<elementwise_result>
  private let coordinates: UnsafeMutableBufferPointer<elementwise_coordinate_axis>
  private let instructions: UnsafeMutableBufferPointer<elementwise_instruction>

  /// - Parameters:
  ///   - total: the elements of all that it is run over, if that is more than once the domain.
  ///   - firstInputIsContiguous: whether the first input lies at `index`, whatever `domain` says of
  ///     it: a product that an epilogue runs on.
  package init(
    _ program: Program, over domain: Domain, total: Int? = nil, firstInputIsContiguous: Bool = false
  ) {
    self.program = program
    self.domain = domain
    let lowering = Lowering(
      program, domain, total: total ?? domain.count, firstInputIsContiguous: firstInputIsContiguous)
    inputs = Self.copy(lowering.inputs)
    scalars = Self.copy(program.scalars.map(\.element))
    results = Self.copy(lowering.results)
    coordinates = Self.copy(
      domain.coordinates.map {
        elementwise_coordinate_axis(stride: Int64($0.stride), extent: Int64($0.extent))
      })
    instructions = Self.copy(lowering.instructions)
    var code = elementwise_code()
    code.input_count = Int32(inputs.count)
    code.scalar_count = Int32(scalars.count)
    code.result_count = Int32(results.count)
    code.register_count = Int32(lowering.registerCount)
    code.instruction_count = Int32(instructions.count)
    code.rank = Int32(domain.extents.count)
    code.tile = Int32(lowering.tile)
    code.register_bytes = Int32(lowering.tile * lowering.widestElement)
    withUnsafeMutableBytes(of: &code.extents) { bytes in
      for (axis, extent) in domain.extents.enumerated() {
        bytes.storeBytes(of: Int64(extent), toByteOffset: 8 * axis, as: Int64.self)
      }
    }
    code.inputs = UnsafePointer(inputs.baseAddress)
    code.scalars = UnsafePointer(scalars.baseAddress)
    code.results = UnsafePointer(results.baseAddress)
    code.coordinates = UnsafePointer(coordinates.baseAddress)
    code.instructions = UnsafePointer(instructions.baseAddress)
    self.code = .allocate(capacity: 1)
    self.code.initialize(to: code)
    scratchByteCount = Int(elementwise_scratch_bytes(self.code))
  }

  deinit {
    code.deallocate()
    inputs.deallocate()
    scalars.deallocate()
    results.deallocate()
    coordinates.deallocate()
    instructions.deallocate()
  }

  /// Computes the indices from `start` until `end`.
  ///
  /// What result `k` is at index `i` goes to element `i - origin` of `results[k]`. `inputs` are the
  /// starts of the memory that the domain's accesses refer to, `words` the scalars, then a seed and
  /// a counter for each generator.
  @inline(__always)
  package func run(
    inputs: UnsafePointer<UnsafeRawPointer?>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    words: UnsafePointer<UInt64>, start: Int, end: Int, origin: Int,
    scratch: UnsafeMutableRawPointer
  ) {
    elementwise_run(
      code, inputs, results, words, Int64(start), Int64(end), Int64(origin), scratch)
  }

  private static func copy<Element>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return memory
  }
}

extension ScalarType {
  /// The same type as the C kernels call it.
  var element: element_type { element_type(rawValue: rawValue) }
}
