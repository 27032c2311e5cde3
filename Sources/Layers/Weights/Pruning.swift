public import Geometry
public import Tensors

extension Module {
  /// Masks that keep the largest `1 - share` of the weights of each kernel (rank 2 or more) and
  /// shut the others, which stay zero whatever an optimizer does: magnitude pruning.
  ///
  /// The lottery ticket: save the weights before training, train, prune, and `assign` what was
  /// saved; masks stay in force.
  ///
  /// - Returns: the mask of each pruned weight by path.
  @discardableResult
  public func prune(share: Double) throws(TensorError) -> [String: Tensor] {
    guard (0...1).contains(share) else {
      throw TensorError(.argument, "prune", "a share of \(share) does not lie in 0...1")
    }
    var masks: [String: Tensor] = [:]
    for named in weights where named.weight.isTrainable {
      guard let parameter = named.weight.parameter, parameter.shape.rank > 1 else { continue }
      let value = parameter.value
      let sizes = try abs(value).scalars()
      let count = Int((Double(sizes.count) * share).rounded())
      // Of equal weights the first go, so that the count is met exactly.
      let order = sizes.indices.sorted { (sizes[$0], $0) < (sizes[$1], $1) }
      var keep = [Float](repeating: 1, count: sizes.count)
      for index in order.prefix(count) { keep[index] = 0 }
      let mask = try Tensor(keep, shape: value.shape, on: value.device)
      // What has held of the weight goes on to hold.
      named.weight.constraint = named.weight.constraint.map { $0.then(.mask(mask)) } ?? .mask(mask)
      try parameter.assign(value * mask)
      masks[named.path] = mask
    }
    return masks
  }
}
