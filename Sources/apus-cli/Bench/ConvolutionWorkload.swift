internal import Geometry
internal import Tensors

extension Workload {
  /// A convolution with bias, and with it the gradients of input, filter and bias.
  static func convolution(_ workload: Workload) throws -> PreparedWorkload {
    let (kernel, stride) = (try workload.size("kernel"), try workload.size("stride"))
    let (inputs, outputs) = (try workload.size("c"), try workload.size("o"))
    let groups = try workload.size("groups", ifAbsent: 1)
    let pad = try workload.integer("pad")
    let padding = Padding.explicit([(pad, pad), (pad, pad)])
    let shape: Shape = [
      try workload.size("n"), try workload.size("h"), try workload.size("w"), inputs,
    ]
    let x = try workload.random(shape)
    let filter = try workload.random([kernel, kernel, inputs / groups, outputs])
    let bias = try workload.random([outputs])
    func forward() throws -> Tensor {
      try conv2D(x, filter, bias: bias, stride: stride, padding: padding, groups: groups)
    }
    let result = try forward()
    let operations = 2 * Double(result.count) * Double(kernel * kernel * inputs / groups)
    switch try workload.string("pass") {
    case "fwd":
      return PreparedWorkload(cost: .operations(operations)) { try evaluate(forward()) }
    case "fwdbwd":
      let upstream = try workload.random(result.shape)
      return PreparedWorkload(cost: .operations(3 * operations)) {
        let results = try recorded {
          let y = try forward()
          return try [y] + gradients(of: y, upstream: upstream, for: [x, filter, bias])
        }
        try evaluate(results)
      }
    case let pass: throw workload.unsupported("unknown pass \"\(pass)\"")
    }
  }
}
