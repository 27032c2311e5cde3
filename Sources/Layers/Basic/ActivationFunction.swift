public import Geometry
public import Tensors

/// A function of one tensor with a name, as layers take it: `Dense(10, activation: .relu)`.
public struct ActivationFunction: Sendable {
  public let name: String
  private let function: @Sendable (Tensor) throws -> Tensor

  /// A function of one's own.
  public init(_ name: String, _ function: @escaping @Sendable (Tensor) throws -> Tensor) {
    self.name = name
    self.function = function
  }

  public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
    do { return try function(x) } catch { throw error.asTensorError }
  }

  /// Nothing happens.
  public static let linear = ActivationFunction("linear") { $0 }
  public static let relu = ActivationFunction("relu") { try Tensors.relu($0) }
  /// `min(max(x, 0), 6)`
  public static let relu6 = ActivationFunction("relu6") { try clip($0, min: 0, max: 6) }
  public static let elu = ActivationFunction("elu") { try Tensors.elu($0) }
  public static let selu = ActivationFunction("selu") { try Tensors.selu($0) }
  public static let gelu = ActivationFunction("gelu") { try Tensors.gelu($0) }
  /// The form with tanh.
  public static let geluTanh = ActivationFunction("geluTanh") {
    try Tensors.gelu($0, approximate: true)
  }
  public static let silu = ActivationFunction("silu") { try Tensors.silu($0) }
  public static let mish = ActivationFunction("mish") { try Tensors.mish($0) }
  public static let softplus = ActivationFunction("softplus") { try Tensors.softplus($0) }
  public static let softsign = ActivationFunction("softsign") { try Tensors.softsign($0) }
  public static let sigmoid = ActivationFunction("sigmoid") { try Tensors.sigmoid($0) }
  public static let hardSigmoid = ActivationFunction("hardSigmoid") { try Tensors.hardSigmoid($0) }
  public static let tanh = ActivationFunction("tanh") { try Tensors.tanh($0) }
  public static let hardTanh = ActivationFunction("hardTanh") { try Tensors.hardTanh($0) }
  public static let exponential = ActivationFunction("exponential") { try exp($0) }
  /// 1 where the input is positive, else 0; no gradient passes.
  public static let step = ActivationFunction("step") { try Tensors.step($0) }
  /// -1, 0 or 1; no gradient passes.
  public static let sign = ActivationFunction("sign") { try Tensors.sign($0) }
  /// Along the last axis.
  public static let softmax = ActivationFunction("softmax") { try Tensors.softmax($0) }
  /// Along the last axis.
  public static let logSoftmax = ActivationFunction("logSoftmax") { try Tensors.logSoftmax($0) }

  public static let leakyRelu: ActivationFunction = leakyRelu(slope: 0.2)

  /// `slope · x` where the input is negative.
  public static func leakyRelu(slope: Double) -> ActivationFunction {
    ActivationFunction("leakyRelu \(slope)") { try Tensors.leakyRelu($0, slope: slope) }
  }

  /// `alpha · (eˣ - 1)` where the input is negative.
  public static func elu(alpha: Double) -> ActivationFunction {
    ActivationFunction("elu \(alpha)") { try Tensors.elu($0, alpha: alpha) }
  }
}
