import Apus
import Foundation

/// Reduced over the front, the middle, the back, some and all; short and long.
let reductionCases: [KernelCase] = {
  let shapes: [(Shape, [Int]?)] = [
    ([5, 7, 9], [0]), ([5, 7, 9], [1]), ([5, 7, 9], [2]), ([5, 7, 9], [0, 2]), ([1_500], nil),
    ([3, 600], [1]), ([600, 3], [0]),
  ]
  var cases = shapes.map { shape, axes in
    KernelCase("reductions of \(shape) over \(axes.map { "\($0)" } ?? "all")") {
      let x = try Sample(shape: shape, range: 0.5...1.5).tensor(seed: 1)
      let above = try greater(x, Tensor(1))
      var results = [
        try square(x).sum(axes: axes), try x.max(axes: axes), try x.min(axes: axes),
        try x.product(axes: axes), try above.any(axes: axes), try above.all(axes: axes),
      ]
      if axes?.count != 2 { results.append(try x.argmax(axis: axes?[0])) }
      return results
    }
  }
  let input = Sample(shape: [5, 7, 9], range: 0.5...1.5)
  cases += [
    KernelCase("sum of nothing", of: [Sample(shape: [2, 0])]) { try $0[0].sum(axes: [1]) },
    KernelCase("mean of squares and its gradient", of: [input]) {
      try square($0[0]).mean(axes: [1], keepingAxes: true)
    },
    KernelCase("extremes and their gradient", of: [input]) {
      try $0[0].max(axes: [1]) - $0[0].min(axes: [0, 2]).sum()
    },
    KernelCase("product and its gradient", of: [input]) { try $0[0].product(axes: [2]) },
    KernelCase("spread and its gradient", of: [input]) {
      try $0[0].variance(axes: [1]) + $0[0].logSumExp(axes: [1]) + $0[0].norm(axes: [1])
    },
  ]
  for type in ScalarType.allCases where type != .bool {
    cases.append(
      KernelCase("sum and max of \(type)") {
        let x = try Sample(shape: [3, 50], range: 0...3, type: type).tensor(seed: 1)
        return [try x.sum(axes: [1]), try x.max(axes: [0])]
      })
  }
  return cases
}()

let scanCases: [KernelCase] =
  [Shape([7]), [3, 90], [90, 3], [2, 5, 4]].flatMap { shape in
    [false, true].map { backwards in
      let input = Sample(shape: shape, range: 0.9...1.1)
      return KernelCase("running \(shape) \(backwards ? "backwards" : "forwards")", of: [input]) {
        let sum = try $0[0].cumsum(axis: 0, exclusive: backwards, reverse: backwards)
        return try sum + $0[0].cumprod(axis: -1, reverse: backwards)
      }
    }
  } + [
    // So long that it is cut into segments.
    KernelCase("running [16400]", of: [Sample(shape: [16400])], gradients: false) {
      try $0[0].cumsum(axis: 0)
    }
  ]

