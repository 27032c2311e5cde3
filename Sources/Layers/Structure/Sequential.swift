public import Geometry
public import Tensors

/// Layers one after the other.
///
///     let model = Sequential {
///       Flatten()
///       Dense(128, activation: .relu)
///       if isLarge { Dense(128, activation: .relu) }
///       for units in [64, 32] { Dense(units, activation: .relu) }
///       Dense(10)
///     }
///
/// Its layers are numbered in paths: `1.kernel`.
public final class Sequential: Layer {
  private let sequence: [any Layer]

  /// The layers that a block lists, with `if`, `for` and arrays.
  public init(@LayerBuilder _ layers: () throws -> [any Layer]) rethrows {
    sequence = try layers()
  }

  /// The layers of an array.
  public init(_ layers: [any Layer]) { sequence = layers }

  public var members: [(name: String, value: Any)] {
    sequence.enumerated().map { ("\($0.offset)", $0.element) }
  }

  /// How many layers it has.
  public var count: Int { sequence.count }

  /// The layer at a place, counted from 0.
  public subscript(index: Int) -> any Layer { sequence[index] }

  /// The same layers, not copies, as a shorter model: to cut a head off or to continue from there.
  public subscript(range: some RangeExpression<Int>) -> Sequential {
    Sequential(Array(sequence[range.relative(to: sequence.indices)]))
  }

  public func forward(_ x: Tensor) throws(TensorError) -> Tensor {
    var x = x
    for layer in sequence { x = try layer(x) }
    return x
  }

  /// Each layer has had its say on the mask already.
  public func mask(of x: Tensor, _ mask: Tensor?, result: Tensor) throws(TensorError) -> Tensor? {
    nil
  }
}

/// Collects the layers of a `Sequential`.
@resultBuilder
public enum LayerBuilder {
  /// A layer by itself.
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  /// An array of layers.
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  /// Lines one after the other.
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap(\.self) }
  /// An `if` without `else`.
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  /// The first branch of an `if`.
  public static func buildEither(first: [any Layer]) -> [any Layer] { first }
  /// The other branch.
  public static func buildEither(second: [any Layer]) -> [any Layer] { second }
  /// A `for` loop.
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap(\.self) }
}
