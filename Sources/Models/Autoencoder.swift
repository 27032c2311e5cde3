internal import Geometry
internal import Layers

extension Architecture {
  /// A convolutional autoencoder: down to 7 × 7 × 8 numbers and up again by transposed
  /// convolutions. It gives logits of pixels; without the top, the code.
  public static let autoencoder = Architecture(
    "autoencoder", input: [28, 28, 1], classes: 1, for: .reconstruction
  ) { options in
    Sequential {
      Conv2D(16, kernel: 3, stride: 2, padding: .same, activation: .relu)
      Conv2D(8, kernel: 3, stride: 2, padding: .same, activation: .relu)
      if options.includeTop {
        Conv2DTranspose(8, kernel: 3, stride: 2, padding: .same, activation: .relu)
        Conv2DTranspose(16, kernel: 3, stride: 2, padding: .same, activation: .relu)
        Conv2D(options.classes, kernel: 3, padding: .same)
      }
    }
  }
}