/// Sizes below and above the tiles, with the operands either way up.
let productCases: [KernelCase] = {
  let sizes = [
    (1, 1, 1, false, false), (17, 33, 9, false, false), (17, 33, 9, true, false),
    (17, 33, 9, false, true), (17, 33, 9, true, true), (65, 130, 33, false, false),
  ]
  var cases: [KernelCase] = []
  for (rows, columns, inner, left, right) in sizes {
    let a = Sample(shape: left ? [inner, rows] : [rows, inner])
    let b = Sample(shape: right ? [columns, inner] : [inner, columns])
    let name = "matmul \(a.shape)\(left ? "ᵀ" : "") × \(b.shape)\(right ? "ᵀ" : "")"
    cases.append(
      KernelCase(name, of: [a, b], gradients: false) {
        try matmul($0[0], $0[1], transposeLeft: left, transposeRight: right)
      })
  }
  cases += [
    KernelCase("matmul and its gradient", of: [Sample(shape: [3, 7]), Sample(shape: [7, 5])]) {
      try matmul($0[0], $0[1])
    },
    KernelCase("matmul in batches", of: [Sample(shape: [3, 1, 4, 5]), Sample(shape: [2, 5, 6])]) {
      try matmul($0[0], $0[1])
    },
    KernelCase("matmul of vectors", of: [Sample(shape: [9]), Sample(shape: [9, 5])]) {
      try matmul($0[0], $0[1])
    },
    // Few columns: sums along lines.
    KernelCase(
      "matmul along lines", of: [Sample(shape: [5, 70]), Sample(shape: [70])], gradients: false
    ) { try matmul($0[0], $0[1]) },
    KernelCase("matmul of nothing", of: [Sample(shape: [3, 0]), Sample(shape: [0, 2])]) {
      try matmul($0[0], $0[1])
    },
    KernelCase("dot and outer", of: [Sample(shape: [19]), Sample(shape: [19])]) {
      try dot($0[0], $0[1]) * outer($0[0], $0[1])
    },
    KernelCase("einsum", of: [Sample(shape: [3, 4]), Sample(shape: [4, 5])]) {
      try einsum("ij,jk->ki", $0[0], $0[1])
    },
    KernelCase(
      "dense layer",
      of: [Sample(shape: [10, 24]), Sample(shape: [24, 40]), Sample(shape: [40])], gradients: false
    ) { try relu(matmul($0[0], $0[1]) + $0[2]) },
    KernelCase(
      "matmul in float64",
      of: [Sample(shape: [9, 8], type: .float64), Sample(shape: [8, 17], type: .float64)],
      gradients: false
    ) { try matmul($0[0], $0[1]) },
  ]
  // A long inner axis: pieces that are added at the end. The tiles of a GPU would take oclgrind
  // minutes.
  if ProcessInfo.processInfo.environment["APUS_OPENCL_FLAVOUR"] != "gpu" {
    cases.append(
      KernelCase(
        "matmul in pieces", of: [Sample(shape: [5, 4100]), Sample(shape: [4100, 6])],
        gradients: false
      ) { try matmul($0[0], $0[1]) })
  }
  return cases
}()

let movementCases: [KernelCase] = [
  KernelCase("concatenate", of: [Sample(shape: [2, 3, 4]), Sample(shape: [2, 5, 4])]) {
    try concatenate($0, axis: 1)
  },
  KernelCase("stack", of: [Sample(shape: [3, 5]), Sample(shape: [3, 5])]) {
    try stack($0, axis: 1)
  },
  KernelCase("split", of: [Sample(shape: [3, 7])]) {
    let parts = try $0[0].split(sizes: [2, 0, 5], axis: 1)
    return try concatenate([parts[2], parts[0]], axis: 1)
  },
  KernelCase("slice", of: [Sample(shape: [6, 9])]) {
    try $0[0].sliced(begin: [1, 0], end: [6, 9], strides: [2, 3])
  },
  KernelCase("replace a slice", of: [Sample(shape: [6, 9]), Sample(shape: [2, 3])]) {
    try $0[0].replacingSlice(begin: [1, 0], end: [5, 9], strides: [2, 3], with: $0[1])
  },
  KernelCase("pad with a constant", of: [Sample(shape: [3, 5])]) {
    try $0[0].padded([(1, 2), (0, 3)], mode: .constant(1))
  },
  KernelCase("pad by reflection", of: [Sample(shape: [3, 5])]) {
    try $0[0].padded([(1, 2), (0, 3)], mode: .reflect)
  },
  KernelCase("tile", of: [Sample(shape: [2, 3])]) { try $0[0].tiled([2, 3]) },
  KernelCase("repeat", of: [Sample(shape: [2, 3])]) { try $0[0].repeated(3, axis: 0) },
  KernelCase("flip and roll", of: [Sample(shape: [4, 5])]) {
    try $0[0].flipped(axes: [1]).rolled([2, -7], axes: [0, 1])
  },
  KernelCase("permute", of: [Sample(shape: [3, 4, 5])]) { try $0[0].permuted([2, 0, 1]) * 2 },
  KernelCase("triangles", of: [Sample(shape: [5, 7])]) {
    try $0[0].lowerTriangle(diagonal: 1) - $0[0].upperTriangle(diagonal: 0)
  },
]

let randomCases: [KernelCase] = [
  KernelCase("random") {
    try withSeed(3) {
      [
        try Tensor.uniform([37]), try Tensor.normal([5, 7]), try Tensor.truncatedNormal([19]),
        try Tensor.bernoulli([33], probability: 0.3), try Tensor.permutation(21),
        try Tensor.categorical(Sample(shape: [5, 4]).tensor(seed: 1)),
      ]
    }
  },
  KernelCase("ranges") {
    [try Tensor.arange(0, 37), try Tensor.linspace(0, 1, count: 19), try Tensor.eye(9)]
  },
]
