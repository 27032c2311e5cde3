package import Backends
package import Geometry

extension OpenCLBackend {
  package func linearRecurrence(_ recurrence: LinearRecurrence) throws(TensorError) -> any Kernel {
    let type = recurrence.type
    try requireType(type, in: "linear recurrence")
    let size: WorkSize
    switch flavour {
    case .cpu: size = WorkSize(groups: recurrence.outer * ((recurrence.inner + 63) / 64))
    case .gpu:
      size = WorkSize(
        groups: (recurrence.outer * recurrence.inner + 255) / 256, of: (256, 1, 1))
    }
    let source = ProgramSource(
      "scan_recurrence.cl", KernelText.law + KernelText.scanRecurrence,
      defines: [("TYPE", type.storageName), ("IS_REVERSED", recurrence.isReversed ? "1" : "0")])
    let function = try programs.kernel("recurrence", of: source, groupSize: size.groupSize)
    return OpenCLKernel(recurrence.label) { [self] call throws(TensorError) in
      try launch(
        function, over: size, MemoryArgument(call.bindings[0], of: type),
        MemoryArgument(call.bindings[1], of: type), MemoryArgument(call.bindings[2], of: type),
        Int64(recurrence.outer), Int64(recurrence.count), Int64(recurrence.inner))
    }
  }
}
