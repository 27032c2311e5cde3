import Geometry
import Layers
import Tensors
import Testing

/// What a test needs to know of a layer to call it, and to call it wrongly.
struct LayerRecord: Sendable, CustomTestStringConvertible {
  /// The name of its type.
  let name: String
  let inputs: [Values]
  let mistake: Mistake
  let make: @Sendable () throws -> Callable

  var testDescription: String { name }

  /// A module and how it is called with its inputs.
  struct Callable {
    let module: any Module
    let call: ([Tensor]) throws -> Tensor

    init(_ layer: any Layer) {
      module = layer
      call = { try layer($0[0]) }
    }

    init(_ layer: any MergingLayer) {
      module = layer
      call = { try layer($0) }
    }

    init<Kind: Module>(_ module: Kind, _ call: @escaping (Kind, [Tensor]) throws -> Tensor) {
      self.module = module
      self.call = { try call(module, $0) }
    }
  }

  /// What the layer says no to.
  enum Mistake: Sendable {
    /// Inputs that do not fit a layer that has seen its right ones, and what the error must say:
    /// the operation and both shapes.
    case inputs([Values], says: [String])
    /// Nothing in shape: it takes a tensor of any, as it does these.
    case none(accepts: [Values])
  }

  init(
    _ name: String, _ inputs: [Values], _ mistake: Mistake,
    _ make: @escaping @Sendable () throws -> Callable
  ) {
    self.name = name
    self.inputs = inputs
    self.mistake = mistake
    self.make = make
  }

  /// A layer that turns a tensor into one.
  init(
    _ name: String, _ input: Values, wrong: Values, says: [String],
    _ make: @escaping @Sendable () throws -> any Layer
  ) {
    self.init(name, [input], .inputs([wrong], says: says)) { Callable(try make()) }
  }

  /// A layer that takes any shape.
  init(_ name: String, _ input: Values, _ make: @escaping @Sendable () throws -> any Layer) {
    self.init(name, [input], .none(accepts: [.normal([2, 1, 3, 2])])) { Callable(try make()) }
  }
}

/// The values of an input, drawn from a seed.
enum Values: Sendable {
  case normal(Shape)
  /// From 0.1 to 0.9.
  case shares(Shape)
  /// Rows that add up to 1.
  case distributions(Shape)
  case integers(Shape, below: Int)
  /// -1 or 1.
  case signs(Shape)
  /// 0 or 1.
  case bits(Shape)

  var isDifferentiable: Bool { if case .integers = self { false } else { true } }

  func tensor(on device: Device, seed: UInt64) throws -> Tensor {
    let source = RandomSource(seed: seed)
    func shares(_ shape: Shape) throws -> Tensor {
      try .uniform(shape, from: 0.1, to: 0.9, as: .float64, on: device, source: source)
    }
    switch self {
    case .normal(let shape):
      return try .normal(shape, as: .float64, on: device, source: source)
    case .shares(let shape): return try shares(shape)
    case .distributions(let shape):
      let x = try shares(shape)
      return try x / x.sum(axes: [-1], keepingAxes: true)
    case .integers(let shape, let limit):
      return try (shares(shape) * (Double(limit) / 0.9)).cast(to: .int32)
    case .signs(let shape): return try sign(shares(shape) - 0.5)
    case .bits(let shape): return try step(shares(shape) - 0.5)
    }
  }
}
