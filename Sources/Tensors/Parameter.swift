internal import Backends
public import Geometry

/// A named place for a tensor that changes: a weight, an optimizer's slot, a running statistic.
///
/// Assigning a value that has not been computed registers the box: the next evaluation on the
/// device computes it too. If that evaluation fails, or the recording it was assigned in throws,
/// the box holds its previous value again.
public final class Parameter: @unchecked Sendable {
  // Guarded by the lock.
  private var held: Tensor
  private var trains: Bool
  private var constraint: (@Sendable (Tensor) throws -> Tensor)?
  private let lock = Lock()
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
    get { lock.withLock { trains } }
    set { lock.withLock { trains = newValue } }
  }

  /// What optimizers map a new value to before they put it in; nil for nothing.
  public func constrain(_ constraint: (@Sendable (Tensor) throws -> Tensor)?) {
    lock.withLock { self.constraint = constraint }
  }

  /// `value` as the constraint lets it be.
  package func constrained(_ value: Tensor) throws(TensorError) -> Tensor {
    lock.acquire()
    let constraint = constraint
    lock.release()
    guard let constraint else { return value }
    do { return try constraint(value) } catch { throw error.asTensorError }
  }

  /// What it holds now.
  public var value: Tensor {
    lock.acquire()
    defer { lock.release() }
    return held
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
    let recording = Recording.current
    let owner = Strand.current
    var assignments: ContiguousArray<Engine.Assignment> = []
    assignments.reserveCapacity(parameters.count)
    for (parameter, value) in zip(parameters, values) {
      let value = value.lifted
      let previous = parameter.exchange(value)
      recording?.noteAssignment(of: parameter, previous: previous)
      assignments.append(
        Engine.Assignment(
          box: parameter, node: value.node, previous: previous.node, owner: owner))
    }
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
    lock.acquire()
    defer { lock.release() }
    let previous = held
    held = value
    return previous
  }
}

/// Computes everything that this task has assigned to parameters on `device` and not computed yet.
public func evaluateAssignments(on device: Device) throws(TensorError) {
  var none: ContiguousArray<Node> = []
  try device.place.engine.evaluate(&none, on: device.place)
}
