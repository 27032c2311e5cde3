internal import Backends
internal import CPUKernels
internal import Geometry

/// One pass of a convolution. Half-size types are widened and each result is rounded once.
final class ConvolutionKernel: Kernel {
  let label: String
  let workspaceByteCount: Int
  private let method: convolution_method
  private let pass: convolution_pass
  private var work = convolution_work()
  private let widening: [Conversion]
  /// The binding of a bias that the method adds itself, and the element it begins at.
  private let bias: (binding: Int, offset: Int)?
  /// What is done to each finished part of the result.
  private let finish: CompiledProgram?
  /// The size of the result where it is not stored in place, else 0.
  private let storedByteCount: Int
  private let resultCount: Int
  /// Channels of the result.
  private let columns: Int
  private let bindingCount: Int

  init(_ convolution: Convolution, _ pass: convolution_pass, _ epilogue: Epilogue?) {
    self.pass = pass
    label = convolution.label(pass)
    let (first, second, result) = convolution.shapes(pass)
    resultCount = result.count
    columns = result.last
    bindingCount = 3 + max((epilogue?.program.inputs.count ?? 1) - 1, 0)
    let type = convolution.type.computeType
    var program = epilogue?.program
    if type == convolution.type {
      widening = []
    } else {
      widening = [first, second].map {
        Conversion(convolution.type, to: type, count: $0.count)
      }
      program = program?.castingFirstInput(from: type) ?? .cast(type, to: convolution.type)
    }
    method = convolution.method(pass)
    if let epilogue, let taken = program, type == convolution.type,
      convolution_takes_bias(method), let found = taken.leadingBias(epilogue.domain, columns)
    {
      bias = (found.input + 1, epilogue.domain.accesses[found.input].offset)
      program = found.rest.instructions.isEmpty ? nil : found.rest
    } else {
      bias = nil
    }
    let domain = epilogue?.domain ?? Domain(count: max(resultCount, 1), inputs: 1)
    finish = program.map { CompiledProgram($0, over: domain, firstInputIsContiguous: true) }
    let isInPlace = program.map { $0.resultTypes == [type] } ?? true
    storedByteCount = isInPlace ? 0 : (resultCount * type.byteCount + 63) / 64 * 64
    work.shape = convolution_shape(convolution)
    workspaceByteCount =
      widening.reduce(storedByteCount) { $0 + $1.byteCount }
      + (resultCount == 0 ? 0 : Int(convolution_workspace(method, pass, &work.shape)))
  }

  func run(_ call: Call) throws(TensorError) {
    guard resultCount > 0 else { return }
    var free = call.workspace?.address
    func take(_ byteCount: Int) -> UnsafeMutableRawPointer? {
      let taken = free
      free = free.map { $0 + byteCount }
      return taken
    }
    var operands = [call.address(0), call.address(1)]
    for (index, conversion) in widening.enumerated() {
      guard let memory = take(conversion.byteCount) else { continue }
      conversion.run(from: operands[index], to: memory)
      operands[index] = memory
    }
    let result = call.address(bindingCount - 1)
    var stored = result
    if storedByteCount > 0, let memory = take(storedByteCount) { stored = memory }
    work.first = UnsafeRawPointer(operands[0])
    work.second = UnsafeRawPointer(operands[1])
    work.result = stored
    work.workspace = free
    if let bias {
      work.bias = UnsafePointer(
        call.address(bias.binding).assumingMemoryBound(to: Float.self) + bias.offset)
    }
    guard let finish else {
      convolution_run(method, pass, &work)
      return
    }
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: bindingCount - 2) {
      inputs in
      inputs.initializeElement(at: 0, to: UnsafeRawPointer(stored))
      for index in 1..<(bindingCount - 2) {
        inputs.initializeElement(at: index, to: call.address(index + 1))
      }
      // Not empty, so it has an address.
      var finishing = Finishing(
        program: finish, inputs: inputs.baseAddress!, words: call.words, result: result,
        columns: columns)
      if pass == convolution_filter_gradient {
        convolution_run(method, pass, &work)
        finishing.finish(0..<(resultCount / columns), 0..<columns)
        return
      }
      withUnsafeMutablePointer(to: &finishing) { context in
        work.context = UnsafeMutableRawPointer(context)
        work.finish = { context, row, rows, column, columns in
          context?.assumingMemoryBound(to: Finishing.self).pointee.finish(
            Int(row)..<Int(row + rows), Int(column)..<Int(column + columns))
        }
        convolution_run(method, pass, &work)
      }
    }
  }
}

extension Program {
  /// The input that the first instruction adds to the first input as a row of `columns` numbers, if
  /// nothing else wants that first input, and what is left to do.
  fileprivate func leadingBias(_ domain: Domain, _ columns: Int) -> (input: Int, rest: Program)? {
    guard let first = instructions.first, first.operation == .add, first.type == .float32 else {
      return nil
    }
    let input = first.a == 0 ? first.b : first.a
    guard Swift.min(first.a, first.b) == 0, 1..<inputs.count ~= input, inputs[input] == .float32,
      domain.accesses[input].kind == .row(period: columns)
    else { return nil }
    let others = instructions.dropFirst()
    let reads = others.filter { $0.operation.operandCount > 0 }.flatMap { [$0.a, $0.b, $0.c] }
    guard !(reads + results).contains(0) else { return nil }
    // The sum takes the first input's number, and those behind it move up.
    let sum = inputs.count + scalars.count
    func renumbered(_ value: Int) -> Int { value == sum ? 0 : value > sum ? value - 1 : value }
    var rest = self
    rest.instructions = others.map { instruction in
      var changed = instruction
      // What these read are not values.
      if instruction.operation.operandCount > 0 { changed.a = renumbered(instruction.a) }
      changed.b = renumbered(instruction.b)
      changed.c = renumbered(instruction.c)
      return changed
    }
    rest.results = results.map(renumbered)
    return (input, rest)
  }
}

extension Convolution {
  /// Of the two operands of a pass and of its result.
  fileprivate func shapes(_ pass: convolution_pass) -> (Shape, Shape, Shape) {
    switch pass {
    case convolution_forward: (inputShape, filterShape, outputShape)
    case convolution_input_gradient: (outputShape, filterShape, inputShape)
    default: (inputShape, outputShape, filterShape)
    }
  }

  fileprivate func label(_ pass: convolution_pass) -> String {
    let name =
      switch pass {
      case convolution_forward: "convolution"
      case convolution_input_gradient: "convolution input gradient"
      default: "convolution filter gradient"
      }
    return "\(name) \(inputShape) × \(filterShape)"
  }
}

extension convolution_shape {
  init(_ convolution: Convolution) {
    self.init(
      batch: Int64(convolution.batch), rows: convolution_window(convolution.rows),
      columns: convolution_window(convolution.columns), inputs: Int64(convolution.inputs),
      outputs: Int64(convolution.outputs), groups: Int64(convolution.groups))
  }
}

extension convolution_window {
  fileprivate init(_ window: Window) {
    self.init(
      input: Int64(window.input), taps: Int64(window.taps), dilation: Int64(window.dilation),
      stride: Int64(window.stride), before: Int64(window.before), output: Int64(window.output))
  }
}
