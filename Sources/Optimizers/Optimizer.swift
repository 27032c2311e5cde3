public import Geometry
public import Tensors

/// Changes parameters along gradients.
///
/// A step is one fused operation over all parameters, which overwrites them and its slots in place
/// where nobody else holds them. If it throws, parameters and slots are as before.
public protocol Optimizer: AnyObject {
  /// May be changed between steps; costs no new plan.
  var learningRate: Double { get set }

  /// Takes one step and computes it, the value that came with the gradients included.
  func update(_ parameters: [Parameter], along gradients: [Tensor]) throws(TensorError)
}

/// Whose form of an optimizer is meant, where the two differ in their last digits.
public enum Convention: String, Sendable {
  case keras, pyTorch
}

/// The slots of one optimizer and the rule that changes them together with the parameters.
///
/// The rule takes a parameter, its gradient and its slots, and returns the parameter and the slots.
final class UpdateRule {
  private let rule: GroupedRule
  private let name: String
  private let initialValues: [Double]
  /// The parameter itself is kept with its slots: an address alone may come to be another's.
  private var slots: [ObjectIdentifier: (parameter: Parameter, own: [Parameter])] = [:]
  /// How many steps have been taken.
  private(set) var stepCount = 0

  /// - Parameter slots: the value that each slot begins with, everywhere.
  init(
    _ name: String, slots: [Double], settings: Int,
    rule: (
      _ parameter: Tensor, _ gradient: Tensor, _ slots: [Tensor], _ settings: [Tensor]
    ) throws(TensorError) -> [Tensor]
  ) throws(TensorError) {
    self.name = name
    initialValues = slots
    let overwriting = [0] + slots.indices.map { $0 + 2 }
    self.rule = try GroupedRule(
      inputs: 2 + slots.count, settings: settings, overwriting: overwriting
    ) { inputs, settings in
      try rule(inputs[0], inputs[1], Array(inputs[2...]), settings)
    }
  }

  /// One step: all of it, or nothing and an error.
  func update(
    _ parameters: [Parameter], along gradients: [Tensor], settings: [Double]
  ) throws(TensorError) {
    guard parameters.count == gradients.count else {
      throw TensorError(
        .argument, name, "\(parameters.count) parameters but \(gradients.count) gradients")
    }
    guard settings.allSatisfy(\.isFinite) else {
      throw TensorError(.argument, name, "a setting is not finite: \(settings)")
    }
    guard let device = gradients.first?.device else { return }
    try assign(parameters, gradients, settings)
    try evaluateAssignments(on: device)
    stepCount += 1
  }

  /// Records the step. On return nothing but the boxes holds the tensors it makes or replaces.
  private func assign(
    _ parameters: [Parameter], _ gradients: [Tensor], _ settings: [Double]
  ) throws(TensorError) {
    var boxes: [[Parameter]] = []
    var groups: [[Tensor]] = []
    boxes.reserveCapacity(parameters.count)
    groups.reserveCapacity(parameters.count)
    for (parameter, gradient) in zip(parameters, gradients) {
      let value = parameter.value
      guard value.scalarType == .float32 else {
        throw TensorError(
          .dtype, name, "parameters are float32, not \(value.scalarType) \(value.shape)")
      }
      let own = try slots(of: parameter, value)
      boxes.append([parameter] + own)
      groups.append([value, gradient] + own.map(\.value))
    }
    let results = try rule.apply(to: groups, settings: settings, name: name)
    groups = []
    for (group, values) in zip(boxes, results) {
      for (box, value) in zip(group, values) { try box.assign(value) }
    }
  }

  private func slots(
    of parameter: Parameter, _ value: Tensor
  ) throws(TensorError) -> [Parameter] {
    if let own = slots[ObjectIdentifier(parameter)]?.own { return own }
    var own: [Parameter] = []
    for initial in initialValues {
      let tensor = try Tensor.full(initial, value.shape, as: value.scalarType, on: value.device)
      own.append(Parameter(tensor, isTrained: false))
    }
    slots[ObjectIdentifier(parameter)] = (parameter, own)
    return own
  }
}

/// Weight decay as both conventions have it: Keras shrinks the parameter, PyTorch adds to the gradient.
func decayed(
  _ parameter: Tensor, _ gradient: Tensor, _ convention: Convention, _ decay: Tensor
) throws(TensorError) -> (parameter: Tensor, gradient: Tensor) {
  switch convention {
  case .keras: (try parameter - parameter * decay, gradient)
  case .pyTorch: (parameter, try gradient + parameter * decay)
  }
}
