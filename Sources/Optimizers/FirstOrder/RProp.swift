public import Geometry
internal import Tensors

/// A step size for each weight that grows while its gradient keeps its sign (Riedmiller and Braun
/// 1993). For full batches: the sizes of gradients do not matter, only their signs.
///
/// With `s = sign(g · previous)`: the step grows by `increase` where `s > 0` and shrinks by
/// `decrease` where `s < 0`. Where the sign has changed, the weight rests for that step, unless
/// `goesBack`: then the last step is taken back.
public final class RProp: RuleOptimizer {
  private let increase: Double, decrease: Double, smallest: Double, largest: Double

  /// - Parameters:
  ///   - learningRate: the first size of all steps.
  ///   - increase: what a step is multiplied by while the sign stays; above 1.
  ///   - decrease: what a step is multiplied by where the sign changes; between 0 and 1.
  ///   - smallest: no step becomes smaller; above 0.
  ///   - largest: no step becomes larger.
  ///   - goesBack: whether the last step is taken back where the sign changes; else the weight
  ///     rests.
  public init(
    learningRate: Double = 0.01, increase: Double = 1.2, decrease: Double = 0.5,
    smallest: Double = 1e-6, largest: Double = 50, goesBack: Bool = false
  ) throws(TensorError) {
    guard decrease > 0, decrease < 1, increase > 1, smallest > 0, smallest <= largest else {
      throw TensorError(
        .argument, "RProp",
        "increase \(increase), decrease \(decrease), steps from \(smallest) to \(largest)",
        hint: "increase is above 1, decrease between 0 and 1")
    }
    self.increase = increase
    self.decrease = decrease
    self.smallest = smallest
    self.largest = largest
    try super.init(
      "RProp", learningRate: learningRate, clipping: .none, weightDecay: 0, convention: .pyTorch,
      slots: ["previous": 0, "size": learningRate], settings: 4
    ) { terms throws(TensorError) in
      let (p, g, settings) = (terms.parameter, terms.gradient, terms.settings)
      let (previous, size) = (terms.slots[0], terms.slots[1])
      let zero = g.scalar(0)
      // Signs first: the product of two small gradients may vanish.
      let agreement = try sign(g) * sign(previous)
      let hasGrown = try greater(agreement, zero)
      let hasTurned = try less(agreement, zero)
      let factor = try select(hasGrown, settings[0], select(hasTurned, settings[1], g.scalar(1)))
      let newSize = try minimum(maximum(size * factor, settings[2]), settings[3])
      let used = try select(hasTurned, zero, g)
      var result = try p - sign(used) * newSize
      if goesBack { result = try select(hasTurned, p + sign(previous) * size, result) }
      return [result, used, newSize]
    }
  }

  override func settings(step: Int) -> [Double] { [increase, decrease, smallest, largest] }
}
