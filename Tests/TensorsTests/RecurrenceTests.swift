import Geometry
import Tensors
import TestSupport
import Testing

/// What recurrences promise beyond values and gradients.
@Suite struct RecurrenceTests {
  struct Weights {
    let x: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor

    init(on device: Device, batch: Int = 3, time: Int = 6, units: Int = 5) throws {
      func normal(_ shape: Shape) throws -> Tensor {
        try Tensor.normal(shape, on: device) * 0.5
      }
      (x, kernel, recurrentKernel, bias) = try withSeed(4) {
        (
          try normal([batch, time, 4]), try normal([4, 4 * units]),
          try normal([units, 4 * units]), try normal([4 * units])
        )
      }
      try evaluate(x, kernel, recurrentKernel, bias)
    }

    func lstm(_ x: Tensor, from state: Tensor? = nil, _ cell: Tensor? = nil) throws -> LSTMStates {
      try Tensors.lstm(
        x, kernel: kernel, recurrentKernel: recurrentKernel, bias: bias, initialState: state,
        initialCell: cell)
    }
  }

  @Test(arguments: TestDevice.allCases)
  func truncatedPiecesGiveTheSameStatesAndNoGradientBetweenThem(_ device: TestDevice) throws {
    let weights = try Weights(on: device.device)
    try recorded {
      let pieces = try weights.x.split(parts: 2, axis: 1)
      let first = try weights.lstm(pieces[0])
      let second = try weights.lstm(
        pieces[1], from: stopGradient(first.state), stopGradient(first.cell))
      let whole = try weights.lstm(weights.x)
      let joined = try concatenate([first.outputs, second.outputs], axis: 1)
      #expect(try joined.scalars() == whole.outputs.scalars())
      #expect(try second.cell.scalars() == whole.cell.scalars())

      let slope = try gradients(of: second.outputs, for: [weights.x])[0]
      let halves = try slope.split(parts: 2, axis: 1).map { try $0.scalars() }
      #expect(halves[0].allSatisfy { $0 == 0 })
      #expect(halves[1].contains { $0 != 0 })
      let all = try gradients(of: whole.outputs, for: [weights.x])[0]
      #expect(try all.split(parts: 2, axis: 1)[0].scalars().contains { $0 != 0 })
    }
  }

  @Test(arguments: TestDevice.allCases)
  func resultsMayBeEvaluatedOneByOne(_ device: TestDevice) throws {
    let weights = try Weights(on: device.device)
    let together = try weights.lstm(weights.x)
    try evaluate(together.outputs, together.state, together.cell)
    let apart = try weights.lstm(weights.x)
    #expect(try apart.cell.scalars() == together.cell.scalars())
    #expect(try apart.outputs.scalars() == together.outputs.scalars())
    #expect(try apart.state.scalars() == together.state.scalars())
    try recorded {
      let midway = try weights.lstm(weights.x)
      try evaluate(midway.state)
      let slopes = try gradients(of: midway.outputs, for: [weights.x, weights.bias])
      let found = try weights.lstm(weights.x)
      let expected = try gradients(of: found.outputs, for: [weights.x, weights.bias])
      for (slope, other) in zip(slopes, expected) {
        #expect(try slope.scalars() == other.scalars())
      }
    }
  }

  @Test(arguments: TestDevice.allCases)
  func stepsByHandAreTheSequence(_ device: TestDevice) throws {
    let weights = try Weights(on: device.device)
    let whole = try weights.lstm(weights.x)
    let zeros = try Tensor.zeros([3, 5], on: device.device)
    var (state, cell) = (zeros, zeros)
    for t in 0..<6 {
      let x = try weights.x.slice(axis: 1, t..<(t + 1)).squeezed(axes: [1])
      (state, cell) = try lstmCell(
        x, state: state, cell: cell, kernel: weights.kernel,
        recurrentKernel: weights.recurrentKernel, bias: weights.bias)
    }
    for (found, expected) in [(state, whole.state), (cell, whole.cell)] {
      for (a, b) in zip(try found.scalars(), try expected.scalars()) { #expect(abs(a - b) < 1e-6) }
    }
  }

  /// Products of more units than a panel is deep, rows that do not fill tiles.
  @Test(arguments: TestDevice.allCases)
  func manyUnitsAgreeWithTheStepsByHand(_ device: TestDevice) throws {
    let weights = try Weights(on: device.device, batch: 7, time: 2, units: 300)
    let whole = try weights.lstm(weights.x)
    let (slopes, expected) = try recorded {
      let slopes = try gradients(
        of: weights.lstm(weights.x).outputs, for: [weights.x, weights.recurrentKernel])
      let zeros = try Tensor.zeros([7, 300], on: device.device)
      var (state, cell) = (zeros, zeros)
      var states: [Tensor] = []
      for t in 0..<2 {
        let x = try weights.x.slice(axis: 1, t..<(t + 1)).squeezed(axes: [1])
        (state, cell) = try lstmCell(
          x, state: state, cell: cell, kernel: weights.kernel,
          recurrentKernel: weights.recurrentKernel, bias: weights.bias)
        states.append(state)
      }
      let all = try stack(states, axis: 1)
      return (
        [whole.outputs] + slopes,
        try [all] + gradients(of: all, for: [weights.x, weights.recurrentKernel])
      )
    }
    try evaluate(slopes + expected)
    for (found, wanted) in zip(slopes, expected) {
      let (a, b) = (try found.scalars(), try wanted.scalars())
      let size = b.reduce(0) { max($0, abs($1)) }
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 * size })
    }
  }
}
