package import Backends
package import Geometry

extension OpenCLBackend {
  package func ctc(_ ctc: CTC, _ part: CrossEntropy.Part) throws(TensorError) -> any Kernel {
    let label = ctc.label(part)
    try requireType(ctc.type, in: ctc.labels.operation)
    guard ctc.batch > 0 else { return OpenCLKernel(label) { _ in } }
    let source = ProgramSource(
      "ctc.cl", KernelText.law + KernelText.elementwise + KernelText.ctc,
      defines: [("TYPE", ctc.type == .float64 ? "double" : "float")])
    let items = flavour == .cpu ? 1 : 64
    let size = WorkSize(groups: ctc.batch, of: (items, 1, 1))
    let function = try programs.kernel("ctc", of: source, groupSize: items)
    let labelFault = try indexFaults.argument(for: ctc.labels)
    let inputFault = try indexFaults.argument(for: ctc.inputLengths)
    let targetFault = try indexFaults.argument(for: ctc.targetLengths)
    let hasGradient = part.upstreamStride != nil
    let stateSize = information.hasFloat64 ? 8 : 4
    let states = ctc.batch * ctc.time * (2 * ctc.targets + 1) * (hasGradient ? 2 : 1)
    let byteCount = max(states, 1) * stateSize
    return OpenCLKernel(label, workspaceByteCount: byteCount) { call throws(TensorError) in
      guard let workspace = call.workspace else {
        throw TensorError(.argument, "ctc", "a workspace of \(byteCount) bytes is missing")
      }
      let bindings = call.bindings
      let results = hasGradient ? 5 : 4
      try self.launch(function, over: size) { list in
        list.add(MemoryArgument(bindings[0], of: ctc.type))
        for (number, type) in [
          (1, ctc.labelType), (2, ctc.inputLengthType), (3, ctc.targetLengthType),
        ] {
          list.add(MemoryArgument(bindings[number], elementSize: 1))
          list.add(type.wholeKind)
        }
        // What is missing is an operand that is there, and is not touched.
        list.add(MemoryArgument(bindings[hasGradient ? 4 : 0], of: ctc.type))
        list.add(Int64(part.upstreamStride ?? 0))
        list.add(MemoryArgument(bindings[part.hasLosses ? results : 0], of: ctc.type))
        let gradient = results + (part.hasLosses ? 1 : 0)
        list.add(MemoryArgument(bindings[hasGradient ? gradient : 0], of: ctc.type))
        list.add(MemoryArgument(workspace, elementSize: stateSize))
        list.add(Int32((part.hasLosses ? 1 : 0) + (hasGradient ? 2 : 0)))
        for number in [ctc.batch, ctc.time, ctc.classes, ctc.targets, ctc.blank] {
          list.add(Int64(number))
        }
        list.add(labelFault)
        list.add(inputFault)
        list.add(targetFault)
      }
    }
  }
}

extension ScalarType {
  /// How kernels are told what whole numbers are stored as.
  var wholeKind: Int32 {
    switch self {
    case .int64: 1
    case .uint8, .bool: 2
    default: 0
    }
  }
}
