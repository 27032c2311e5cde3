package import Backends
package import Geometry

extension OpenCLBackend: ScanKernels {
  package func scan(_ scan: Scan) throws(TensorError) -> any Kernel {
    let label = "scan \(scan.kind) [\(scan.outer), \(scan.count), \(scan.inner)]"
    try requireType(scan.type, in: "cumulative \(scan.kind)")
    guard scan.outer * scan.count * scan.inner > 0 else { return OpenCLKernel(label) { _ in } }
    // Cut by the extents alone, so that no bit depends on the device.
    let columns = scan.outer * ((scan.inner + 63) / 64)
    let segments = scan.count < 1 << 14 || columns >= 64 ? 1 : min(256, (scan.count + 8191) / 8192)
    let segment = (scan.count + segments - 1) / segments
    let state = scan.type.stateType
    if segments == 1 {
      let whole = try ScanPass(self, scan, segments: 1, segment: scan.count)
      return OpenCLKernel(label) { call throws(TensorError) in
        try whole.run(call.bindings[0], to: call.bindings[1])
      }
    }
    let shape: Shape = [scan.outer, segments, scan.inner]
    let parts = Scan(
      scan.kind, state, of: shape, axis: 1, exclusive: true, reversed: false)
    let totals = try ScanPass(
      self, scan, segments: segments, segment: segment, kernel: "totals")
    let middle = try ScanPass(self, parts, segments: 1, segment: segments)
    let last = try ScanPass(self, scan, segments: segments, segment: segment, hasCarry: true)
    let half = (shape.count * state.byteCount + 255) / 256 * 256
    return OpenCLKernel(label, workspaceByteCount: 2 * half) { call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(.argument, "scan", "a workspace of \(2 * half) bytes is missing")
      }
      let carry = workspace.advanced(by: half)
      try totals.run(call.bindings[0], to: workspace)
      try middle.run(workspace, to: carry)
      try last.run(call.bindings[0], carry: carry, to: call.bindings[1])
    }
  }
}

/// One launch of a scan.
private final class ScanPass {
  private let backend: OpenCLBackend
  private let scan: Scan
  private let segments: Int, segment: Int
  private let function: KernelFunction
  private let size: WorkSize
  private let resultType: ScalarType

  init(
    _ backend: OpenCLBackend, _ scan: Scan, segments: Int, segment: Int, kernel: String = "scan",
    hasCarry: Bool = false
  ) throws(TensorError) {
    self.backend = backend
    self.scan = scan
    self.segments = segments
    self.segment = segment
    let state = scan.type.stateType
    resultType = kernel == "totals" ? state : scan.type
    let isSideBySide = scan.inner >= 16
    switch backend.flavour {
    case .cpu: size = WorkSize(groups: scan.outer * segments * ((scan.inner + 63) / 64))
    case .gpu:
      let columns = scan.outer * segments * scan.inner
      size = WorkSize(groups: isSideBySide ? (columns + 255) / 256 : columns, of: (256, 1, 1))
    }
    let head =
      "#define TYPE \(scan.type.storageName)\n#define STATE \(state.registerName)\n"
      + "#define LOADED(x) (\(scan.type.loading("(x)")))\n"
      + "#define STORED(x) (\(scan.type.storing("(x)")))\n"
    let source = ProgramSource(
      "scan.cl", KernelText.law + KernelText.elementwise + head + KernelText.scan,
      defines: [
        ("IS_FLOATING", state.isFloatingPoint ? "1" : "0"),
        ("WRAPPING", state == .int64 ? "ulong" : "uint"),
        ("IS_PRODUCT", scan.kind == .product ? "1" : "0"),
        ("IS_EXCLUSIVE", scan.isExclusive ? "1" : "0"),
        ("IS_REVERSED", scan.isReversed ? "1" : "0"),
        ("HAS_CARRY", hasCarry ? "1" : "0"), ("SIDE_BY_SIDE", isSideBySide ? "1" : "0"),
      ])
    function = try backend.programs.kernel(kernel, of: source, groupSize: size.groupSize)
  }

  func run(_ input: Binding, carry: Binding? = nil, to result: Binding) throws(TensorError) {
    try backend.launch(function, over: size) { list in
      list.add(MemoryArgument(input, of: scan.type))
      if let carry { list.add(MemoryArgument(carry, of: scan.type.stateType)) }
      list.add(MemoryArgument(result, of: resultType))
      for number in [scan.outer, scan.count, scan.inner, segment, segments] {
        list.add(Int64(number))
      }
    }
  }
}
