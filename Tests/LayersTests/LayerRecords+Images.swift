import Geometry
import Layers
import Tensors

extension LayerRecords {
  private static let image = Values.normal([1, 5, 6, 2])
  private static let sequence = Values.normal([2, 6, 2])

  static let images: [LayerRecord] = [
    LayerRecord(
      "Conv1D", sequence, wrong: .normal([2, 6, 3]), says: ["conv1D", "[3, 2, 3]", "[2, 6, 3]"]
    ) { Conv1D(3, kernel: 3, padding: .causal, dilation: 2, activation: .tanh) },
    LayerRecord(
      "Conv2D", image, wrong: .normal([1, 5, 6, 3]),
      says: ["conv2D", "[3, 2, 2, 3]", "[1, 5, 6, 3]"]
    ) { Conv2D(3, kernel: [3, 2], stride: [2, 1], padding: .same, activation: .tanh) },
    LayerRecord(
      "DepthwiseConv2D", image, wrong: .normal([1, 5, 6, 3]),
      says: ["depthwiseConv2D", "[3, 3, 2, 2]", "[1, 5, 6, 3]"]
    ) { DepthwiseConv2D(kernel: 3, multiplier: 2) },
    LayerRecord(
      "SeparableConv2D", image, wrong: .normal([1, 5, 6, 3]),
      says: ["separableConv2D", "[3, 3, 2, 1]", "[1, 5, 6, 3]"]
    ) { SeparableConv2D(3, kernel: 3) },
    LayerRecord(
      "Conv2DTranspose", image, wrong: .normal([1, 5, 6, 3]),
      says: ["conv2DTranspose", "[3, 3, 3, 2]", "[1, 5, 6, 3]"]
    ) { Conv2DTranspose(3, kernel: 3, stride: 2, padding: .same) },
    pool("MaxPool2D", "maxPool2D") { MaxPool2D(2, stride: 1) },
    pool("AveragePool2D", "averagePool2D") { AveragePool2D(3, stride: 2, padding: .same) },
    pool("AdaptiveAveragePool2D", "adaptiveAveragePool2D") { AdaptiveAveragePool2D([2, 4]) },
    pool("AdaptiveMaxPool2D", "adaptiveMaxPool2D") { AdaptiveMaxPool2D([2, 4]) },
    pool("UpSampling2D", "upsample2D") { UpSampling2D(2, mode: .bilinear) },
    LayerRecord("LocalResponseNorm", image) { LocalResponseNorm(radius: 1) },
    steps("MaxPool1D", "maxPool1D") { MaxPool1D(2) },
    steps("AveragePool1D", "averagePool1D") { AveragePool1D(4, stride: 2) },
    steps("AdaptiveAveragePool1D", "adaptiveAveragePool1D") { AdaptiveAveragePool1D(4) },
    steps("AdaptiveMaxPool1D", "adaptiveMaxPool1D") { AdaptiveMaxPool1D(4) },
    LayerRecord(
      "GlobalAveragePool", image, wrong: .normal([3]), says: ["globalAveragePool", "[3]", "[batch"]
    ) { GlobalAveragePool() },
    LayerRecord(
      "GlobalMaxPool", image, wrong: .normal([3]), says: ["globalMaxPool", "[3]", "[batch"]
    ) { GlobalMaxPool(keepingAxes: true) },
  ]

  private static func pool(
    _ name: String, _ operation: String, _ make: @escaping @Sendable () -> any Layer
  ) -> LayerRecord {
    LayerRecord(
      name, image, wrong: .normal([5, 6]),
      says: [operation, "[5, 6]", "[batch, rows, columns, channels]"], make)
  }

  private static func steps(
    _ name: String, _ operation: String, _ make: @escaping @Sendable () -> any Layer
  ) -> LayerRecord {
    LayerRecord(
      name, sequence, wrong: .normal([5, 6]),
      says: [operation, "[5, 6]", "[batch, time, features]"], make)
  }

  static let normalization: [LayerRecord] = [
    LayerRecord(
      "BatchNorm", .normal([4, 3]), wrong: .normal([4, 2]), says: ["batchNorm", "[3]", "[4, 2]"]
    ) { BatchNorm(momentum: 0.5) },
    LayerRecord(
      "LayerNorm", .normal([2, 3, 4]), wrong: .normal([2, 3, 5]),
      says: ["layerNorm", "[3, 4]", "[2, 3, 5]"]
    ) { LayerNorm(axisCount: 2) },
    LayerRecord(
      "RMSNorm", .normal([2, 4]), wrong: .normal([2, 5]), says: ["rmsNorm", "[4]", "[2, 5]"]
    ) { RMSNorm() },
    LayerRecord(
      "GroupNorm", .normal([2, 3, 2, 4]), wrong: .normal([2, 3, 2, 6]),
      says: ["groupNorm", "[4]", "[2, 3, 2, 6]"]
    ) { GroupNorm(groups: 2) },
    LayerRecord(
      "InstanceNorm", .normal([2, 3, 2, 4]), wrong: .normal([2, 3, 2, 6]),
      says: ["instanceNorm", "[4]", "[2, 3, 2, 6]"]
    ) { InstanceNorm() },
  ]
}
