import Apus

/// Channels that fill vectors, that fill narrow ones, and one; windows that overlap, that reach
/// into padding, that no byte can count. Gradients of gradients run the fourth pass.
let poolingCases: [KernelCase] = {
  var cases: [KernelCase] = []
  for channels in [1, 5, 19] {
    let image = Sample(shape: [2, 5, 6, channels])
    cases += [
      KernelCase("maxPool2D of \(channels) channels", of: [image]) {
        try maxPool2D($0[0], window: [3, 2], stride: [2, 1], padding: .same)
      },
      KernelCase("averagePool2D of \(channels) channels", of: [image]) {
        try averagePool2D($0[0], window: [3, 3], stride: [2, 2], padding: .same)
      },
    ]
  }
  let image = Sample(shape: [1, 4, 5, 3])
  cases += [
    KernelCase("max pooling without a gradient", of: [image], gradients: false) {
      try maxPool2D($0[0], window: [2, 2])
    },
    KernelCase("max pooling with indices", of: [image], gradients: false) {
      let (values, indices) = try maxPoolWithIndices2D($0[0], window: [2, 2])
      return try values + indices.cast(to: .float32)
    },
    KernelCase("max pooling of a large window", of: [Sample(shape: [1, 17, 18, 2])]) {
      try maxPool2D($0[0], window: [17, 16], stride: [1, 1])
    },
    KernelCase(
      "max pooling in int32", of: [Sample(shape: [1, 4, 5, 3], type: .int32)], gradients: false
    ) { try maxPool2D($0[0], window: [2, 2]) },
    KernelCase("max pooling and back", of: [image]) {
      let (values, indices) = try maxPoolWithIndices2D($0[0], window: [2, 2])
      return try unpool2D(values, indices: indices, outputSize: [4, 5])
    },
    KernelCase("max pooling twice differentiated") {
      let x = try image.tensor(seed: 1)
      return try recorded {
        let y = try square(maxPool2D(x, window: [2, 2]))
        let slope = try gradients(of: y, for: [x])[0]
        return [slope] + (try gradients(of: square(slope), for: [x]))
      }
    },
    KernelCase("adaptive pooling", of: [image]) {
      try adaptiveMaxPool2D($0[0], outputSize: [3, 2])
        * adaptiveAveragePool2D($0[0], outputSize: [3, 2])
    },
    KernelCase("resizing", of: [image]) {
      let large = try resized2D($0[0], to: [7, 3], mode: .bilinear)
      return try large + resized2D($0[0], to: [7, 3])
    },
    KernelCase("patches", of: [image]) {
      try patches($0[0], window: [3, 2], stride: [1, 2], dilation: [1, 2], padding: .same)
    },
    KernelCase("patches of neighbours", of: [Sample(shape: [1, 3, 4, 17])]) {
      try patches($0[0], window: [2, 3])
    },
    KernelCase("pixel shuffle", of: [Sample(shape: [1, 2, 3, 8])]) {
      try pixelShuffle($0[0], factor: 2)
    },
  ]
  return cases
}()
