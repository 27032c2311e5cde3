public import Geometry
public import Tensors

/// One step of a recurrence of one's own.
public protocol RecurrentCell: Module {
  /// The states before the first step, for an input `[batch, features]`.
  func initialStates(like input: Tensor) throws(TensorError) -> [Tensor]

  /// The output of a step and the states after it.
  func step(
    _ input: Tensor, _ states: [Tensor]
  ) throws(TensorError) -> (output: Tensor, states: [Tensor])
}

/// A recurrence of one's own over whole sequences `[batch, time, features]`, a step at a time.
///
/// The built-in layers run whole sequences in one operation and are much faster.
public final class RNN: Layer {
  /// What each step is given to.
  public let cell: any RecurrentCell
  private let returnsSequences: Bool, goesBackwards: Bool

  /// - Parameters:
  ///   - cell: what each step is given to.
  ///   - returnSequences: whether all outputs are the result, or the last.
  ///   - goBackwards: whether it begins at the last step.
  public init(
    _ cell: any RecurrentCell, returnSequences: Bool = false, goBackwards: Bool = false
  ) {
    self.cell = cell
    returnsSequences = returnSequences
    goesBackwards = goBackwards
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let (outputs, _) = try outputsAndStates(x)
    if returnsSequences { return outputs }
    let steps = outputs.shape[1]
    return try outputs.slice(axis: 1, (steps - 1)..<steps).squeezed(axes: [1])
  }

  /// All outputs in the order of the steps taken, and the last states.
  public func outputsAndStates(
    _ x: Tensor, from states: [Tensor]? = nil
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    guard x.rank == 3, x.shape[1] > 0 else {
      throw TensorError(
        .shape, "rnn", "takes [batch, time, features] with a step or more",
        operands: [TensorInfo(x)])
    }
    func input(_ step: Int) throws(TensorError) -> Tensor {
      try x.slice(axis: 1, step..<(step + 1)).squeezed(axes: [1])
    }
    var states = states ?? []
    if states.isEmpty { states = try cell.initialStates(like: input(0)) }
    var outputs: [Tensor] = []
    let order = goesBackwards ? Array((0..<x.shape[1]).reversed()) : Array(0..<x.shape[1])
    for step in order {
      var (output, next) = try cell.step(input(step), states)
      if let mask = x.mask {
        // A step that does not count repeats the output before it and keeps the states.
        let counts = try mask.slice(axis: 1, step..<(step + 1))
        let previous = outputs.isEmpty ? try output * 0 : outputs[outputs.count - 1]
        output = try select(counts, output, previous)
        for index in next.indices { next[index] = try select(counts, next[index], states[index]) }
      }
      outputs.append(output)
      states = next
    }
    return (try stack(outputs, axis: 1), states)
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    returnsSequences ? mask : nil
  }
}
