internal import Geometry
internal import Layers

extension Architecture {
  /// Two hidden layers of 512 on images as vectors.
  public static let mlp = Architecture("mlp", input: [28, 28, 1], classes: 10) { options in
    Sequential {
      Flatten()
      Dense(512, activation: .relu)
      Dense(512, activation: .relu)
      if options.includeTop { Dense(options.classes) }
    }
  }
}
