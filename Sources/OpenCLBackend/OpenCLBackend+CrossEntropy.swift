package import Backends
package import Geometry

extension OpenCLBackend {
  package func crossEntropy(_ crossEntropy: CrossEntropy, _ part: CrossEntropy.Part)
    throws(TensorError) -> any Kernel
  {
    let label = crossEntropy.label(part)
    try requireType(crossEntropy.type, in: crossEntropy.range.operation)
    guard crossEntropy.rows * crossEntropy.classes > 0 else { return OpenCLKernel(label) { _ in } }
    let cut = RowCut(rows: crossEntropy.rows, count: crossEntropy.classes, flavour)
    let function = try programs.kernel(
      "cross_entropy", of: crossEntropy.source, groupSize: cut.size.groupSize)
    let fault = try indexFaults.argument(for: crossEntropy.range)
    let type = crossEntropy.type
    let wanted = (part.hasLosses ? 1 : 0) + (part.upstreamStride == nil ? 0 : 2)
    return OpenCLKernel(label) { call throws(TensorError) in
      try self.launch(function, over: cut.size) { list in
        var next = 2
        // What is missing is an operand that is there, and is not read.
        func binding(_ exists: Bool) -> Binding {
          next += exists ? 1 : 0
          return call.bindings[exists ? next - 1 : 0]
        }
        list.add(MemoryArgument(call.bindings[0], of: type))
        list.add(MemoryArgument(call.bindings[1], elementSize: 1))
        list.add(crossEntropy.labelKind)
        list.add(MemoryArgument(binding(crossEntropy.hasClassWeights), of: type))
        list.add(Int32(crossEntropy.hasClassWeights ? 1 : 0))
        list.add(MemoryArgument(binding(part.upstreamStride != nil), of: type))
        list.add(Int64(part.upstreamStride ?? 0))
        list.add(MemoryArgument(binding(part.hasLosses), of: type))
        list.add(MemoryArgument(binding(part.upstreamStride != nil), of: type))
        list.add(Int32(wanted))
        list.add(Int64(crossEntropy.rows))
        list.add(Int64(crossEntropy.classes))
        list.add(cut.share)
        list.add(Int32(crossEntropy.takesLogits ? 1 : 0))
        list.add(1 - crossEntropy.smoothing, as: type)
        list.add(crossEntropy.smoothing / Double(crossEntropy.classes), as: type)
        crossEntropy.addIgnored(to: &list)
        list.add(fault)
      }
    }
  }

  package func labelWeights(_ crossEntropy: CrossEntropy) throws(TensorError) -> any Kernel {
    let label = "weights of \(crossEntropy.rows) labels"
    try requireType(crossEntropy.type, in: crossEntropy.range.operation)
    guard crossEntropy.rows > 0 else { return OpenCLKernel(label) { _ in } }
    let share = 4096
    let size =
      flavour == .cpu
      ? WorkSize(groups: (crossEntropy.rows + share - 1) / share)
      : WorkSize(groups: (crossEntropy.rows + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel(
      "label_weights", of: crossEntropy.source, groupSize: size.groupSize)
    let fault = try indexFaults.argument(for: crossEntropy.range)
    let hasWeights = crossEntropy.hasClassWeights
    return OpenCLKernel(label) { call throws(TensorError) in
      try self.launch(function, over: size) { list in
        list.add(MemoryArgument(call.bindings[0], elementSize: 1))
        list.add(crossEntropy.labelKind)
        list.add(MemoryArgument(call.bindings[hasWeights ? 1 : 0], of: crossEntropy.type))
        list.add(Int32(hasWeights ? 1 : 0))
        list.add(MemoryArgument(call.bindings[hasWeights ? 2 : 1], of: crossEntropy.type))
        list.add(Int64(crossEntropy.rows))
        list.add(Int64(crossEntropy.classes))
        list.add(Int64(share))
        crossEntropy.addIgnored(to: &list)
        list.add(fault)
      }
    }
  }
}

extension CrossEntropy {
  fileprivate var source: ProgramSource {
    ProgramSource(
      "cross_entropy.cl",
      KernelText.law + KernelText.elementwise + KernelText.softmaxRows
        + KernelText.crossEntropy, defines: Softmax.defines(for: type))
  }

  /// 3 for numbers a class.
  fileprivate var labelKind: Int32 { labelType?.wholeKind ?? 3 }

  fileprivate func addIgnored(to list: inout ArgumentList) {
    list.add(Int32(ignoredLabel == nil ? 0 : 1))
    list.add(Int64(ignoredLabel ?? 0))
  }
}
