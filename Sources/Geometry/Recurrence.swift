/// A recurrent network over whole sequences `[batch, steps, …]`, its inputs projected beforehand.
///
/// Gates lie beside each other: i, f, g, o of an LSTM, z, r, h of a GRU, whose reset gate is
/// applied to the product of its state. What is computed of it is one tensor that holds several:
///
/// - forward: the states after each step `[batch, steps, units]`, an LSTM's cells likewise, and, if
///   `keepsGates`, what the gradient needs `[batch, steps, 4 · units]`;
/// - its gradient: those of the projected inputs, of the product of a GRU's candidate
///   `[batch, steps, units]`, and, if `hasState`, of the state and an LSTM's cell it started from.
package struct Recurrence: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case simple, lstm, gru

    /// How many times the units a kernel has columns.
    package var gates: Int {
      switch self {
      case .simple: 1
      case .lstm: 4
      case .gru: 3
      }
    }
  }

  package let kind: Kind
  /// float32 or float64.
  package let type: ScalarType
  package let batch: Int, steps: Int, units: Int
  package let activation: RecurrentActivation, recurrentActivation: RecurrentActivation
  /// Whether it runs from the last step to the first.
  package let isReversed: Bool
  /// Whether it starts from a given state, an LSTM from a cell too; otherwise from 0.
  package let hasState: Bool
  package let hasMask: Bool
  /// Whether a bias is added to the product of a GRU's candidate.
  package let hasBias: Bool
  package var keepsGates: Bool

  package init(
    _ kind: Kind, _ type: ScalarType, batch: Int, steps: Int, units: Int,
    activation: RecurrentActivation, recurrentActivation: RecurrentActivation, isReversed: Bool,
    hasState: Bool, hasMask: Bool, hasBias: Bool, keepsGates: Bool
  ) {
    self.kind = kind
    self.type = type
    self.batch = batch
    self.steps = steps
    self.units = units
    self.activation = activation
    self.recurrentActivation = recurrentActivation
    self.isReversed = isReversed
    self.hasState = hasState
    self.hasMask = hasMask
    self.hasBias = hasBias
    self.keepsGates = keepsGates && kind != .simple
  }

  /// `lstm [64, 100, 256]`
  package var label: String { "\(kind == .simple ? "simpleRNN" : "\(kind)") \(sequence)" }

  package var sequence: Shape { [batch, steps, units] }

  package var shape: Shape {
    let parts = (kind == .lstm ? 2 : 1) + (keepsGates ? 4 : 0)
    return [batch, parts * steps, units]
  }

  package var gradientShape: Shape {
    let starts = hasState ? kind == .lstm ? 2 : 1 : 0
    return [batch, (kind.gates + (kind == .gru ? 1 : 0)) * steps + starts, units]
  }

  /// The tensors in the result that users see, and where they start: states, then cells.
  package var parts: [(shape: Shape, start: Int)] {
    [(sequence, 0)] + (kind == .lstm ? [(sequence, sequence.count)] : [])
  }

  /// Where the gates start in the result.
  package var gatesStart: Int { (kind == .lstm ? 2 : 1) * sequence.count }

  /// The tensors in the result of the gradient, and where they start: of the projected inputs, of
  /// the candidate's product, of the state, of the cell.
  package var gradientParts: [(shape: Shape, start: Int)] {
    var parts: [(shape: Shape, start: Int)] = []
    var start = 0
    func add(_ shape: Shape) {
      parts.append((shape, start))
      start += shape.count
    }
    add([batch, steps, kind.gates * units])
    if kind == .gru { add(sequence) }
    if hasState { add([batch, units]) }
    if hasState, kind == .lstm { add([batch, units]) }
    return parts
  }
}
