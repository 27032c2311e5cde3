package import Backends
package import Geometry

extension OpenCLBackend: SoftmaxKernels {
  package func softmax(_ softmax: Softmax) throws(TensorError) -> any Kernel {
    let label = "\(softmax.kind) [\(softmax.outer), \(softmax.count), \(softmax.inner)]"
    guard softmax.type == .float32 || softmax.type == .float64 else {
      throw TensorError(.dtype, "softmax", "of \(softmax.type) is not defined")
    }
    try requireType(softmax.type, in: "softmax")
    guard softmax.elementCount > 0 else { return OpenCLKernel(label) { _ in } }
    let isShort =
      softmax.inner == 1 && softmax.count <= 24 && softmax.mask == nil
      && (softmax.scale == 1 || softmax.kind.isGradient)
    if softmax.inner == 1, !(isShort && flavour == .cpu) {
      return try rowSoftmax(softmax, label)
    }
    return try columnSoftmax(softmax, label)
  }

  private func rowSoftmax(_ softmax: Softmax, _ label: String) throws(TensorError) -> any Kernel {
    let cut = RowCut(rows: softmax.outer, count: softmax.count, flavour)
    let isGradient = softmax.kind.isGradient
    let function = try programs.kernel(
      isGradient ? "gradient_rows" : "forward_rows", of: softmax.source,
      groupSize: cut.size.groupSize)
    let type = softmax.type
    let isLogarithm = Int32(softmax.kind.isLogarithm ? 1 : 0)
    let rows = Int64(softmax.outer)
    let count = Int64(softmax.count)
    if isGradient {
      return OpenCLKernel(label) { call throws(TensorError) in
        try self.launch(function, over: cut.size) { list in
          for number in 0..<3 { list.add(MemoryArgument(call.bindings[number], of: type)) }
          for number in [rows, count, cut.share] { list.add(number) }
          list.add(isLogarithm)
          list.add(softmax.scale, as: type)
        }
      }
    }
    let mask = softmax.mask
    let layout = mask?.layout
    let elementSize = mask?.isBool == true ? 1 : type.byteCount
    let maskKind: Int32 = layout == nil ? 0 : mask?.isBool == true ? 1 : 2
    let strides = (layout?.strides ?? [0, 0, 0, 0]).map { Int64($0) }
    return OpenCLKernel(label) { call throws(TensorError) in
      try self.launch(function, over: cut.size) { list in
        list.add(MemoryArgument(call.bindings[0], of: type))
        list.add(
          MemoryArgument(
            call.bindings[layout == nil ? 0 : 1], elementSize: 1,
            offset: (layout?.offset ?? 0) * elementSize))
        list.add(maskKind)
        list.add(Int32(mask?.isCausal == true ? 1 : 0))
        list.add(softmax.scale, as: type)
        list.add(Int64(max(1, mask?.heads ?? 1)))
        list.add(Int64(max(1, mask?.queries ?? 1)))
        for stride in strides { list.add(stride) }
        list.add(MemoryArgument(call.bindings[layout == nil ? 1 : 2], of: type))
        for number in [rows, count, cut.share] { list.add(number) }
        list.add(isLogarithm)
      }
    }
  }

  private func columnSoftmax(_ softmax: Softmax, _ label: String) throws(TensorError)
    -> any Kernel
  {
    let isGradient = softmax.kind.isGradient
    // Short rows are columns that lie across.
    let isTurned = softmax.inner == 1
    let outer = isTurned ? 1 : softmax.outer
    let across = isTurned ? softmax.outer : softmax.inner
    let size =
      flavour == .cpu
      ? WorkSize(groups: outer * ((across + 63) / 64))
      : WorkSize(groups: (outer * across + 255) / 256, of: (256, 1, 1))
    let function = try programs.kernel(
      isGradient ? "gradient_columns" : "forward_columns", of: softmax.source,
      groupSize: size.groupSize)
    let numbers = [
      outer, softmax.count * softmax.inner, across, softmax.count, softmax.inner,
      isTurned ? softmax.count : 1,
    ].map { Int64($0) }
    return OpenCLKernel(label) { call throws(TensorError) in
      try self.launch(function, over: size) { list in
        for number in 0..<(isGradient ? 3 : 2) {
          list.add(MemoryArgument(call.bindings[number], of: softmax.type))
        }
        for number in numbers { list.add(number) }
        list.add(Int32(softmax.kind.isLogarithm ? 1 : 0))
        if isGradient { list.add(softmax.scale, as: softmax.type) }
      }
    }
  }
}

/// How rows are shared out: so many to a work item of a CPU, or so many items of a GPU to each.
struct RowCut {
  let size: WorkSize
  let share: Int64

  init(rows: Int, count: Int, _ flavour: OpenCLBackend.Flavour) {
    switch flavour {
    case .cpu:
      let share = max(1, 8192 / max(1, count))
      self.share = Int64(share)
      size = WorkSize(groups: (rows + share - 1) / share)
    case .gpu:
      var team = 1
      while team < 256, team * 8 < count { team *= 2 }
      share = Int64(team)
      let perGroup = 256 / team
      size = WorkSize(groups: (rows + perGroup - 1) / perGroup, of: (256, 1, 1))
    }
  }
}

extension ArgumentList {
  /// A number in the scalar type of a kernel's elements.
  mutating func add(_ number: Double, as type: ScalarType) {
    if type == .float64 { add(number) } else { add(Float(number)) }
  }
}

extension Softmax {
  fileprivate var source: ProgramSource {
    ProgramSource(
      "softmax.cl",
      KernelText.law + KernelText.elementwise + KernelText.softmaxRows
        + KernelText.softmax, defines: Self.defines(for: type))
  }

  /// What the texts that work on rows of `type` are built with.
  static func defines(for type: ScalarType) -> [(name: String, value: String)] {
    type == .float64
      ? [("TYPE", "double"), ("EXP", "exp"), ("LOG1P", "log1p")]
      : [("TYPE", "float"), ("EXP", "elementary_exp"), ("LOG1P", "elementary_log1p")]
  }
}
