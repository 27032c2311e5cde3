internal import Geometry
public import Tensors

/// One call of an operation: its operands, its attributes, and what must come out.
public struct Sample: Sendable, CustomStringConvertible {
  public typealias Call = @Sendable ([Tensor]) throws -> [Tensor]
  public typealias Naive = @Sendable ([Reference]) -> [Reference]

  public let operation: String
  /// As the caller writes them: `axes [0, 2] keepingAxes`.
  public let attributes: String
  public let inputs: [Input]
  public let call: Call
  /// The same in plain loops over doubles.
  public let reference: Naive
  /// What the sizes of the terms add up to, where that is not the reference of the absolute values.
  public var magnitude: Naive?
  /// The inputs that a gradient is taken with respect to.
  public var differentiable: [Int]
  public var tolerance: Tolerance
  /// Of gradients against those in float64.
  public var gradientTolerance: Tolerance = .scaled(32)
  /// Whether gradients mean something at these operands.
  public var comparesGradients = true
  /// Whether results or gradients may be nearly all zeros or hold NaN, as this sample stands.
  public var mayBeZero = false
  public var mayBeNaN = false
  /// Whether the gradient has a gradient worth checking.
  public var isTwiceDifferentiable = true
  /// Whether the function is smooth in float64, so that differences show its slope.
  public var isSmooth = true
  /// Whether devices that compile each new program take it too, in every run.
  public var runsEverywhere = true
  /// The price of it in additions and multiplications.
  public var operations: Double

  public init(
    _ operation: String, _ attributes: String = "", _ inputs: [Input],
    differentiable: [Int] = [], tolerance: Tolerance, operations: Double? = nil,
    call: @escaping Call, reference: @escaping Naive
  ) {
    self.operation = operation
    self.attributes = attributes
    self.inputs = inputs
    self.differentiable = differentiable.filter { inputs[$0].type.isFloatingPoint }
    self.tolerance = tolerance
    self.operations = operations ?? Double(inputs.map(\.count).max() ?? 0)
    self.call = call
    self.reference = reference
  }

  /// `sum [3, 5] float32, axes [0]`
  public var description: String {
    let operands = inputs.map(\.description).joined(separator: ", ")
    return operation + " " + operands + (attributes.isEmpty ? "" : ", \(attributes)")
  }

  /// The number of elements it reads.
  public var elements: Int { inputs.reduce(0) { $0 + $1.count } }

  /// The bytes it has to read and, `written` being its results, write.
  public func bytes(writing written: Int) -> Int {
    inputs.reduce(written) { $0 + $1.count * $1.type.byteCount }
  }

  /// The sample with all floating-point inputs in float64.
  public var promoted: Sample {
    var sample = Sample(
      operation, attributes,
      inputs.map { $0.type.isFloatingPoint ? $0.promoted(to: .float64) : $0 },
      differentiable: differentiable, tolerance: tolerance, operations: operations, call: call,
      reference: reference)
    sample.magnitude = magnitude
    sample.gradientTolerance = gradientTolerance
    sample.isSmooth = isSmooth
    sample.mayBeZero = mayBeZero
    sample.mayBeNaN = mayBeNaN
    sample.isTwiceDifferentiable = isTwiceDifferentiable
    return sample
  }

  /// The sample changed by `body`.
  public func with(_ body: (inout Sample) -> Void) -> Sample {
    var sample = self
    body(&sample)
    return sample
  }
}

/// Everything the tests and benchmarks know of one public operation.
public struct OperationRecord: Sendable, CustomStringConvertible {
  public let name: String
  public let family: String
  /// The public functions it stands for, as they are declared: `+`, `sum`.
  public let functions: [String]
  public let samples: [Sample]
  public let badCalls: [BadCall]
  /// Samples of a size that is worth timing.
  public let benchmarks: [Sample]
  /// What its errors call it.
  public let errorName: String
  /// Why there are fewer than ten bad calls: nothing can be wrong with its operands.
  public let cannotFail: String?

  public init(
    _ name: String, family: String, functions: [String]? = nil, samples: [Sample],
    badCalls: [BadCall], benchmarks: [Sample] = [], errorName: String? = nil,
    cannotFail: String? = nil
  ) {
    self.name = name
    self.family = family
    self.functions = functions ?? [name]
    self.errorName = errorName ?? name
    self.cannotFail = cannotFail
    self.samples = samples
    self.badCalls = badCalls
    self.benchmarks = benchmarks
  }

  public var description: String { name }
}
