package import Backends
package import Geometry

extension OpenCLBackend: AssemblyKernels {
  package func assembly(_ assembly: Assembly) throws(TensorError) -> any Kernel {
    let label = "assembly \(assembly.shape) of \(assembly.parts.count)"
    let count = assembly.shape.count
    guard count > 0 else { return OpenCLKernel(label) { _ in } }
    let type = assembly.type
    var fill: KernelFunction?
    if assembly.fill != nil { fill = try CopyLaunch.function("fill", self, type) }
    var copies: [(input: Int, launch: CopyLaunch)] = []
    for (input, part) in assembly.parts.enumerated() where part.source.shape.count > 0 {
      let domain = Domain(shape: part.source.shape, reading: [part.source, part.destination])
      copies.append((input, try CopyLaunch(self, type, domain)))
    }
    let inputs = assembly.parts.count
    return OpenCLKernel(label) { [self, copies, fill] call throws(TensorError) in
      let result = call.bindings[inputs]
      if let fill, let bits = assembly.fill {
        let chunk = CopyLaunch.chunk(self, count)
        try launch(
          fill, over: WorkSize(groups: (count + chunk - 1) / chunk, of: CopyLaunch.items(self)),
          MemoryArgument(result, of: type), bits, Int64(count), Int64(chunk))
      }
      for (input, copy) in copies { try copy.run(call.bindings[input], to: result) }
    }
  }
}

/// Moves elements from one layout to another of the same shape.
final class CopyLaunch {
  private let backend: OpenCLBackend
  private let type: ScalarType
  private let function: KernelFunction
  private let isTransposing: Bool
  private let extents: [Int], from: [Int], to: [Int]
  private let offsets: (from: Int, to: Int)
  private static let tile = 32

  /// - Parameter domain: reads where elements are, then where they go.
  convenience init(_ backend: OpenCLBackend, _ type: ScalarType, _ domain: Domain)
    throws(TensorError)
  {
    try self.init(
      backend, type, domain.extents, domain.accesses[0].strides, domain.accesses[1].strides,
      (domain.accesses[0].offset, domain.accesses[1].offset))
  }

  /// Copies what a domain reads to where it is contiguous.
  convenience init(_ backend: OpenCLBackend, _ type: ScalarType, gathering domain: Domain)
    throws(TensorError)
  {
    try self.init(
      backend, type, domain.extents, domain.accesses[0].strides, Shape(domain.extents).strides,
      (domain.accesses[0].offset, 0))
  }

  private init(
    _ backend: OpenCLBackend, _ type: ScalarType, _ extents: [Int], _ from: [Int], _ to: [Int],
    _ offsets: (from: Int, to: Int)
  ) throws(TensorError) {
    self.backend = backend
    self.type = type
    self.offsets = offsets
    let last = extents.count - 1
    var order = Array(extents.indices)
    // An axis whose elements are neighbours in the source, where they are none in the result.
    if let axis = from.firstIndex(of: 1), axis != last, to[last] == 1, extents[axis] >= 8,
      extents[last] >= 8
    {
      order.insert(order.remove(at: axis), at: last - 1)
      isTransposing = true
    } else {
      isTransposing = false
    }
    self.extents = order.map { extents[$0] }
    self.from = order.map { from[$0] }
    self.to = order.map { to[$0] }
    function = try Self.function(isTransposing ? "transpose" : "copy", backend, type)
  }

  static func function(_ name: String, _ backend: OpenCLBackend, _ type: ScalarType)
    throws(TensorError) -> KernelFunction
  {
    let integer = [1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"][type.byteCount] ?? "ulong"
    let source = ProgramSource("assembly.cl", KernelText.assembly, defines: [("TYPE", integer)])
    return try backend.programs.kernel(name, of: source, groupSize: items(backend).0)
  }

  static func items(_ backend: OpenCLBackend) -> (Int, Int, Int) {
    (backend.flavour == .cpu ? 1 : 256, 1, 1)
  }

  /// The elements that one group moves.
  static func chunk(_ backend: OpenCLBackend, _ count: Int) -> Int {
    backend.flavour == .cpu ? backend.chunk(of: count, cost: 1) : 2048
  }

  func run(_ source: Binding, to result: Binding) throws(TensorError) {
    let rank = extents.count
    let count = extents.reduce(1, *)
    var groups = 0
    let chunk = Self.chunk(backend, count)
    if isTransposing {
      let (rows, columns) = (extents[rank - 2], extents[rank - 1])
      groups = (rows + Self.tile - 1) / Self.tile * ((columns + Self.tile - 1) / Self.tile)
      groups *= count / (rows * columns)
    } else {
      groups = (count + chunk - 1) / chunk
    }
    try backend.launch(function, over: WorkSize(groups: groups, of: Self.items(backend))) { list in
      list.add(MemoryArgument(source, of: type, offset: offsets.from))
      list.add(MemoryArgument(result, of: type, offset: offsets.to))
      list.add(Int32(rank))
      list.add(LongVector(extents))
      list.add(LongVector(from))
      list.add(LongVector(to))
      if !isTransposing {
        list.add(Int64(count))
        list.add(Int64(chunk))
      }
    }
  }
}

/// Up to eight numbers as one argument: `long8`.
struct LongVector: KernelArgument {
  private var numbers = SIMD8<Int64>(repeating: 0)

  init(_ numbers: [Int]) {
    for (k, number) in numbers.prefix(8).enumerated() { self.numbers[k] = Int64(number) }
  }
}
