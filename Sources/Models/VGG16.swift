internal import Geometry
internal import Layers

extension Architecture {
  /// Thirteen convolutions in five blocks (Simonyan and Zisserman 2015).
  public static let vgg16 = Architecture("vgg16", input: [224, 224, 3], classes: 1000) {
    vgg($0, normalizes: false)
  }

  /// The same with batch norm behind each convolution.
  public static let vgg16BatchNorm = Architecture(
    "vgg16-bn", input: [224, 224, 3], classes: 1000
  ) {
    vgg($0, normalizes: true)
  }

  private static func vgg(_ options: ModelOptions, normalizes: Bool) -> any Layer {
    Sequential {
      for (filters, depth) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        for _ in 0..<depth {
          if normalizes {
            Conv2D(filters, kernel: 3, padding: .same)
            BatchNorm()
            ReLU()
          } else {
            Conv2D(filters, kernel: 3, padding: .same, activation: .relu)
          }
        }
        MaxPool2D(2)
      }
      if options.includeTop {
        Flatten()
        Dense(4096, activation: .relu)
        Dense(4096, activation: .relu)
        Dense(options.classes)
      }
    }
  }
}
