import Apus

/// Indices for the cases below, some of them repeated, some counted from the end.
private func indices(_ shape: Shape, below count: Int, from low: Int = 0) throws -> Tensor {
  let range = Double(low)...(Double(count) - 0.01)
  return try floor(Sample(shape: shape, range: range).tensor(seed: 5)).cast(to: .int32)
}

let lookupCases: [KernelCase] = [
  KernelCase("gather and its gradient", of: [Sample(shape: [3, 7, 5])]) {
    try $0[0].gather(indices([4, 2], below: 7, from: -7), axis: 1)
  },
  KernelCase("take along an axis and its gradient", of: [Sample(shape: [3, 7, 5])]) {
    try $0[0].takeAlongAxis(indices([3, 4, 5], below: 7), axis: 1)
  },
  KernelCase("embedding and its gradient", of: [Sample(shape: [300, 9])]) {
    try embedding($0[0], indices([40], below: 20))
  },
  KernelCase("indices of other types", of: [Sample(shape: [9, 4])]) {
    let places = try indices([5], below: 9)
    return try $0[0].gather(places.cast(to: .int64)) * $0[0].gather(places.cast(to: .uint8))
  },
  KernelCase("scatter", of: [Sample(shape: [9, 4]), Sample(shape: [6, 4])]) {
    let places = try indices([6], below: 9)
    return try $0[0].scatter($0[1], at: places) * $0[0].scatterAdd($0[1], at: places)
  },
  KernelCase("scatter along an axis", of: [Sample(shape: [4, 9]), Sample(shape: [4, 6])]) {
    let places = try indices([4, 6], below: 9)
    return try $0[0].scatterAlongAxis($0[1], at: places, axis: 1)
      * $0[0].scatterAddAlongAxis($0[1], at: places, axis: 1)
  },
  KernelCase("segments", of: [Sample(shape: [20, 3])]) {
    let ids = try indices([20], below: 4)
    return try $0[0].segmentMean(ids, count: 5) + $0[0].segmentMax(ids, count: 5)
  },
  KernelCase("a sum of halves by index") {
    let x = try Sample(shape: [8, 3], type: .float16).tensor(seed: 1)
    return [try x.scatterAdd(x, at: indices([8], below: 8))]
  },
  KernelCase("sort", of: [Sample(shape: [3, 40])]) {
    try $0[0].sorted(axis: 1) - $0[0].sorted(axis: 0, descending: true)
  },
  KernelCase("sort beyond a block", of: [Sample(shape: [2, 1100])], gradients: false) {
    try $0[0].sorted(axis: 1)
  },
  KernelCase("sort of every type") {
    var results: [Tensor] = []
    for type in ScalarType.allCases {
      results.append(
        try Sample(shape: [30], range: 0...99, type: type).tensor(seed: 2).argsort())
    }
    return results
  },
  KernelCase("the largest", of: [Sample(shape: [4, 50])]) { try $0[0].topK(3).values },
  KernelCase("places in bounds") {
    let bounds = try Sample(shape: [17]).tensor(seed: 1).sorted()
    let values = try Sample(shape: [5, 9]).tensor(seed: 2)
    return [
      try searchSorted(bounds, values), try searchSorted(bounds, values, right: true),
      try searchSorted(values.sorted(), values),
    ]
  },
  KernelCase(
    "sparse product and its gradient", of: [Sample(shape: [7]), Sample(shape: [5, 70])]
  ) {
    let matrix = try SparseMatrix(
      rows: 4, columns: 5, offsets: Tensor([Int32(0), 2, 2, 5, 7], shape: [5]),
      places: Tensor([Int32(0), 3, 1, 2, 4, 0, 4], shape: [7]), values: $0[0])
    return try matmul(matrix, $0[1])
  },
]
