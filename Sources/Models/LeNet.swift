internal import Geometry
internal import Layers

extension Architecture {
  /// LeNet-5 (LeCun et al. 1998) as it is taught today: rectifiers and largest values where the
  /// paper has tanh and means, padding for images of 28 × 28.
  public static let lenet = Architecture("lenet", input: [28, 28, 1], classes: 10) { options in
    Sequential {
      Conv2D(6, kernel: 5, padding: .same, activation: .relu)
      MaxPool2D(2)
      Conv2D(16, kernel: 5, activation: .relu)
      MaxPool2D(2)
      Flatten()
      Dense(120, activation: .relu)
      Dense(84, activation: .relu)
      if options.includeTop { Dense(options.classes) }
    }
  }
}
