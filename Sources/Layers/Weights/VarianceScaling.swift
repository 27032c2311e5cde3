internal import Geometry
internal import Glibc
internal import Tensors

/// What a normal distribution cut at two deviations has left of its deviation.
let truncatedDeviation = 0.879_625_661_034_239_78

extension Initializer {
  /// Which number of connections the variance is divided by.
  public enum Fan: String, Sendable {
    case input, output, average
  }

  /// The distributions that scale with the size of a layer.
  public enum Distribution: String, Sendable {
    case uniform, normal, truncatedNormal
  }

  /// Numbers of variance `scale / fan` around zero.
  ///
  /// The fans of `[inputs, outputs]` are those; of filters `[rows, columns, inputs, outputs]` times
  /// the number of taps; a vector counts as both.
  public static func varianceScaling(
    scale: Double = 1, fan: Fan = .input, distribution: Distribution = .truncatedNormal
  ) -> Initializer {
    @Sendable func variance(_ shape: Shape) -> Double {
      let extents = Array(shape)
      let taps = extents.dropLast(2).reduce(1, *)
      let inputs = Double(extents.count < 2 ? shape.count : extents[extents.count - 2] * taps)
      let outputs = Double(extents.count < 2 ? shape.count : extents[extents.count - 1] * taps)
      let count =
        switch fan {
        case .input: inputs
        case .output: outputs
        case .average: (inputs + outputs) / 2
        }
      return scale / max(1, count)
    }
    let name = "variance scaling \(scale), \(fan), \(distribution)"
    return Initializer(name, spread: variance) { shape, type, device in
      guard scale > 0, scale.isFinite else {
        throw TensorError(.argument, "initializer", "a scale of \(scale) is not positive")
      }
      let variance = variance(shape)
      switch distribution {
      case .uniform:
        let limit = (3 * variance).squareRoot()
        return try .uniform(shape, from: -limit, to: limit, as: type, on: device)
      case .normal:
        return try .normal(shape, standardDeviation: variance.squareRoot(), as: type, on: device)
      case .truncatedNormal:
        let deviation = variance.squareRoot() / truncatedDeviation
        return try .truncatedNormal(shape, standardDeviation: deviation, as: type, on: device)
      }
    }
  }

  /// Glorot and Bengio (2010), for tanh and as Keras' default.
  public static let glorotUniform = varianceScaling(fan: .average, distribution: .uniform)
  /// `glorotUniform` with a truncated normal distribution.
  public static let glorotNormal = varianceScaling(fan: .average)
  /// He et al. (2015), for relu.
  public static let heUniform = varianceScaling(scale: 2, distribution: .uniform)
  /// `heUniform` with a truncated normal distribution.
  public static let heNormal = varianceScaling(scale: 2)
  /// LeCun et al. (1998), for selu.
  public static let lecunUniform = varianceScaling(distribution: .uniform)
  /// `lecunUniform` with a truncated normal distribution.
  public static let lecunNormal = varianceScaling()
}
