public import Geometry
public import Tensors

/// Different optimizers for different parameters, updated as one: a small rate for a trained body,
/// a large one for a new head.
///
///     let optimizer = try ParameterGroups([
///       (body.parameters, Adam(learningRate: 1e-5)), (head.parameters, Adam(learningRate: 1e-3)),
///     ])
public final class ParameterGroups: Optimizer {
  private let groups: [(parameters: Set<ObjectIdentifier>, optimizer: any Optimizer)]
  /// The rate of each group as a multiple of the first's, as they were when the groups were made.
  private let ratios: [Double]
  // What is in the groups is kept, so that an address stays one parameter's.
  private let members: [Parameter]

  /// Groups of parameters, each with an optimizer of its own; a parameter belongs to one.
  public init(
    _ groups: [(parameters: [Parameter], optimizer: any Optimizer)]
  ) throws(TensorError) {
    var seen: Set<ObjectIdentifier> = []
    for parameter in groups.flatMap(\.parameters) {
      guard seen.insert(ObjectIdentifier(parameter)).inserted else {
        throw TensorError(
          .argument, "ParameterGroups", "a parameter \(parameter.shape) is in two groups")
      }
    }
    let first = groups.first?.optimizer.learningRate ?? 0
    ratios = groups.map { first == 0 ? 1 : $0.optimizer.learningRate / first }
    members = groups.flatMap(\.parameters)
    self.groups = groups.map { (Set($0.parameters.map { ObjectIdentifier($0) }), $0.optimizer) }
  }

  /// That of the first group; setting it keeps the ratios that the groups were made with, also after
  /// a rate of 0.
  public var learningRate: Double {
    get { groups.first?.optimizer.learningRate ?? 0 }
    set {
      for (group, ratio) in zip(groups, ratios) {
        group.optimizer.learningRate = newValue * ratio
      }
    }
  }

  /// That of the group with most steps: those of a frozen one are not counted.
  public var stepCount: Int { groups.map(\.optimizer.stepCount).max() ?? 0 }

  public func update(
    _ parameters: [Parameter], along gradients: [Tensor]
  ) throws(TensorError) {
    guard parameters.count == gradients.count else {
      throw TensorError(
        .argument, "ParameterGroups",
        "\(parameters.count) parameters but \(gradients.count) gradients")
    }
    let known = groups.reduce(into: Set<ObjectIdentifier>()) { $0.formUnion($1.parameters) }
    for parameter in parameters where !known.contains(ObjectIdentifier(parameter)) {
      throw TensorError(
        .argument, "ParameterGroups", "a parameter \(parameter.shape) is in no group")
    }
    for group in groups {
      let own = zip(parameters, gradients).filter {
        group.parameters.contains(ObjectIdentifier($0.0))
      }
      if own.isEmpty { continue }
      try group.optimizer.update(own.map(\.0), along: own.map(\.1))
    }
  }

  public func state(of parameters: [(path: String, parameter: Parameter)]) -> OptimizerState {
    var state = OptimizerState()
    for (number, group) in groups.enumerated() {
      let own = group.optimizer.state(of: members(of: group.parameters, parameters))
      state.tensors.merge(own.tensors) { first, _ in first }
      for (name, value) in own.numbers { state.numbers["\(number).\(name)"] = value }
    }
    return state
  }

  public func restore(
    _ state: OptimizerState, of parameters: [(path: String, parameter: Parameter)]
  ) throws(TensorError) {
    for (number, group) in groups.enumerated() {
      var own = state
      own.numbers = [:]
      for (name, value) in state.numbers where name.hasPrefix("\(number).") {
        own.numbers[String(name.dropFirst("\(number).".count))] = value
      }
      try group.optimizer.restore(own, of: members(of: group.parameters, parameters))
    }
  }

  private func members(
    of group: Set<ObjectIdentifier>, _ parameters: [(path: String, parameter: Parameter)]
  ) -> [(path: String, parameter: Parameter)] {
    parameters.filter { group.contains(ObjectIdentifier($0.parameter)) }
  }
}
