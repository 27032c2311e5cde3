internal import Geometry
internal import Tensors

extension Workload {
  /// Batch normalisation in training, with the gradients of its input, scale and shift and an
  /// update of the running statistics.
  static func batchNormalization(_ workload: Workload) throws -> PreparedWorkload {
    let channels = try workload.size("c")
    let shape: Shape = [
      try workload.size("n"), try workload.size("h"), try workload.size("w"), channels,
    ]
    let inputs = [
      try workload.random(shape), try workload.random([channels]), try workload.random([channels]),
    ]
    let upstream = try workload.random(shape)
    let running = [
      Parameter(try workload.random([channels]), isTrained: false),
      Parameter(try workload.random([channels]), isTrained: false),
    ]
    let bytes = 4 * Double(4 * shape.count + 8 * channels)
    return PreparedWorkload(cost: .bytes(bytes)) {
      let results = try recorded {
        let (y, mean, variance) = try batchNorm(inputs[0], scale: inputs[1], shift: inputs[2])
        for (parameter, statistic) in zip(running, [mean, variance]) {
          try parameter.assign(movingAverage(parameter.value, statistic, momentum: 0.9))
        }
        return try [y] + gradients(of: [y], upstream: [upstream], for: inputs)
      }
      try evaluate(results)
    }
  }
}
