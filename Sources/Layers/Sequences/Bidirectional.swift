public import Geometry
public import Tensors

/// Two recurrent layers, one from the first step to the last and one from the last to the first.
public final class Bidirectional: Layer {
  /// How the outputs of the two become one.
  public enum Merge: String, Sendable {
    case concat, sum, mul, ave
  }

  public let forward: RecurrentLayer
  /// The layer that begins at the last step.
  public let backward: RecurrentLayer
  private let merge: Merge

  /// - Parameters:
  ///   - forward: a layer that begins at the first step.
  ///   - backward: a layer of its own that goes backwards.
  ///   - merge: how the outputs of both become one; all but `concat` need layers of the same units.
  public init(
    _ forward: RecurrentLayer, backward: RecurrentLayer, merge: Merge = .concat
  ) throws(TensorError) {
    guard !forward.goesBackwards, backward.goesBackwards,
      forward.returnsSequences == backward.returnsSequences,
      forward.units == backward.units || merge == .concat
    else {
      throw TensorError(
        .argument, "bidirectional",
        "takes a layer of \(forward.units) units and one of \(backward.units) that goes backwards, "
          + "both with sequences or both without")
    }
    self.forward = forward
    self.backward = backward
    self.merge = merge
  }

  /// Outputs where the input's mask leaves steps out are zeros.
  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let found = try run(x, forward.startStates, backward.startStates)
    try forward.keepIfStateful(found.ahead)
    try backward.keepIfStateful(found.behind)
    return found.output
  }

  /// The merged output, then the states of the forward layer and those of the backward layer.
  public func outputsAndStates(
    _ x: Tensor, from states: [Tensor] = []
  ) throws(TensorError) -> (output: Tensor, states: [Tensor]) {
    let half = states.count / 2
    let found = try run(x, Array(states.prefix(half)), Array(states.suffix(half)))
    return (found.output, found.ahead + found.behind)
  }

  private func run(
    _ x: Tensor, _ first: [Tensor], _ last: [Tensor]
  ) throws(TensorError) -> (output: Tensor, ahead: [Tensor], behind: [Tensor]) {
    let ahead = try forward.outputsAndStates(x, from: first)
    let behind = try backward.outputsAndStates(x, from: last)
    var pair: [Tensor]
    if forward.returnsSequences {
      pair = [ahead.outputs, try behind.outputs.flipped(axes: [1])]
      if let mask = x.mask {
        for index in pair.indices {
          pair[index] = try select(mask.expanded(at: 2), pair[index], pair[index].scalar(0))
        }
      }
    } else {
      pair = []
      for outputs in [ahead.outputs, behind.outputs] {
        let steps = outputs.shape[1]
        pair.append(try outputs.slice(axis: 1, (steps - 1)..<steps).squeezed(axes: [1]))
      }
    }
    let merged: Tensor
    switch merge {
    case .concat: merged = try concatenate(pair, axis: -1)
    case .sum: merged = try pair[0] + pair[1]
    case .mul: merged = try pair[0] * pair[1]
    case .ave: merged = try (pair[0] + pair[1]) * 0.5
    }
    return (merged, ahead.states, behind.states)
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    forward.returnsSequences ? mask : nil
  }
}
