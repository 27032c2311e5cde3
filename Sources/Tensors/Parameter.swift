internal import Backends
public import Geometry

/// A named place for a tensor that changes: a weight, an optimizer's slot, a running statistic.
///
/// Assigning a value that has not been computed registers the box: the next evaluation on the
/// device computes it too. If that evaluation fails, or the recording it was assigned in throws,
/// the box holds its previous value again.
public final class Parameter: @unchecked Sendable {
  // Guarded by the boxes' lock.
  private var held: Tensor
  private var trains: Bool
  private var constraint: (@Sendable (Tensor) throws -> Tensor)?
  /// Whether it is trained when nobody has frozen it.
  package let isTrainable: Bool
  /// The extents of what it holds; they never change.
  public let shape: Shape
  private let scalarType: ScalarType

  /// A place that holds `value` first.
  public init(_ value: Tensor, isTrained: Bool = true) {
    held = value.lifted
    shape = value.shape
    scalarType = value.scalarType
    trains = isTrained
    isTrainable = isTrained
  }

  /// Whether optimizers change it.
  public var isTrained: Bool {
    get { boxLock.withLock { trains } }
    set { boxLock.withLock { trains = newValue } }
  }

  /// What optimizers map a new value to before they put it in; nil for nothing.
  public func constrain(_ constraint: (@Sendable (Tensor) throws -> Tensor)?) {
    // The one before is let go of outside: what a closure holds may use boxes as it goes.
    var constraint = constraint
    boxLock.withLock { swap(&self.constraint, &constraint) }
  }

  /// `value` as the constraint lets it be.
  package func constrained(_ value: Tensor) throws(TensorError) -> Tensor {
    boxLock.acquire()
    let constraint = constraint
    boxLock.release()
    guard let constraint else { return value }
    do { return try constraint(value) } catch { throw error.asTensorError }
  }

  /// What it holds now.
  public var value: Tensor {
    boxLock.acquire()
    defer { boxLock.release() }
    return held
  }

  /// What each of them holds at one moment.
  package static func values(of parameters: [Parameter]) -> [Tensor] {
    boxLock.acquire()
    defer { boxLock.release() }
    return parameters.map(\.held)
  }

  /// Puts `value` in place of what it holds. Gradients do not flow from one step to the next.
  public func assign(_ value: Tensor) throws(TensorError) { try Self.assign([(self, value)]) }

  /// Puts all the values in, or none if one does not fit. Whatever is evaluated meanwhile, by
  /// another task perhaps, sees all of them or none.
  public static func assign(_ changes: [(parameter: Parameter, value: Tensor)]) throws(TensorError)
  {
    try assign(changes.map(\.value), to: changes.map(\.parameter))
  }

  /// Puts each of `values` into the parameter at its place.
  package static func assign(
    _ values: [Tensor], to parameters: [Parameter]
  ) throws(TensorError) {
    for (parameter, value) in zip(parameters, values) {
      guard value.shape == parameter.shape, value.scalarType == parameter.scalarType else {
        throw TensorError(
          .shape, "assign", "the new value differs from the old",
          operands: [value.info, parameter.value.info])
      }
    }
    let owner = Strand.current
    var assignments: ContiguousArray<Engine.Assignment> = []
    assignments.reserveCapacity(parameters.count)
    for (parameter, value) in zip(parameters, values) {
      assignments.append(
        Engine.Assignment(box: parameter, node: value.lifted.node, previous: nil, owner: owner))
    }
    boxLock.acquire()
    for index in assignments.indices {
      let previous = parameters[index].held.node
      assignments[index].previous = previous
      parameters[index].held = Tensor(assignments[index].node)
    }
    boxLock.release()
    Recording.current?.note(assignments)
    // Nearly always one device.
    guard let engine = assignments.first?.node.place.engine else { return }
    if values.allSatisfy({ $0.node.place.engine === engine }) {
      engine.register(assignments)
    } else {
      for assignment in assignments { assignment.node.place.engine.register([assignment]) }
    }
  }

  /// Puts an earlier value back; what was assigned is not computed any more.
  func restore(_ value: Tensor) {
    let abandoned = exchange(value)
    abandoned.node.place.engine.forget(self)
  }

  private func exchange(_ value: Tensor) -> Tensor {
    boxLock.acquire()
    defer { boxLock.release() }
    let previous = held
    held = value
    return previous
  }
}

/// The lock on what boxes hold, held for a few loads and stores. One for all: those that are assigned
/// together change together, and a step locks once, not once for each box.
private let boxLock = Lock()

/// Computes everything that this task has assigned to parameters on `device` and not computed yet.
public func evaluateAssignments(on device: Device) throws(TensorError) {
  var none: ContiguousArray<Node> = []
  try device.place.engine.evaluate(&none, on: device.place)
}
