internal import Geometry
internal import Glibc

/// A recurrent network: kind, sizes, and what it is given.
struct RecurrentForm: Sendable {
  enum Kind: String, Sendable { case simpleRNN, lstm, gru }

  var kind = Kind.lstm
  var batch = 2, time = 3, features = 2, units = 3
  var hasBias = true
  var hasState = false
  /// Read again and again to fill `[batch, time]`.
  var mask: [Double]?
  var isReversed = false
  var resetAfter = true
  var activation = RecurrentActivation.tanh
  var recurrent = RecurrentActivation.sigmoid
  /// One step, whose input has no axis of time.
  var isCell = false

  var gates: Int { kind == .lstm ? 4 : kind == .gru ? 3 : 1 }
  var hasCellState: Bool { hasState && kind == .lstm }

  var attributes: String {
    var words: [String] = []
    if activation != .tanh { words.append("\(activation)") }
    if recurrent != .sigmoid { words.append("gates \(recurrent)") }
    if !hasBias { words.append("no bias") }
    if hasState { words.append("from a state") }
    if let mask { words.append("mask \(mask.map { Int($0) })") }
    if isReversed { words.append("reversed") }
    if !resetAfter { words.append("reset before") }
    return words.joined(separator: " ")
  }

  /// The operands in order: input, kernel, recurrent kernel, then bias, state, cell and mask.
  func inputs(_ type: ScalarType, seed: UInt64, view: Input.View = .plain) -> [Input] {
    func input(_ shape: [Int], _ scale: Double, _ view: Input.View = .plain, _ number: UInt64)
      -> Input
    {
      Input(shape, type, .normal(scale), view: view, seed: seed &* 16 &+ number)
    }
    let columns = gates * units
    var list = [
      input(isCell ? [batch, features] : [batch, time, features], 1, view, 0),
      input([features, columns], 0.5, .plain, 1), input([units, columns], 0.4, .plain, 2),
    ]
    if hasBias {
      list.append(input(kind == .gru && resetAfter ? [2, columns] : [columns], 0.5, .plain, 3))
    }
    if hasState { list.append(input([batch, units], 0.7, .plain, 4)) }
    if hasCellState { list.append(input([batch, units], 0.7, .plain, 5)) }
    if let mask { list.append(Input([batch, time], .bool, .list(mask))) }
    return list
  }

  /// Hands out the operands by name.
  struct Operands<Element> {
    let input: Element, kernel: Element, recurrentKernel: Element
    let bias: Element?, state: Element?, cell: Element?, mask: Element?

    init(_ list: [Element], of form: RecurrentForm) {
      var rest = list[3...]
      (input, kernel, recurrentKernel) = (list[0], list[1], list[2])
      bias = form.hasBias ? rest.popFirst() : nil
      state = form.hasState ? rest.popFirst() : nil
      cell = form.hasCellState ? rest.popFirst() : nil
      mask = form.mask != nil ? rest.popFirst() : nil
    }
  }

  /// Outputs, last state, an LSTM's last cell; of a single step only the states.
  func reference(_ list: [Reference]) -> [Reference] {
    let x = Operands(list, of: self)
    var outputs = Reference([batch, time, units], repeating: 0)
    var states = Reference([batch, units], repeating: 0)
    var cells = states
    for b in 0..<batch {
      var h = (0..<units).map { x.state?[[b, $0]] ?? 0 }
      var c = (0..<units).map { x.cell?[[b, $0]] ?? 0 }
      var output = [Double](repeating: 0, count: units)
      for step in 0..<time {
        let t = isReversed ? time - 1 - step : step
        if x.mask?[[b, t]] ?? 1 != 0 {
          let line = (0..<features).map { x.input[isCell ? [b, $0] : [b, t, $0]] }
          (h, c) = advance(line, h, c, x)
          output = h
        }
        for j in 0..<units { outputs[[b, t, j]] = output[j] }
      }
      for j in 0..<units {
        states[[b, j]] = h[j]
        cells[[b, j]] = c[j]
      }
    }
    return (isCell ? [] : [outputs]) + [states] + (kind == .lstm ? [cells] : [])
  }

  private func advance(
    _ line: [Double], _ h: [Double], _ c: [Double], _ x: Operands<Reference>
  ) -> ([Double], [Double]) {
    let hasTwo = kind == .gru && resetAfter
    func projected(_ column: Int) -> Double {
      var sum = hasTwo ? x.bias?[[0, column]] ?? 0 : x.bias?[[column]] ?? 0
      for f in 0..<features { sum += line[f] * x.kernel[[f, column]] }
      return sum
    }
    func product(_ column: Int, of state: [Double]) -> Double {
      var sum = hasTwo ? x.bias?[[1, column]] ?? 0 : 0
      for k in 0..<units { sum += state[k] * x.recurrentKernel[[k, column]] }
      return sum
    }
    func gate(_ number: Int, _ j: Int) -> Double {
      let column = number * units + j
      return recurrent.value(projected(column) + product(column, of: h))
    }
    var (state, cell) = (h, c)
    for j in 0..<units {
      switch kind {
      case .simpleRNN: state[j] = activation.value(projected(j) + product(j, of: h))
      case .lstm:
        let column = 2 * units + j
        let candidate = activation.value(projected(column) + product(column, of: h))
        cell[j] = gate(1, j) * c[j] + gate(0, j) * candidate
        state[j] = gate(3, j) * activation.value(cell[j])
      case .gru:
        let column = 2 * units + j
        let inner =
          resetAfter
          ? gate(1, j) * product(column, of: h)
          : product(column, of: (0..<units).map { gate(1, $0) * h[$0] })
        let update = gate(0, j)
        state[j] = update * h[j] + (1 - update) * activation.value(projected(column) + inner)
      }
    }
    return (state, cell)
  }
}

extension RecurrentActivation {
  fileprivate func value(_ x: Double) -> Double {
    switch self {
    case .tanh: Glibc.tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    case .relu: max(x, 0)
    case .linear: x
    case .hardSigmoid: min(max(x / 6 + 0.5, 0), 1)
    }
  }
}
