public import Geometry
public import Tensors

/// A parameter that a layer declares and that is made when its shape is known: at the first call,
/// or by `build`.
///
///     final class Scale: Layer {
///       let factor = Weight(.ones)
///       func forward(_ x: Tensor) throws(TensorError) -> Tensor {
///         try x * factor([x.shape.last], like: x)
///       }
///     }
public final class Weight {
  private let initializer: Initializer
  private var made: Parameter?
  private var isTrainedWhenMade: Bool
  private var substitute: Tensor?

  /// Added to the loss by `regularization()` of the model.
  public var regularizer: Regularizer?
  /// What holds of its value after every step of an optimizer.
  public var constraint: Constraint? { didSet { made?.constrain(constraint?.apply) } }

  /// A weight without a shape, which begins as the initialiser says once it has one.
  public init(
    _ initializer: Initializer = .glorotUniform, regularizer: Regularizer? = nil,
    constraint: Constraint? = nil, isTrained: Bool = true
  ) {
    self.initializer = initializer
    self.regularizer = regularizer
    self.constraint = constraint
    isTrainedWhenMade = isTrained
    isTrainable = isTrained
  }

  /// What errors of weights name as their operation until they leave the layer.
  static let operation = "weight"

  /// One that is there already.
  init(holding parameter: Parameter) {
    initializer = .zeros
    made = parameter
    isTrainedWhenMade = parameter.isTrained
    isTrainable = parameter.isTrainable
  }

  /// Its parameter, once that has been made.
  public var parameter: Parameter? { made }
  /// Whether it has a shape and a value.
  public var isBuilt: Bool { made != nil }
  /// Whether it is trained when nobody has frozen it.
  public let isTrainable: Bool

  /// Whether `freeze()` took it out of training, which says something of weights that are not trained
  /// in any case.
  var isFrozen = false

  /// Whether optimizers change it.
  public var isTrained: Bool {
    get { made?.isTrained ?? isTrainedWhenMade }
    set {
      isTrainedWhenMade = newValue
      made?.isTrained = newValue
    }
  }

  /// Its value, of `shape`; made on first use with the initialiser, on the device of `x`.
  ///
  /// - Throws: `TensorError` if it has another shape already.
  public func callAsFunction(_ shape: Shape, like x: Tensor) throws(TensorError) -> Tensor {
    let own = try parameter(shape, like: x).value
    let value = substitute ?? own
    let isHalf = x.scalarType == .float16 || x.scalarType == .bfloat16
    return isHalf ? try value.cast(to: x.scalarType) : value
  }

  /// Runs `body` with `value`, made of its own, in its place: normalised, or masked.
  func substituting<Result>(
    _ value: Tensor, _ body: () throws(TensorError) -> Result
  ) throws(TensorError) -> Result {
    substitute = value
    defer { substitute = nil }
    return try body()
  }

  /// Its parameter, made on first use.
  public func parameter(_ shape: Shape, like x: Tensor) throws(TensorError) -> Parameter {
    if let made {
      guard made.shape == shape else {
        throw TensorError(
          .shape, Self.operation,
          "a weight was built with another shape than this input asks for, \(shape)",
          operands: [TensorInfo(made.value), TensorInfo(x, name: "input")],
          hint: "inputs of a layer differ in nothing but the batch")
      }
      return made
    }
    let type: ScalarType = x.scalarType == .float64 ? .float64 : .float32
    let shape = try shape.validated(in: Self.operation)
    let parameter = Parameter(
      try initializer(shape, as: type, on: x.device), isTrained: isTrainedWhenMade)
    parameter.constrain(constraint?.apply)
    made = parameter
    return parameter
  }

  /// Puts a value in: of a weight that is built, one of the same shape.
  public func assign(_ value: Tensor) throws(TensorError) {
    if let made { return try made.assign(made.constrained(value)) }
    let parameter = Parameter(value, isTrained: isTrainedWhenMade)
    parameter.constrain(constraint?.apply)
    made = parameter
  }

  /// What tells weights apart: a parameter in two places is one.
  var identity: AnyObject { made ?? self }
}
