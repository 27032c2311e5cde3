internal import Backends
public import Geometry

/// An immutable array of numbers on a device: shape, scalar type, and a value that may still have
/// to be computed.
///
/// Operations check shapes at once and compute nothing; reading the scalars, `evaluate` or an
/// optimizer's update runs what is needed.
public struct Tensor: Sendable {
  package let node: Node

  init(_ node: Node) { self.node = node }

  /// A freshly recorded operation; with debug checks on it is run at once.
  init(recording node: Node) throws(TensorError) {
    self.node = node
    if Debugging.isOn { try Debugging.check(node) }
  }

  /// The extent of each axis.
  public var shape: Shape { node.shape }
  /// The number of axes.
  public var rank: Int { node.shape.rank }
  /// The number of elements.
  public var count: Int { node.shape.count }
  public var scalarType: ScalarType { node.scalarType }
  /// Where its elements are, or will be.
  public var device: Device { Device(place: node.place) }

  package var layoutCount: Int { node.shape.count }

  var info: TensorInfo { TensorInfo(self) }

  /// Nodes recorded from now on have this number or a later one.
  package static var nextSerial: UInt64 { Node.nextSerial }

  /// The number of its node.
  package var serial: UInt64 { node.serial }
}

extension TensorInfo {
  /// What errors tell of a tensor.
  public init(_ tensor: Tensor, name: String = "") {
    self.init(
      name: name, shape: tensor.shape, scalarType: tensor.scalarType,
      device: tensor.node.place.name)
  }
}

/// Computes `tensors`, together, unless they have been computed already.
public func evaluate(_ tensors: Tensor...) throws(TensorError) { try evaluate(tensors) }

/// Computes `tensors`, together, unless they have been computed already.
public func evaluate(_ tensors: [Tensor]) throws(TensorError) {
  guard let first = tensors.first else { return }
  if tensors.allSatisfy({ $0.node.place === first.node.place }) {
    var nodes: ContiguousArray<Node> = []
    nodes.reserveCapacity(tensors.count)
    for tensor in tensors { nodes.append(tensor.node) }
    return try first.node.place.engine.evaluate(&nodes, on: first.node.place)
  }
  // Devices are few; each gets its own in the order of first appearance.
  var places: [Place] = []
  for tensor in tensors where !places.contains(where: { $0 === tensor.node.place }) {
    places.append(tensor.node.place)
  }
  for place in places {
    var nodes: ContiguousArray<Node> = []
    for tensor in tensors where tensor.node.place === place { nodes.append(tensor.node) }
    try place.engine.evaluate(&nodes, on: place)
  }
}
