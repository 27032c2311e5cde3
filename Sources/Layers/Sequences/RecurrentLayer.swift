public import Geometry
public import Tensors

/// What recurrent layers share: weights and activations, which of their states they return, and
/// states kept between calls.
///
/// Inputs are `[batch, time, features]`. Where the input has a mask, steps that do not count leave
/// the state alone.
public class RecurrentLayer: Layer, StatefulModule {
  /// How many numbers the state has.
  public let units: Int
  /// `[features, gates · units]`, Glorot uniform.
  public let kernel: Weight
  /// `[units, gates · units]`, orthogonal.
  public let recurrentKernel: Weight
  /// `[gates · units]` or as the layer says; nil if there is none.
  public let bias: Weight?
  let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  let returnsSequences: Bool
  let goesBackwards: Bool
  private let isStateful: Bool
  /// The share of the inputs that is dropped in training, the same at each step.
  private let dropoutRate: Double
  /// `[batch, units]` each, where the layer is stateful and has been called.
  private var kept: [Parameter] = []

  /// What every recurrent layer is told, besides its units.
  struct Options {
    var activation: RecurrentActivation
    /// Of gates; none where there are none.
    var recurrentActivation = RecurrentActivation.sigmoid
    let returnSequences: Bool, goBackwards: Bool, stateful: Bool
    let dropout: Double
  }

  init(
    _ units: Int, _ options: Options, kernel: Weight, recurrentKernel: Weight, bias: Weight?
  ) {
    self.units = units
    self.kernel = kernel
    self.recurrentKernel = recurrentKernel
    self.bias = bias
    activation = options.activation
    recurrentActivation = options.recurrentActivation
    returnsSequences = options.returnSequences
    goesBackwards = options.goBackwards
    isStateful = options.stateful
    dropoutRate = options.dropout
  }

  /// The values of the weights for inputs like `x` and so many gates.
  final func weights(
    gates: Int, bias shape: Shape? = nil, like x: Tensor
  ) throws(TensorError) -> (kernel: Tensor, recurrentKernel: Tensor, bias: Tensor?) {
    (
      try kernel([x.shape[2], gates * units], like: x),
      try recurrentKernel([units, gates * units], like: x),
      try bias?(shape ?? [gates * units], like: x)
    )
  }

  public var members: [(name: String, value: Any)] {
    // States are no weights: they have the batch's size.
    reflectedMembers(of: self).filter { $0.name != "kept" }
  }

  /// All outputs and the last states. Reversed layers leave outputs beside their inputs.
  func run(
    _ x: Tensor, _ states: [Tensor], mask: Tensor?
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    throw TensorError(.argument, "\(type(of: self))", "has no steps; please report this")
  }

  /// All outputs, `[batch, time, units]`, and the last states, begun from `states` or zeros.
  public final func outputsAndStates(
    _ x: Tensor, from states: [Tensor] = []
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    try call(x) { () throws in try steps(x, from: states) }
  }

  private func steps(
    _ x: Tensor, from states: [Tensor]
  ) throws(TensorError) -> (outputs: Tensor, states: [Tensor]) {
    guard x.rank == 3, units > 0 else {
      throw TensorError(
        .shape, "\(type(of: self))", "takes [batch, time, features] to \(units) units",
        operands: [TensorInfo(x)])
    }
    var input = x
    if dropoutRate > 0, Phase.current == .training {
      // One mask for all steps of a sequence.
      let kept = try dropout(
        .ones([x.shape[0], 1, x.shape[2]], as: x.scalarType, on: x.device), rate: dropoutRate)
      input = try x * kept
    }
    let found = try run(input, states, mask: x.mask)
    let outputs = goesBackwards ? try found.outputs.flipped(axes: [1]) : found.outputs
    return (outputs, found.states)
  }

  public final func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    let (outputs, states) = try steps(x, from: startStates)
    try keepIfStateful(states)
    if returnsSequences { return outputs }
    guard x.shape[1] > 0 else { return try outputs.sum(axes: [1]) }
    return try outputs.slice(axis: 1, (x.shape[1] - 1)..<x.shape[1]).squeezed(axes: [1])
  }

  /// What the next call begins from; none for zeros.
  final var startStates: [Tensor] { isStateful ? kept.map(\.value) : [] }

  /// Keeps the last states for the next call where the layer is stateful.
  final func keepIfStateful(_ states: [Tensor]) throws(TensorError) {
    if isStateful { try keep(states) }
  }

  /// Begins the next call from zeros again.
  public final func resetStates() { kept = [] }

  public final var carriedState: [String: Tensor] {
    Dictionary(uniqueKeysWithValues: kept.enumerated().map { ("\($0)", $1.value) })
  }

  public final func restoreCarriedState(_ state: [String: Tensor]) throws(TensorError) {
    var values: [Tensor] = []
    for number in 0..<state.count {
      guard isStateful, let value = state["\(number)"], value.rank == 2, value.shape[1] == units
      else {
        throw TensorError(
          .corruptFile, "\(type(of: self))",
          "the states \(state.keys.sorted()) are not those of \(units) units"
            + (isStateful ? "" : " of a layer that keeps none"))
      }
      values.append(value)
    }
    kept = values.map { Parameter($0, isTrained: false) }
  }

  private func keep(_ states: [Tensor]) throws(TensorError) {
    var values: [Tensor] = []
    // Back-propagation ends at the start of a call.
    for state in states { values.append(try stopGradient(state)) }
    if kept.map(\.shape) == values.map(\.shape) {
      try Parameter.assign(values, to: kept)
    } else {
      guard kept.isEmpty else {
        throw TensorError(
          .shape, "\(type(of: self))", "the batch is not the one that the states are of",
          operands: [TensorInfo(values[0])], hint: "resetStates() before another batch size")
      }
      kept = values.map { Parameter($0, isTrained: false) }
    }
  }

  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    returnsSequences ? mask : nil
  }
}
