internal import Geometry
internal import Tensors

extension Workload {
  /// Windows without padding over images `[n, h, w, c]`: the value and the gradient of the input.
  static func pooling(_ workload: Workload) throws -> PreparedWorkload {
    let (n, c) = (try workload.size("n"), try workload.size("c"))
    let (h, w) = (try workload.size("h"), try workload.size("w"))
    let (kernel, stride) = (try workload.size("kernel"), try workload.size("stride"))
    let isMaximum: Bool
    switch try workload.string("op") {
    case "max": isMaximum = true
    case "avg": isMaximum = false
    case let name: throw workload.unsupported("unknown op \"\(name)\"")
    }
    @Sendable func pooled(_ x: Tensor) throws(TensorError) -> Tensor {
      let (window, stride) = ([kernel, kernel], [stride, stride])
      return try isMaximum
        ? maxPool2D(x, window: window, stride: stride)
        : averagePool2D(x, window: window, stride: stride)
    }
    let x = try workload.random([n, h, w, c])
    let upstream = try workload.random(try pooled(x).shape)
    let bytes = 4 * 2 * Double(x.count + upstream.count)
    return PreparedWorkload(cost: .bytes(bytes)) {
      let results = try recorded {
        let value = try pooled(x)
        return try [value] + gradients(of: [value], upstream: [upstream], for: [x])
      }
      try evaluate(results)
    }
  }
}
