package import Backends
package import Geometry

extension CPUBackend: LinearAlgebraKernels {
  package func linearAlgebra(_ problem: MatrixProblem) throws(TensorError) -> any Kernel {
    LinearAlgebraKernel(problem)
  }
}

private final class LinearAlgebraKernel: Kernel {
  let label: String
  private let host: HostMatrixProblem
  private let inputCount: Int

  init(_ problem: MatrixProblem) {
    label = problem.label
    host = HostMatrixProblem(problem)
    inputCount = problem.inputCounts.count
  }

  func run(_ call: Call) throws(TensorError) {
    var inputs: [UnsafeRawPointer] = []
    for number in 0..<inputCount { inputs.append(UnsafeRawPointer(call.address(number))) }
    try host.run(inputs, call.address(inputCount))
  }
}
