public import Geometry
public import Tensors

/// A function of one tensor with a name, as layers take it: `Dense(10, activation: .relu)`.
public struct ActivationFunction: Sendable {
  /// As summaries call it.
  public let name: String
  private let function: @Sendable (Tensor) throws -> Tensor

  /// A function of one's own.
  public init(_ name: String, _ function: @escaping @Sendable (Tensor) throws -> Tensor) {
    self.name = name
    self.function = function
  }

  /// Its value for each element of `x`.
  public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
    do { return try function(x) } catch { throw error.asTensorError }
  }

  /// Nothing happens.
  public static let linear = ActivationFunction("linear") { $0 }
  /// `max(x, 0)`
  public static let relu = ActivationFunction("relu") { try Tensors.relu($0) }
  /// `min(max(x, 0), 6)`
  public static let relu6 = ActivationFunction("relu6") { try clip($0, min: 0, max: 6) }
  /// `x`, and `eˣ - 1` where that is negative.
  public static let elu = ActivationFunction("elu") { try Tensors.elu($0) }
  /// `elu` scaled so that mean and variance stay (Klambauer et al. 2017).
  public static let selu = ActivationFunction("selu") { try Tensors.selu($0) }
  /// `x · Φ(x)`, Φ the normal distribution.
  public static let gelu = ActivationFunction("gelu") { try Tensors.gelu($0) }
  /// The form with tanh.
  public static let geluTanh = ActivationFunction("geluTanh") {
    try Tensors.gelu($0, approximate: true)
  }
  /// `x · sigmoid(x)`
  public static let silu = ActivationFunction("silu") { try Tensors.silu($0) }
  /// `x · tanh(softplus(x))`
  public static let mish = ActivationFunction("mish") { try Tensors.mish($0) }
  /// `log(1 + eˣ)`
  public static let softplus = ActivationFunction("softplus") { try Tensors.softplus($0) }
  /// `x / (1 + |x|)`
  public static let softsign = ActivationFunction("softsign") { try Tensors.softsign($0) }
  /// `1 / (1 + e⁻ˣ)`
  public static let sigmoid = ActivationFunction("sigmoid") { try Tensors.sigmoid($0) }
  /// `x / 6 + 1/2`, cut at 0 and 1.
  public static let hardSigmoid = ActivationFunction("hardSigmoid") { try Tensors.hardSigmoid($0) }
  /// The hyperbolic tangent.
  public static let tanh = ActivationFunction("tanh") { try Tensors.tanh($0) }
  /// `x` cut at -1 and 1.
  public static let hardTanh = ActivationFunction("hardTanh") { try Tensors.hardTanh($0) }
  /// `eˣ`
  public static let exponential = ActivationFunction("exponential") { try exp($0) }
  /// 1 where the input is positive, else 0; no gradient passes.
  public static let step = ActivationFunction("step") { try Tensors.step($0) }
  /// -1, 0 or 1; no gradient passes.
  public static let sign = ActivationFunction("sign") { try Tensors.sign($0) }
  /// Along the last axis.
  public static let softmax = ActivationFunction("softmax") { try Tensors.softmax($0) }
  /// Along the last axis.
  public static let logSoftmax = ActivationFunction("logSoftmax") { try Tensors.logSoftmax($0) }

  /// `x`, and `0.2 · x` where that is negative: Keras' function, whose layer has another slope.
  public static let leakyRelu: ActivationFunction = leakyRelu(slope: 0.2)

  /// `slope · x` where the input is negative.
  public static func leakyRelu(slope: Double) -> ActivationFunction {
    ActivationFunction("leakyRelu \(slope)") { try Tensors.leakyRelu($0, slope: slope) }
  }

  /// `alpha · (eˣ - 1)` where the input is negative.
  public static func elu(alpha: Double) -> ActivationFunction {
    ActivationFunction("elu \(alpha)") { try Tensors.elu($0, alpha: alpha) }
  }

  /// `max(x, 0) + min(alpha · (e^(x/alpha) - 1), 0)`: smooth at zero for every `alpha`.
  public static func celu(alpha: Double = 1) -> ActivationFunction {
    ActivationFunction("celu \(alpha)") { x in
      let negative = try minimum(x, x.scalar(0))
      return try Tensors.relu(x) + expm1(negative / alpha) * alpha
    }
  }

  /// `x · hardSigmoid(x)`, which is also called hard swish.
  public static let hardSilu = ActivationFunction("hardSilu") { try $0 * Tensors.hardSigmoid($0) }
  /// `log(sigmoid(x))`
  public static let logSigmoid = ActivationFunction("logSigmoid") { try -Tensors.softplus(-$0) }
  /// `x - tanh(x)`
  public static let tanhShrink = ActivationFunction("tanhShrink") { try $0 - Tensors.tanh($0) }

  /// `x` moved towards zero by `threshold`, and 0 closer to it than that.
  public static func softShrink(threshold: Double = 0.5) -> ActivationFunction {
    ActivationFunction("softShrink \(threshold)") { x in
      try Tensors.relu(x - threshold) - Tensors.relu(-x - threshold)
    }
  }

  /// `x`, and 0 where that is not farther from zero than `threshold`.
  public static func hardShrink(threshold: Double = 0.5) -> ActivationFunction {
    ActivationFunction("hardShrink \(threshold)") { x in
      try select(greater(abs(x), x.scalar(threshold)), x, x.scalar(0))
    }
  }

  /// `(x + √(x² + b)) / 2`
  public static func squareplus(b: Double = 4) -> ActivationFunction {
    ActivationFunction("squareplus \(b)") { x in try (x + sqrt(square(x) + b)) * 0.5 }
  }
}
