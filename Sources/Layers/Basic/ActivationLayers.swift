public import Geometry
public import Tensors

/// A function of one tensor as a layer: `Activation(.tanh)`.
public class Activation: Layer {
  public let function: ActivationFunction

  public init(_ function: ActivationFunction) { self.function = function }

  public final func forward(_ x: Tensor) throws(TensorError) -> Tensor { try function(x) }
}

public final class ReLU: Activation {
  public init() { super.init(.relu) }
}

/// `slope · x` where the input is negative. Keras' slope is 0.3, PyTorch's 0.01.
public final class LeakyReLU: Activation {
  public init(slope: Double = 0.3) { super.init(.leakyRelu(slope: slope)) }
}

public final class ELU: Activation {
  public init(alpha: Double = 1) { super.init(.elu(alpha: alpha)) }
}

public final class SELU: Activation {
  public init() { super.init(.selu) }
}

public final class GELU: Activation {
  public init(approximate: Bool = false) { super.init(approximate ? .geluTanh : .gelu) }
}

public final class SiLU: Activation {
  public init() { super.init(.silu) }
}

public final class Mish: Activation {
  public init() { super.init(.mish) }
}

public final class Softplus: Activation {
  public init() { super.init(.softplus) }
}

public final class Softsign: Activation {
  public init() { super.init(.softsign) }
}

public final class Sigmoid: Activation {
  public init() { super.init(.sigmoid) }
}

public final class HardSigmoid: Activation {
  public init() { super.init(.hardSigmoid) }
}

public final class Tanh: Activation {
  public init() { super.init(.tanh) }
}

public final class HardTanh: Activation {
  public init() { super.init(.hardTanh) }
}

/// Probabilities from logits, along an axis.
public final class Softmax: Activation {
  public init(axis: Int = -1) {
    super.init(ActivationFunction("softmax") { try softmax($0, axis: axis) })
  }
}

/// Logarithms of probabilities from logits, along an axis.
public final class LogSoftmax: Activation {
  public init(axis: Int = -1) {
    super.init(ActivationFunction("logSoftmax") { try logSoftmax($0, axis: axis) })
  }
}

/// `slope · x` where the input is negative, with slopes that are learned (He et al. 2015).
public final class PReLU: Layer {
  /// The shape of an input without its batch, 1 along shared axes; zeros.
  public let slope: Weight
  private let sharedAxes: Set<Int>

  /// - Parameter sharedAxes: axes of the input along which one slope serves, counted with the batch:
  ///   `[1, 2]` gives an image one slope a channel.
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
