internal import Geometry
internal import Tensors

extension Workload {
  /// The mean softmax cross-entropy of random logits with integer labels, and its gradient.
  static func crossEntropy(_ workload: Workload) throws -> PreparedWorkload {
    let (rows, classes) = (try workload.size("rows"), try workload.size("classes"))
    let logits = try workload.random([rows, classes])
    let scaled = try Tensor.uniform([rows]) * Double(classes)
    let labels = try minimum(scaled, scaled * 0 + Double(classes - 1)).cast(to: .int32)
    let upstream = try workload.random([])
    try evaluate(labels)
    // The logits and their gradient, the labels and the loss.
    let elements = 2 * Double(rows) * Double(classes) + Double(rows) + 1
    return PreparedWorkload(cost: .bytes(4 * elements)) {
      let results = try recorded {
        let loss = try softmaxCrossEntropy(logits, labels)
        return try [loss] + gradients(of: loss, upstream: upstream, for: [logits])
      }
      try evaluate(results)
    }
  }
}
