import Apus

/// A convolution and its gradients: `image` is [batch, rows, columns, channels].
private func convolution(
  _ name: String, _ image: Shape, _ filter: Shape, stride: Int = 1, padding: Padding = .same,
  dilation: Int = 1, groups: Int = 1, type: ScalarType = .float32
) -> KernelCase {
  let inputs = [
    Sample(shape: image, type: type), Sample(shape: filter, type: type),
    Sample(shape: [filter[3]], type: type),
  ]
  return KernelCase("convolution \(name) \(image) \(filter)", of: inputs) {
    try relu(
      conv2D(
        $0[0], $0[1], bias: $0[2], stride: stride, padding: padding, dilation: dilation,
        groups: groups))
  }
}

/// One of each way of computing them, at sizes that no tile divides.
let convolutionCases: [KernelCase] = [
  convolution("of a patch", [1, 3, 4, 17], [2, 2, 17, 19]),
  convolution("by twos", [1, 6, 5, 18], [3, 2, 18, 20], stride: 2),
  convolution("longer strides than windows", [1, 7, 7, 17], [2, 2, 17, 4], stride: 3),
  convolution("with gaps", [1, 7, 6, 17], [3, 3, 17, 5], stride: 2, dilation: 3),
  convolution("in groups", [1, 4, 5, 36], [3, 3, 18, 8], groups: 2),
  convolution("of few channels", [2, 6, 7, 3], [3, 3, 3, 6]),
  convolution(
    "of one channel", [1, 7, 9, 1], [5, 5, 1, 17], padding: .explicit([(2, 1), (0, 2)])),
  convolution("of few channels by twos", [1, 9, 9, 3], [4, 4, 3, 20], stride: 2),
  convolution("of single elements", [2, 3, 3, 5], [1, 1, 5, 7]),
  convolution("by Winograd", [2, 7, 8, 32], [3, 3, 32, 48]),
  convolution("in float64", [1, 4, 5, 17], [3, 3, 17, 5], type: .float64),
  convolution("in float16", [1, 4, 5, 4], [3, 3, 4, 20], type: .float16),
  KernelCase(
    "depthwise convolution",
    of: [Sample(shape: [1, 6, 7, 21]), Sample(shape: [3, 3, 21, 1]), Sample(shape: [21])]
  ) { try depthwiseConv2D($0[0], $0[1], bias: $0[2], stride: 1, padding: .same) },
  KernelCase(
    "depthwise convolution by twos",
    of: [Sample(shape: [1, 7, 8, 16]), Sample(shape: [2, 3, 16, 1])]
  ) { try depthwiseConv2D($0[0], $0[1], stride: 2, padding: .same) },
]
