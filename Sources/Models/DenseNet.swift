internal import Geometry
internal import Layers
internal import Tensors

extension Architecture {
  /// Four blocks in which each layer sees all before it (Huang et al. 2017), growing by 32
  /// channels.
  public static let densenet121 = Architecture(
    "densenet121", input: [224, 224, 3], classes: 1000
  ) { options in
    var channels = 64
    return Sequential {
      Conv2D(64, kernel: 7, stride: 2, padding: .explicit([(3, 3), (3, 3)]), useBias: false)
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      MaxPool2D(3, stride: 2, padding: .explicit([(1, 1), (1, 1)]))
      for (block, depth) in [6, 12, 24, 16].enumerated() {
        DenseBlock(depth, growth: 32)
        if block < 3 { transition(&channels, after: depth) }
      }
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      GlobalAveragePool()
      if options.includeTop { Dense(options.classes) }
    }
  }

  /// Half the channels and a quarter of the positions.
  private static func transition(_ channels: inout Int, after depth: Int) -> Sequential {
    channels = (channels + 32 * depth) / 2
    return Sequential {
      BatchNorm(epsilon: 1.001e-5)
      ReLU()
      Conv2D(channels, kernel: 1, useBias: false)
      AveragePool2D(2)
    }
  }
}

/// Layers that each add `growth` channels to what they were given.
final class DenseBlock: Layer {
  private let layers: [Sequential]

  init(_ depth: Int, growth: Int) {
    layers = (0..<depth).map { _ in
      Sequential {
        BatchNorm(epsilon: 1.001e-5)
        ReLU()
        Conv2D(4 * growth, kernel: 1, useBias: false)
        BatchNorm(epsilon: 1.001e-5)
        ReLU()
        Conv2D(growth, kernel: 3, padding: .same, useBias: false)
      }
    }
  }

  func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var features = x
    for layer in layers { features = try concatenate([features, layer(features)], axis: -1) }
    return features
  }
}
