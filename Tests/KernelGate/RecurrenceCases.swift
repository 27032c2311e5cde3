import Apus

/// Each kind of recurrence, with everything it can be given and with nothing, and its gradient.
let recurrenceCases: [KernelCase] = {
  func sizes(_ gates: Int, _ units: Int, biases: Int = 1) -> [Sample] {
    let bias: Shape = biases == 1 ? [gates * units] : [biases, gates * units]
    return [
      Sample(shape: [3, 3, 2]), Sample(shape: [2, gates * units]),
      Sample(shape: [units, gates * units], range: -0.5...0.5), Sample(shape: bias),
      Sample(shape: [3, units]), Sample(shape: [3, units]),
    ]
  }
  return [
    KernelCase("lstm", of: Array(sizes(4, 17)[..<4])) {
      let found = try lstm($0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3])
      return try total(found.outputs, found.cell)
    },
    KernelCase("lstm with a state and a mask, reversed", of: sizes(4, 5)) {
      let found = try lstm(
        $0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3], initialState: $0[4],
        initialCell: $0[5], mask: mask(), reversed: true)
      return try total(found.outputs, found.state, found.cell)
    },
    KernelCase("lstm without gradients", of: Array(sizes(4, 3)[..<3]), gradients: false) {
      try lstm($0[0], kernel: $0[1], recurrentKernel: $0[2]).outputs
    },
    KernelCase("gru", of: Array(sizes(3, 17, biases: 2)[..<4])) {
      try total(gru($0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3]).outputs)
    },
    KernelCase("gru with a state and a mask", of: Array(sizes(3, 5, biases: 2)[..<5])) {
      let found = try gru(
        $0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3], initialState: $0[4],
        mask: mask())
      return try total(found.outputs, found.state)
    },
    KernelCase("simpleRNN", of: Array(sizes(1, 17)[..<4])) {
      try total(simpleRNN($0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3]).outputs)
    },
    KernelCase("simpleRNN with a state and a mask", of: Array(sizes(1, 5)[..<5])) {
      let found = try simpleRNN(
        $0[0], kernel: $0[1], recurrentKernel: $0[2], bias: $0[3], initialState: $0[4],
        mask: mask(), activation: .relu)
      return try total(found.outputs, found.state)
    },
  ]
}()

private func mask() throws -> Tensor {
  try Tensor([false, true, true, true, false, true, false, false, false], shape: [3, 3])
}

private func total(_ outputs: Tensor, _ states: Tensor...) throws -> Tensor {
  try states.reduce(square(outputs).sum()) { try $0 + $1.sum() }
}
