package import Backends
package import Geometry

extension OpenCLBackend {
  package func lookup(_ lookup: Lookup) throws(TensorError) -> any Kernel {
    let label = "gather [\(lookup.outer), \(lookup.count), \(lookup.inner)] at \(lookup.indexCount)"
    guard lookup.resultCount > 0 else { return OpenCLKernel(label) { _ in } }
    let source = ProgramSource(
      "lookup.cl", KernelText.lookup,
      defines: [
        ("TYPE", lookup.type.integerName), ("INDEX", lookup.indexType.indexName),
        ("IS_ALONG", lookup.isAlong ? "1" : "0"),
      ])
    let (groups, chunk) = cut(lookup)
    let size = WorkSize(groups: groups, of: flavour == .cpu ? (1, 1, 1) : (256, 1, 1))
    let function = try programs.kernel("gather", of: source, groupSize: size.groupSize)
    let fault = try indexFaults.argument(for: lookup.range)
    return OpenCLKernel(label) { [self] call throws(TensorError) in
      try launch(
        function, over: size, MemoryArgument(call.bindings[0], of: lookup.type),
        MemoryArgument(call.bindings[1], of: lookup.indexType),
        MemoryArgument(call.bindings[2], of: lookup.type), Int64(lookup.outer),
        Int64(lookup.count), Int64(lookup.inner), Int64(lookup.indices),
        Int64(lookup.range.lowest), Int64(chunk), fault)
    }
  }

  /// How many groups of work items there are, and how many rows, or elements, each takes.
  private func cut(_ lookup: Lookup) -> (groups: Int, chunk: Int) {
    switch flavour {
    case .cpu:
      let rows = lookup.outer * lookup.indices
      let chunk = max(1, (1 << 15) / lookup.inner)
      return ((rows + chunk - 1) / chunk, chunk)
    case .gpu:
      let chunk = 1024
      return ((lookup.resultCount + chunk - 1) / chunk, chunk)
    }
  }
}

extension ScalarType {
  /// An unsigned integer of this type's size, for elements that are only moved.
  var integerName: String {
    switch byteCount {
    case 1: "uchar"
    case 2: "ushort"
    case 4: "uint"
    default: "ulong"
    }
  }

  /// What indices of this type are read as.
  var indexName: String {
    switch self {
    case .int64: "long"
    case .uint8, .bool: "uchar"
    default: "int"
    }
  }
}
