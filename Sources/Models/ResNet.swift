internal import Geometry
internal import Layers
internal import Tensors

extension Architecture {
  /// Nine blocks of two convolutions for images of 32 × 32 (He et al. 2016, section 4.2), with
  /// projections where shapes change.
  public static let resnet20 = Architecture("resnet20", input: [32, 32, 3], classes: 10) {
    options in
    Sequential {
      Conv2D(16, kernel: 3, padding: .same, useBias: false)
      BatchNorm()
      ReLU()
      for (stage, filters) in [16, 32, 64].enumerated() {
        for block in 0..<3 {
          BasicBlock(
            filters, stride: stage > 0 && block == 0 ? 2 : 1, projects: stage > 0 && block == 0)
        }
      }
      GlobalAveragePool()
      if options.includeTop { Dense(options.classes) }
    }
  }

  /// Sixteen blocks of three convolutions (He et al. 2016), weights as Keras has them.
  public static let resnet50 = Architecture("resnet50", input: [224, 224, 3], classes: 1000) {
    options in
    Sequential {
      Conv2D(64, kernel: 7, stride: 2, padding: .explicit([(3, 3), (3, 3)]))
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      MaxPool2D(3, stride: 2, padding: .explicit([(1, 1), (1, 1)]))
      for (stage, depth) in [3, 4, 6, 3].enumerated() {
        for block in 0..<depth {
          BottleneckBlock(
            64 << stage, stride: stage > 0 && block == 0 ? 2 : 1, projects: block == 0)
        }
      }
      GlobalAveragePool()
      if options.includeTop { Dense(options.classes) }
    }
  }
}

/// `relu(norm(conv(relu(norm(conv(x))))) + x)`
final class BasicBlock: Layer {
  private let body: Sequential
  private let shortcut: Sequential?

  init(_ filters: Int, stride: Int, projects: Bool) {
    body = Sequential {
      Conv2D(
        filters, kernel: 3, stride: stride, padding: .explicit([(1, 1), (1, 1)]), useBias: false)
      BatchNorm()
      ReLU()
      Conv2D(filters, kernel: 3, padding: .same, useBias: false)
      BatchNorm()
    }
    shortcut =
      projects
      ? Sequential {
        Conv2D(filters, kernel: 1, stride: stride, useBias: false)
        BatchNorm()
      } : nil
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try relu(body(x) + (shortcut?(x) ?? x))
  }
}

/// Down to few channels, a convolution there, and up again, around a shortcut.
final class BottleneckBlock: Layer {
  private let body: Sequential
  private let shortcut: Sequential?

  init(_ filters: Int, stride: Int, projects: Bool) {
    body = Sequential {
      Conv2D(filters, kernel: 1, stride: stride)
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      Conv2D(filters, kernel: 3, padding: .same)
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      Conv2D(4 * filters, kernel: 1)
      BatchNorm(epsilon: 1.001e-5)
    }
    shortcut =
      projects
      ? Sequential {
        Conv2D(4 * filters, kernel: 1, stride: stride)
        BatchNorm(epsilon: 1.001e-5)
      } : nil
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    try relu(body(x) + (shortcut?(x) ?? x))
  }
}
