public import Geometry
public import Tensors

/// An optimizer that does the same to each element of each parameter: a rule over the parameter,
/// its gradient and slots of the same shape, and a few numbers that change from step to step.
///
/// Order: clip the gradient, weight decay, update.
public class RuleOptimizer: Optimizer {
  public var learningRate: Double
  /// What gradients are cut to before anything else.
  public let clipping: Clipping
  /// By how much parameters shrink; 0 for not.
  public let weightDecay: Double
  /// Whose form of the update it is.
  public let convention: Convention
  public private(set) var stepCount = 0

  private let name: String
  /// Or why it could not be made, which the first step tells.
  private let rule: Result<GroupedRule, TensorError>
  private let slotNames: [String]
  private let initialValues: [Double]
  /// The parameter itself is kept with its slots: an address alone may come to be another's.
  private var slots: [ObjectIdentifier: (parameter: Parameter, own: [Parameter])] = [:]
  /// The parameters of the newest step, and each of them followed by its slots.
  private var arranged: (parameters: [Parameter], boxes: [Parameter]) = ([], [])

  /// What a rule works with: all scalars broadcast over the parameter.
  struct Terms {
    var parameter: Tensor
    var gradient: Tensor
    let slots: [Tensor]
    /// In the order of `settings(step:)`.
    let settings: [Tensor]
  }

  /// - Parameters:
  ///   - slots: the name of each slot and the value that it begins with, everywhere.
  ///   - settings: how many numbers `settings(step:)` gives.
  ///   - isDecoupled: whether weight decay shrinks the parameter even in PyTorch's form.
  ///   - rule: the new parameter, then the new slots.
  init(
    _ name: String, learningRate: Double, clipping: Clipping, weightDecay: Double,
    convention: Convention, isDecoupled: Bool = false, slots: KeyValuePairs<String, Double>,
    settings: Int, rule: (Terms) throws(TensorError) -> [Tensor]
  ) throws(TensorError) {
    guard weightDecay >= 0, weightDecay.isFinite else {
      throw TensorError(.argument, name, "a weight decay of \(weightDecay)")
    }
    self.name = name
    self.learningRate = learningRate
    self.clipping = try clipping.validated(in: name)
    self.weightDecay = weightDecay
    self.convention = isDecoupled ? .keras : convention
    slotNames = slots.map(\.key)
    initialValues = slots.map(\.value)
    let grouped = try Self.grouped(
      slots: slots.count, settings: settings, clipping: clipping, weightDecay: weightDecay,
      shrinks: isDecoupled || convention == .keras, rule)
    self.rule = .success(grouped)
  }

  /// For settings that cannot be wrong: no clipping, Keras' form.
  init(
    known name: String, learningRate: Double, weightDecay: Double,
    slots: KeyValuePairs<String, Double>, settings: Int,
    rule: (Terms) throws(TensorError) -> [Tensor]
  ) {
    self.name = name
    self.learningRate = learningRate
    clipping = .none
    self.weightDecay = weightDecay
    convention = .keras
    slotNames = slots.map(\.key)
    initialValues = slots.map(\.value)
    do throws(TensorError) {
      let grouped = try Self.grouped(
        slots: slots.count, settings: settings, clipping: .none, weightDecay: weightDecay,
        shrinks: true, rule)
      self.rule = .success(grouped)
    } catch { self.rule = .failure(error) }
  }

  /// The rule with clipping and decay around it.
  private static func grouped(
    slots: Int, settings: Int, clipping: Clipping, weightDecay: Double, shrinks: Bool,
    _ rule: (Terms) throws(TensorError) -> [Tensor]
  ) throws(TensorError) -> GroupedRule {
    try GroupedRule(
      inputs: 2 + slots, settings: settings + 2, overwriting: [0] + (0..<slots).map { $0 + 2 }
    ) { inputs, numbers in
      var terms = Terms(
        parameter: inputs[0], gradient: inputs[1], slots: Array(inputs[2...]),
        settings: Array(numbers[..<settings]))
      let (bound, decay) = (numbers[settings], numbers[settings + 1])
      if case .value = clipping {
        terms.gradient = try minimum(maximum(terms.gradient, -bound), bound)
      }
      if weightDecay != 0, shrinks {
        terms.parameter = try terms.parameter - terms.parameter * decay
      } else if weightDecay != 0 {
        terms.gradient = try terms.gradient + terms.parameter * decay
      }
      return try rule(terms)
    }
  }

