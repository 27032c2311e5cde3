internal import Backends
internal import Geometry

/// The last step of a normalisation: an elementwise one, fused as any other, that knows the
/// gradient of all of `(x - mean) · factor · scale + shift`.
///
/// What the step does not read but the gradient needs are inputs behind its operands. The gradient
/// starts from these again: nothing between is kept, and two sums are taken in one pass.
final class NormalizedOperation: ElementwiseOperation, @unchecked Sendable {
  struct Rule {
    let normalization: Normalization
    let axes: Range<Int>
    /// Whether scale and shift lie along the normalised axes. Otherwise scale is in the factor, and
    /// shift the same all over what is normalised.
    let isAlong: Bool
    let hasMean: Bool
    var hasScale = false
    var hasShift = false
  }

  private let rule: Rule

  private init(_ instruction: Elementwise, _ function: String, _ rule: Rule) {
    self.rule = rule
    super.init(instruction, function)
  }

  static func record(
    _ instruction: Elementwise, _ left: Tensor, _ right: Tensor, _ name: String, _ rule: Rule,
    _ x: Tensor, _ factor: Tensor, mean: Tensor?, scale: Tensor? = nil, shift: Tensor? = nil
  ) throws(TensorError) -> Tensor {
    var rule = rule
    var inputs: ContiguousArray<Node> = [left.node, right.node, x.node, factor.node]
    rule.hasScale = scale != nil
    rule.hasShift = shift != nil
    for tensor in [mean, scale, shift] {
      if let tensor { inputs.append(tensor.node) }
    }
    let operation = NormalizedOperation(instruction, name, rule)
    return try Tensor(
      recording: Node(operation, x.shape, x.scalarType, x.node.place, inputs: inputs))
  }

  override func gradient(_ context: GradientContext) throws(TensorError) {
    let x = context.input(2)
    let factor = context.input(3)
    let places = (mean: 4, scale: rule.hasMean ? 5 : 4, shift: context.inputCount - 1)
    let upstream = context.upstream
    var g = upstream
    if rule.hasScale {
      let scale = context.input(places.scale)
      if context.isWanted(places.scale) {
        var distance = x
        if rule.hasMean { distance = try x - context.input(places.mean) }
        try context.give(places.scale, upstream * (distance * factor))
      }
      g = try upstream * scale
    }
    if context.isWanted(2) { try context.give(2, g * factor) }
    if rule.hasShift, rule.isAlong { try context.give(places.shift, upstream) }
    guard rule.hasMean else {
      if context.isWanted(3) {
        try context.give(3, (g * x).sum(axes: Array(rule.axes), keepingAxes: true))
      }
      return
    }
    let wantsShift = rule.hasShift && !rule.isAlong && context.isWanted(places.shift)
    guard context.isWanted(3) || context.isWanted(places.mean) || wantsShift else { return }
    let mean = context.input(places.mean)
    let (sum, products) = try DistanceSumsOperation.record(g, x, mean: mean, rule.normalization)
    if context.isWanted(3) { try context.give(3, products) }
    if context.isWanted(places.mean) { try context.give(places.mean, -(sum * factor)) }
    if wantsShift { try context.give(places.shift, sum) }
  }
}
