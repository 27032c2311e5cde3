internal import Geometry
internal import Tensors

extension CaseRunner {
  static let pooling: [String: CaseRunner] = [
    "maxPool2d": .one(.movement) {
      try maxPool2D(
        $0.tensor("x"), window: $0.integers("poolSize"), stride: $0.integers("strides"),
        padding: $0.choice("padding", ["valid": Padding.valid, "same": .same]))
    },
    "avgPool2d": .one(.reduction) {
      try averagePool2D(
        $0.tensor("x"), window: $0.integers("poolSize"), stride: $0.integers("strides"),
        padding: $0.choice("padding", ["valid": Padding.valid, "same": .same]))
    },
    "globalAvgPool2d": .one(.reduction) {
      try globalAveragePool($0.tensor("x"), keepingAxes: $0.boolean("keepDims"))
    },
    "globalMaxPool2d": .one(.movement) {
      try globalMaxPool($0.tensor("x"), keepingAxes: $0.boolean("keepDims"))
    },
    "adaptiveAvgPool2d": .one(.reduction) {
      try adaptiveAveragePool2D($0.tensor("x"), outputSize: $0.integers("outputSize"))
    },
    "upsample2d": .one(.reduction) {
      try upsample2D(
        $0.tensor("x"), scale: $0.integers("scale"),
        mode: $0.choice("mode", ["nearest": Interpolation.nearest, "bilinear": .bilinear]),
        alignCorners: $0.boolean("alignCorners"))
    },
  ]
}