  /// The numbers of a step, the first being 1.
  func settings(step: Int) -> [Double] { [learningRate] }

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    guard parameters.count == gradients.count else {
      throw TensorError(
        .argument, name, "\(parameters.count) parameters but \(gradients.count) gradients")
    }
    let decay = convention == .keras ? weightDecay * learningRate : weightDecay
    var bound = 0.0
    if case .value(let value) = clipping { bound = value }
    let settings = settings(step: stepCount + 1) + [bound, decay]
    guard settings.allSatisfy(\.isFinite) else {
      throw TensorError(.argument, name, "a setting is not finite: \(settings)")
    }
    guard let device = gradients.first?.device else { return }
    try assign(parameters, try clipping.scaled(gradients, convention), settings)
    try evaluateAssignments(on: device)
    stepCount += 1
  }

  /// A slot of a parameter by its name, as it is now; nil before the first step.
  public func slot(_ name: String, of parameter: Parameter) -> Tensor? {
    guard let number = slotNames.firstIndex(of: name) else { return nil }
    return slots[ObjectIdentifier(parameter)]?.own[number].value
  }

  /// Records the step. On return nothing but the boxes holds the tensors it makes or replaces.
  private func assign(
    _ parameters: [Parameter], _ gradients: [Tensor], _ settings: [Double]
  ) throws(TensorError) {
    if !arranged.parameters.elementsEqual(parameters, by: ===) { try arrange(parameters) }
    let boxes = arranged.boxes
    let size = 1 + slotNames.count
    var tensors: [Tensor] = []
    tensors.reserveCapacity(boxes.count + gradients.count)
    for (number, value) in Parameter.values(of: boxes).enumerated() {
      tensors.append(value)
      if number % size == 0 { tensors.append(gradients[number / size]) }
    }
    var results = try rule.get().apply(to: tensors, settings: settings, name: name)
    tensors = []
    // Slots have no constraints.
    for index in stride(from: 0, to: boxes.count, by: size) {
      results[index] = try boxes[index].constrained(results[index])
    }
    try Parameter.assign(results, to: boxes)
  }

  private func arrange(_ parameters: [Parameter]) throws(TensorError) {
    var boxes: [Parameter] = []
    for parameter in parameters {
      let value = parameter.value
      guard value.scalarType == .float32 else {
        throw TensorError(
          .dtype, name, "parameters are float32, not \(value.scalarType) \(value.shape)")
      }
      boxes.append(parameter)
      boxes += try slots(of: parameter, value)
    }
    arranged = (parameters, boxes)
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

  /// Numbers besides the count of steps that `settings` depends on.
  var counters: [String: Double] {
    get { [:] }
    set {}
  }

  public func state(of parameters: [(path: String, parameter: Parameter)]) -> OptimizerState {
    var state = OptimizerState()
    state.numbers = counters
    state.numbers["steps"] = Double(stepCount)
    state.numbers["learning_rate"] = learningRate
    for (path, parameter) in parameters {
      guard let own = slots[ObjectIdentifier(parameter)]?.own else { continue }
      for (name, slot) in zip(slotNames, own) { state.tensors["\(path)/\(name)"] = slot.value }
    }
    return state
  }

  public func restore(
    _ state: OptimizerState, of parameters: [(path: String, parameter: Parameter)]
  ) throws(TensorError) {
    guard let steps = state.numbers["steps"].flatMap(Int.init(exactly:)), steps >= 0 else {
      throw TensorError(.argument, name, "the state does not say how many steps were taken")
    }
    var restored: [ObjectIdentifier: (parameter: Parameter, own: [Parameter])] = [:]
    for (path, parameter) in parameters {
      let value = parameter.value
      let saved = slotNames.map { state.tensors["\(path)/\($0)"] }
      // A parameter that was never updated has no slots.
      if saved.allSatisfy({ $0 == nil }) { continue }
      var own: [Parameter] = []
      for (slotName, tensor) in zip(slotNames, saved) {
        guard let tensor, tensor.shape == value.shape else {
          throw TensorError(
            .shape, name, "the state of \(path) has no \(slotName) of its shape",
            operands: [TensorInfo(value, name: path)])
        }
        own.append(Parameter(try tensor.moved(to: value.device), isTrained: false))
      }
      restored[ObjectIdentifier(parameter)] = (parameter, own)
    }
    slots = restored
    arranged = ([], [])
    stepCount = steps
    // Older states do not have it.
    if let rate = state.numbers["learning_rate"] { learningRate = rate }
    counters = state.numbers
  }
}
