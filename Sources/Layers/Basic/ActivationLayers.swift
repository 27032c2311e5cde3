public import Geometry
public import Tensors

/// A function of one tensor as a layer: `Activation(.tanh)`.
public class Activation: Layer {
  /// What it applies.
  public let function: ActivationFunction

  /// A layer of any function: `Activation(.relu6)`.
  public init(_ function: ActivationFunction) { self.function = function }

  public final func forward(_ x: Tensor) throws(TensorError) -> Tensor { try function(x) }
}

/// `max(x, 0)`
public final class ReLU: Activation {
  /// A rectifier.
  public init() { super.init(.relu) }
}

/// `slope · x` where the input is negative. Keras' slope is 0.3, PyTorch's 0.01.
public final class LeakyReLU: Activation {
  /// - Parameter slope: of the negative side.
  public init(slope: Double = 0.3) { super.init(.leakyRelu(slope: slope)) }
}

/// `alpha · (eˣ - 1)` where the input is negative (Clevert et al. 2016).
public final class ELU: Activation {
  /// - Parameter alpha: what the negative side goes to, with its sign changed.
  public init(alpha: Double = 1) { super.init(.elu(alpha: alpha)) }
}

/// `elu` scaled so that mean and variance stay (Klambauer et al. 2017).
public final class SELU: Activation {
  /// A self-normalising unit.
  public init() { super.init(.selu) }
}

/// `x · Φ(x)`, Φ the normal distribution (Hendrycks and Gimpel 2016).
public final class GELU: Activation {
  /// - Parameter approximate: whether it is the form with tanh.
  public init(approximate: Bool = false) { super.init(approximate ? .geluTanh : .gelu) }
}

/// `x · sigmoid(x)`, also called swish.
public final class SiLU: Activation {
  /// A sigmoid-weighted unit.
  public init() { super.init(.silu) }
}

/// `x · tanh(softplus(x))` (Misra 2019).
public final class Mish: Activation {
  /// A layer of `mish`.
  public init() { super.init(.mish) }
}

/// `log(1 + eˣ)`
public final class Softplus: Activation {
  /// A layer of `softplus`.
  public init() { super.init(.softplus) }
}

/// `x / (1 + |x|)`
public final class Softsign: Activation {
  /// A layer of `softsign`.
  public init() { super.init(.softsign) }
}

/// `1 / (1 + e⁻ˣ)`
public final class Sigmoid: Activation {
  /// A layer of `sigmoid`.
  public init() { super.init(.sigmoid) }
}

/// `x / 6 + 1/2`, cut at 0 and 1.
public final class HardSigmoid: Activation {
  /// A layer of `hardSigmoid`.
  public init() { super.init(.hardSigmoid) }
}

/// The hyperbolic tangent.
public final class Tanh: Activation {
  /// A layer of `tanh`.
  public init() { super.init(.tanh) }
}

/// `x` cut at -1 and 1.
public final class HardTanh: Activation {
  /// A layer of `hardTanh`.
  public init() { super.init(.hardTanh) }
}

/// Probabilities from logits, along an axis.
public final class Softmax: Activation {
  /// - Parameter axis: the one along which probabilities add up to 1.
  public init(axis: Int = -1) {
    super.init(ActivationFunction("softmax") { try softmax($0, axis: axis) })
  }
}

/// Logarithms of probabilities from logits, along an axis.
public final class LogSoftmax: Activation {
  /// - Parameter axis: the one along which probabilities add up to 1.
  public init(axis: Int = -1) {
    super.init(ActivationFunction("logSoftmax") { try logSoftmax($0, axis: axis) })
  }
}

/// `slope · x` where the input is negative, with slopes that are learned (He et al. 2015).
public final class PReLU: Layer {
  /// The shape of an input without its batch, 1 along shared axes; zeros.
  public let slope: Weight
  private let sharedAxes: Set<Int>

  /// - Parameters:
  ///   - slope: how the slopes begin, with what regularises or constrains them.
  ///   - sharedAxes: axes of the input along which one slope serves, counted with the batch:
  ///     `[1, 2]` gives an image one slope a channel.
  public init(slope: Weight = Weight(.zeros), sharedAxes: [Int] = []) {
    self.slope = slope
    self.sharedAxes = Set(sharedAxes)
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    guard x.rank > 1, sharedAxes.allSatisfy({ (1..<x.rank).contains($0) }) else {
      throw TensorError(
        .shape, "pReLU", "shared axes \(sharedAxes.sorted()) are not all axes behind the batch",
        operands: [TensorInfo(x)])
    }
    let shape = Shape((1..<x.rank).map { sharedAxes.contains($0) ? 1 : x.shape[$0] })
    let slope = try slope(shape, like: x)
    return try relu(x) - slope * relu(-x)
  }
}
