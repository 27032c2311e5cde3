internal import Geometry
internal import Tensors

extension CaseRunner {
  static let recurrence: [String: CaseRunner] = [
    "simpleRNN": CaseRunner(.recurrence) { arguments in
      let layer = try RecurrentLayer(arguments)
      let found = try simpleRNN(
        layer.input, kernel: layer.kernel, recurrentKernel: layer.recurrentKernel,
        bias: layer.bias, initialState: layer.state, mask: layer.mask,
        activation: layer.activation, reversed: layer.isReversed)
      return try layer.results(arguments, found.outputs, [found.state])
    },
    "lstm": CaseRunner(.recurrence) { arguments in
      let layer = try RecurrentLayer(arguments, gates: "i,f,g,o")
      let found = try layer.lstm()
      return try layer.results(arguments, found.outputs, [found.state, found.cell])
    },
    "gru": CaseRunner(.recurrence) { arguments in
      let layer = try RecurrentLayer(arguments, gates: "z,r,h")
      let found = try gru(
        layer.input, kernel: layer.kernel, recurrentKernel: layer.recurrentKernel,
        bias: layer.bias, initialState: layer.state, mask: layer.mask,
        resetAfter: arguments.boolean("resetAfter"), activation: layer.activation,
        reversed: layer.isReversed)
      return try layer.results(arguments, found.outputs, [found.state])
    },
    "bidirectionalLstm": CaseRunner(.recurrence) { try bidirectional($0) },
  ]

  private static func bidirectional(_ arguments: CaseArguments) throws -> [Tensor] {
    let forward = try RecurrentLayer(arguments, gates: "i,f,g,o", direction: "forward.")
    let backward = try RecurrentLayer(arguments, gates: "i,f,g,o", direction: "backward.")
    let found = (try forward.lstm(), try backward.lstm())
    let states = [found.0.state, found.0.cell, found.1.state, found.1.cell]
    let isSequence = try arguments.boolean("returnSequences")
    var pair = [found.0.outputs, found.1.outputs]
    if !isSequence { pair = [found.0.state, found.1.state] }
    if isSequence, let mask = forward.mask {
      for index in pair.indices {
        pair[index] = try select(mask.expanded(at: 2), pair[index], Tensor(0))
      }
    }
    let merged =
      switch try arguments.string("merge") {
      case "concat": try concatenate(pair, axis: -1)
      case "sum": try pair[0] + pair[1]
      case "mul": try pair[0] * pair[1]
      case "ave": try (pair[0] + pair[1]) * 0.5
      case let name: throw TensorError(.argument, "replay", "unknown merge \(name)")
      }
    return [merged] + (try arguments.boolean("returnState") ? states : [])
  }
}

/// The operands and attributes that recurrent layers share.
private struct RecurrentLayer {
  let input: Tensor, kernel: Tensor, recurrentKernel: Tensor
  let bias: Tensor?, state: Tensor?, cell: Tensor?, mask: Tensor?
  let activation: RecurrentActivation
  let isReversed: Bool

  /// - Parameter direction: what the names of the weights of one half of a pair begin with.
  init(_ arguments: CaseArguments, gates: String? = nil, direction: String = "") throws {
    input = try arguments.tensor("x")
    kernel = try arguments.tensor(direction + "kernel")
    recurrentKernel = try arguments.tensor(direction + "recurrentKernel")
    bias = try arguments.optionalTensor(direction + "bias")
    state = try arguments.optionalTensor("h0")
    cell = gates == "i,f,g,o" ? try arguments.optionalTensor("c0") : nil
    mask = try arguments.optionalTensor("mask").map { try notEqual($0, Tensor(0, as: .int32)) }
    activation = try arguments.choice(
      "activation", ["tanh": .tanh, "relu": .relu, "linear": .linear, "sigmoid": .sigmoid])
    if let gates {
      _ = try arguments.choice("gates", [gates: gates])
      _ = try arguments.choice("recurrentActivation", ["sigmoid": RecurrentActivation.sigmoid])
    }
    if direction.isEmpty {
      isReversed = try arguments.boolean("goBackwards")
      _ = try arguments.choice("maskedOutput", ["previous": true])
    } else {
      isReversed = direction == "backward."
      _ = try arguments.choice("maskedOutput", ["zero": true])
    }
  }

  func lstm() throws -> LSTMStates {
    try Tensors.lstm(
      input, kernel: kernel, recurrentKernel: recurrentKernel, bias: bias, initialState: state,
      initialCell: cell, mask: mask, activation: activation, reversed: isReversed)
  }

  /// The sequence in the order in which steps were taken, or the last output, then the states.
  func results(
    _ arguments: CaseArguments, _ outputs: Tensor, _ states: [Tensor]
  ) throws -> [Tensor] {
    var output = isReversed ? try outputs.flipped(axes: [1]) : outputs
    if try !arguments.boolean("returnSequences") {
      let steps = output.shape[1]
      output = try output.slice(axis: 1, (steps - 1)..<steps).squeezed(axes: [1])
    }
    return [output] + (try arguments.boolean("returnState") ? states : [])
  }
}
