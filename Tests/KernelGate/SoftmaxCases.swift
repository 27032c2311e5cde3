import Apus

/// Rows that are turned over, rows longer than vectors, columns beside each other.
let softmaxCases: [KernelCase] = {
  let shapes: [(Shape, Int)] = [([70, 5], 1), ([3, 75], 1), ([2, 5, 70], 1), ([4, 3, 2], 0)]
  var cases = shapes.flatMap { shape, axis in
    [
      KernelCase("softmax of \(shape) along \(axis)", of: [Sample(shape: shape)]) {
        try softmax($0[0], axis: axis)
      },
      KernelCase("logarithm of softmax of \(shape) along \(axis)", of: [Sample(shape: shape)]) {
        try logSoftmax($0[0], axis: axis)
      },
    ]
  }
  cases.append(
    // Its last bits are those of each platform's exponentials.
    KernelCase(
      "softmax in float64", of: [Sample(shape: [3, 30], type: .float64)], gradients: false
    ) {
      try softmax($0[0]).cast(to: .float32)
    })
  return cases
}()

/// Forward: the gradient is one of softmax and products, which take oclgrind long.
let attentionCases: [KernelCase] = {
  let query = Sample(shape: [1, 2, 5, 4])
  let key = Sample(shape: [1, 2, 7, 4])
  let value = Sample(shape: [1, 2, 7, 3])
  return [
    KernelCase(
      "causal attention with numbers added", of: [query, key, value, Sample(shape: [5, 7])],
      gradients: false
    ) {
      try scaledDotProductAttention($0[0], $0[1], $0[2], mask: $0[3], isCausal: true)
    },
    KernelCase("attention with a mask", of: [query, key, value], gradients: false) {
      let keys = try Tensor.arange(0, 7)
      let lengths = try Tensor([Float(4), 0], shape: [1, 2, 1, 1])
      return try scaledDotProductAttention($0[0], $0[1], $0[2], mask: less(keys, lengths))
    },
  ]
}()

private func labels(_ count: Int, below classes: Int) throws -> Tensor {
  try Tensor((0..<count).map { Int32($0 * 5 % classes) }, shape: [count])
}

/// The loss with its gradient, and both alone.
let lossCases: [KernelCase] = {
  var cases: [KernelCase] = []
  for (rows, classes) in [(70, 5), (3, 75)] {
    let logits = Sample(shape: [rows, classes])
    cases += [
      KernelCase("cross-entropy of \([rows, classes])", of: [logits]) {
        try softmaxCrossEntropy($0[0], labels(rows, below: classes))
      },
      KernelCase("cross-entropy of \([rows, classes]), losses", of: [logits], gradients: false) {
        try softmaxCrossEntropy($0[0], labels(rows, below: classes), reduction: .none)
      },
      KernelCase("cross-entropy of \([rows, classes]), weighted", of: [logits]) {
        try softmaxCrossEntropy(
          $0[0], labels(rows, below: classes), classWeights: Tensor.arange(1, Double(classes + 1)),
          labelSmoothing: 0.1, ignoreIndex: 0)
      },
      KernelCase("cross-entropy of \([rows, classes]), dense", of: [logits]) {
        try softmaxCrossEntropy($0[0], softmax($0[0] * 2))
      },
      KernelCase("negative logarithms of \([rows, classes])", of: [logits]) {
        try nll($0[0], labels(rows, below: classes))
      },
    ]
  }
  cases += [
    KernelCase("binary cross-entropy", of: [Sample(shape: [37])]) {
      try sigmoidCrossEntropy($0[0], sigmoid($0[0]))
    },
    KernelCase("ctc", of: [Sample(shape: [3, 9, 5])]) {
      try ctcLoss(
        $0[0], Tensor([1, 2, 2, 3, 4, 1, 1, 1, 2] as [Int32], shape: [3, 3]),
        inputLengths: Tensor([9, 5, 2] as [Int32], shape: [3]),
        targetLengths: Tensor([3, 2, 3] as [Int32], shape: [3]), reduction: .none)
    },
  ]
  return cases
}()
