public import Geometry
public import Tensors

/// A tensor that a sample takes: what it is like, not yet anywhere.
public struct Input: Sendable, CustomStringConvertible {
  /// How the tensor lies in the memory it is read from.
  public enum View: String, Sendable, CaseIterable {
    case plain
    /// Stored with its axes in reverse order.
    case permuted
    /// Every second element of something larger, from the second on.
    case sliced
    /// Stored back to front.
    case flipped
    /// Its first axis is one element repeated.
    case broadcast
  }

  public let shape: [Int]
  public let type: ScalarType
  public let values: Values
  public let view: View
  public let seed: UInt64

  public init(
    _ shape: [Int], _ type: ScalarType = .float32, _ values: Values = .normal(1),
    view: View = .plain, seed: UInt64 = 1
  ) {
    self.shape = shape
    self.type = type
    self.values = values
    self.view = view
    self.seed = seed
  }

  public var description: String {
    "\(shape) \(type)" + (view == .plain ? "" : " \(view.rawValue)")
  }

  public var count: Int { shape.reduce(1, *) }

  /// The same numbers as a wider type.
  public func promoted(to wider: ScalarType) -> Input {
    type == wider ? self : Input(shape, wider, .list(storedNumbers), view: view, seed: seed)
  }

  /// What lies in memory.
  private var storedShape: [Int] {
    switch view {
    case .plain, .flipped: shape
    case .permuted: shape.reversed()
    case .sliced: shape.map { 2 * $0 + 1 }
    case .broadcast: shape.isEmpty ? [] : [1] + shape.dropFirst()
    }
  }

  private var storedNumbers: [Double] {
    let numbers = values.numbers(storedShape.reduce(1, *), as: type, seed: seed)
    return numbers.isEmpty ? [0] : numbers
  }

  private var stored: Reference {
    Reference(
      storedShape, values.numbers(storedShape.reduce(1, *), as: type, seed: seed))
  }

  /// The numbers the tensor has.
  public var reference: Reference {
    let stored = self.stored
    switch view {
    case .plain: return stored
    case .permuted: return stored.permuted(Array((0..<shape.count).reversed()))
    case .sliced: return Reference(shape) { stored[$0.map { 2 * $0 + 1 }] }
    case .flipped:
      return Reference(shape) { index in stored[zip(index, shape).map { $1 - 1 - $0 }] }
    case .broadcast: return Reference(shape) { stored.broadcast(at: $0) }
    }
  }

  /// What lies in memory as a tensor of `device`; `viewed` makes the sample's tensor of it.
  public func storage(on device: Device) throws -> Tensor {
    try type.bytes(of: stored.values).withUnsafeBytes {
      try Tensor(bytes: $0, shape: Shape(storedShape), as: type, on: device)
    }
  }

  /// The sample's tensor, read from what `storage` made.
  public func viewed(_ storage: Tensor) throws -> Tensor {
    switch view {
    case .plain: storage
    case .permuted: try storage.permuted(Array((0..<shape.count).reversed()))
    case .sliced:
      try storage.sliced(
        begin: shape.map { _ in 1 }, end: shape.map { 2 * $0 + 1 }, strides: shape.map { _ in 2 })
    case .flipped: try storage.flipped(axes: Array(0..<shape.count))
    case .broadcast: try storage.broadcast(to: Shape(shape))
    }
  }

  /// The sample's tensor on `device`.
  public func tensor(on device: Device) throws -> Tensor { try viewed(storage(on: device)) }
}
