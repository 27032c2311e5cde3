internal import Geometry
internal import Layers

extension Architecture {
  /// Depthwise and pointwise convolutions in turn (Howard et al. 2017).
  public static let mobilenet = Architecture("mobilenet", input: [224, 224, 3], classes: 1000) {
    options in
    Sequential {
      Conv2D(32, kernel: 3, stride: 2, padding: .same, useBias: false)
      BatchNorm()
      Activation(.relu6)
      for (filters, stride) in [
        (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
        (512, 1), (512, 1), (1024, 2), (1024, 1),
      ] {
        DepthwiseConv2D(kernel: 3, stride: stride, padding: .same, useBias: false)
        BatchNorm()
        Activation(.relu6)
        Conv2D(filters, kernel: 1, useBias: false)
        BatchNorm()
        Activation(.relu6)
      }
      GlobalAveragePool()
      if options.includeTop {
        Dropout(1e-3)
        Dense(options.classes)
      }
    }
  }
}
