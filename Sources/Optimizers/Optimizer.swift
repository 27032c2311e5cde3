public import Geometry
public import Tensors

/// Changes parameters along gradients.
///
/// A step is one fused operation over all parameters, which overwrites them and its slots in place
/// where nobody else holds them. If it throws, parameters and slots are as before.
public protocol Optimizer: AnyObject {
  /// May be changed between steps; costs no new plan.
  var learningRate: Double { get set }
  /// How many steps have been taken.
  var stepCount: Int { get }

  /// Takes one step and computes it, the value that came with the gradients included.
  func update(_ parameters: [Parameter], along gradients: [Tensor]) throws(TensorError)

  /// What it has learned about parameters, under their paths, to go on from later.
  func state(of parameters: [(path: String, parameter: Parameter)]) -> OptimizerState

  /// Goes on from a state saved earlier, perhaps on another device.
  func restore(
    _ state: OptimizerState, of parameters: [(path: String, parameter: Parameter)]
  ) throws(TensorError)
}

/// What an optimizer must keep to continue to the same bits.
public struct OptimizerState: Sendable {
  /// Slots by the path of their parameter and their own name: `0.kernel/velocity`.
  public var tensors: [String: Tensor] = [:]
  /// The number of steps and whatever else it counts.
  public var numbers: [String: Double] = [:]

  /// A state that holds nothing.
  public init() {}
}

/// Whose form of an optimizer is meant, where the two differ in their last digits.
public enum Convention: String, Sendable {
  case keras, pyTorch
}
