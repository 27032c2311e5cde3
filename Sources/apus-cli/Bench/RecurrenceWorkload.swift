internal import Geometry
internal import Tensors

extension Workload {
  /// An LSTM from a zero state, and the gradients of its input, both kernels and the bias for a
  /// fixed gradient of all states.
  static func longShortTermMemory(_ workload: Workload) throws -> PreparedWorkload {
    let (batch, steps) = (try workload.size("batch"), try workload.size("steps"))
    let (features, units) = (try workload.size("input"), try workload.size("hidden"))
    let x = try workload.random([batch, steps, features])
    let upstream = try workload.random([batch, steps, units])
    let bound = (1 / Double(units)).squareRoot()
    func parameter(_ shape: Shape) throws -> Tensor {
      try Tensor.uniform(shape, from: -bound, to: bound)
    }
    let kernel = try parameter([features, 4 * units])
    let recurrentKernel = try parameter([units, 4 * units])
    let bias = try parameter([4 * units])
    try evaluate(kernel, recurrentKernel, bias)
    let products = Double(batch * steps) * Double((features + units) * 4 * units)
    return PreparedWorkload(cost: .operations(6 * products)) {
      let results = try recorded {
        let states = try lstm(
          x, kernel: kernel, recurrentKernel: recurrentKernel, bias: bias
        ).outputs
        return try [states]
          + gradients(
            of: states, upstream: upstream, for: [x, kernel, recurrentKernel, bias])
      }
      try evaluate(results)
    }
  }
}
