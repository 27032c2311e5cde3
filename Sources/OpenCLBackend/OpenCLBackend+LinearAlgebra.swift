package import Backends
package import Geometry

extension OpenCLBackend: LinearAlgebraKernels {
  package func linearAlgebra(_ problem: MatrixProblem) throws(TensorError) -> any Kernel {
    let size = problem.type.byteCount
    let inputs = problem.inputCounts.map { $0 * size }
    let result = problem.resultCount * size
    let there = inputs.reduce(0, +)
    let host = HostMatrixProblem(problem)
    let label = problem.label + ", on the host: \(there) bytes there, \(result) back"
    return OpenCLKernel(label) { [self] call throws(TensorError) in
      var operands: [UnsafeMutableRawBufferPointer] = []
      func room(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        .allocate(byteCount: max(byteCount, 1), alignment: 64)
      }
      defer { for operand in operands { operand.deallocate() } }
      for (number, byteCount) in inputs.enumerated() {
        let operand = room(byteCount)
        operands.append(operand)
        try read(
          call.bindings[number],
          into: UnsafeMutableRawBufferPointer(rebasing: operand[..<byteCount]))
      }
      let back = room(result)
      operands.append(back)
      memory.countRoundTrip(bytes: there + result)
      // Allocated with at least one byte, so they have addresses.
      var addresses: [UnsafeRawPointer] = []
      for operand in operands.dropLast() {
        if let address = operand.baseAddress { addresses.append(UnsafeRawPointer(address)) }
      }
      guard let target = back.baseAddress else { return }
      try host.run(addresses, target)
      try write(
        UnsafeRawBufferPointer(rebasing: back[..<result]), to: call.bindings[inputs.count])
    }
  }
}
