public import Geometry
public import Layers
public import Tensors

extension Architecture {
  /// Down, across and up again, with what was seen on the way down put beside what comes up
  /// (Ronneberger et al. 2015): a class for each pixel. Images have sides divisible by 16.
  public static let unet = Architecture(
    "unet", input: [256, 256, 1], classes: 2, for: .segmentation
  ) {
    UNet(classes: $0.includeTop ? $0.classes : nil, filters: [64, 128, 256, 512, 1024])
  }
}

/// A U-Net of any depth and width.
public final class UNet: Layer {
  private let down: [Sequential]
  private let rise: [Conv2DTranspose]
  private let up: [Sequential]
  private let head: Conv2D?

  /// - Parameters:
  ///   - classes: nil for features instead.
  ///   - filters: of each level, from the top down.
  public init(classes: Int?, filters: [Int]) {
    down = filters.map { Self.pair($0) }
    rise = filters.dropLast().reversed().map {
      Conv2DTranspose($0, kernel: 2, stride: 2, activation: .relu)
    }
    up = filters.dropLast().reversed().map { Self.pair($0) }
    head = classes.map { Conv2D($0, kernel: 1) }
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var x = x
    var seen: [Tensor] = []
    for (level, convolutions) in down.enumerated() {
      if level > 0 { x = try maxPool2D(x, window: [2, 2]) }
      x = try convolutions(x)
      seen.append(x)
    }
    for (level, convolutions) in up.enumerated() {
      let beside = seen[seen.count - 2 - level]
      x = try convolutions(concatenate([beside, rise[level](x)], axis: -1))
    }
    return try head?(x) ?? x
  }

  private static func pair(_ filters: Int) -> Sequential {
    Sequential {
      Conv2D(filters, kernel: 3, padding: .same, activation: .relu)
      Conv2D(filters, kernel: 3, padding: .same, activation: .relu)
    }
  }
}
