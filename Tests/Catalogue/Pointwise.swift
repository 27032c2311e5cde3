internal import Geometry
internal import Tensors

/// How samples of an operation on single elements are made, for all of which only the function and
/// the range of its operands differ.
struct Pointwise {
  let name: String
  var family = "Elementwise"
  var attributes = ""
  var values: [Values]
  var tolerance: Tolerance
  var gradientTolerance: Tolerance = .scaled(32)
  /// Scalar types beyond float32 that it takes.
  var types: [ScalarType] = Shapes.everyFloat
  var integers: [Values] = [.integers(0, 9), .integers(1, 9), .integers(0, 9)]
  var isDifferentiable = true
  /// Numbers worth a look, in float32; each operand runs through them at its own pace.
  var specials: [Double] = [
    .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 3e38, -3e38, 2e-38, -2e-38, 100, -100, 0.5, -0.5,
  ]
  /// Whether the result may be zero nearly everywhere.
  var mayBeZero = false
  var isTwiceDifferentiable = true
  var price = 1.0
  let call: @Sendable ([Tensor]) throws -> Tensor
  let function: @Sendable ([Double]) -> Double

  /// Shapes of operands of a wrong type.
  private static let fewShapes: [[Int]] = [[2, 3], [], [0, 4], [5], [1, 1, 3]]
  private static let shapes = fewShapes + [[1], [7], [2, 2, 2], [0], [2, 1, 2, 1, 2, 1, 2, 1]]

  /// Whether devices that compile each new program take all samples: what they try of types and of
  /// ways to lie in memory is the same for every operation, so a few stand for all.
  private var isModel: Bool {
    ["+", "*", "pow", "less", "exp", "relu", "logicalAnd"].contains(name)
  }

  func sample(
    _ shapes: [[Int]], _ type: ScalarType, _ index: Int, views: [Input.View] = [],
    values given: [Values]? = nil
  ) -> Sample {
    let ranges = given ?? (type.isFloatingPoint ? values : integers)
    let inputs = shapes.enumerated().map { k, shape in
      Input(
        shape, type, ranges[k], view: k < views.count ? views[k] : .plain,
        seed: seeded(name, 8 * index + k))
    }
    let count = Reference.broadcastShape(shapes).reduce(1, *)
    let half = type == .float16 || type == .bfloat16
    var sample = Sample(
      name, attributes, inputs, differentiable: isDifferentiable ? Array(shapes.indices) : [],
      tolerance: type.isFloatingPoint ? tolerance : .exact, operations: price * Double(count),
      call: { [call] in [try call($0)] },
      reference: { [function] in [Reference.elementwise($0, function)] })
    sample.gradientTolerance = half ? .scaled(64) : gradientTolerance
    sample.mayBeZero = mayBeZero || !type.isFloatingPoint
    sample.isTwiceDifferentiable = isTwiceDifferentiable
    return sample
  }

  /// A sample of numbers that arithmetic treats in ways of its own.
  private func special(_ arity: Int) -> Sample {
    let paces = [1, specials.count, specials.count * specials.count]
    let count = arity == 1 ? specials.count : specials.count * specials.count
    let ranges = (0..<arity).map { k in
      Values.list((0..<count).map { specials[($0 / paces[k]) % specials.count] })
    }
    return sample([[Int]](repeating: [count], count: arity), .float32, 900, values: ranges)
      .with {
        // The gradient is taken along, so that the program is that of the other samples.
        $0.comparesGradients = false
        $0.mayBeNaN = true
        $0.mayBeZero = true
      }
  }

  var unarySamples: [Sample] {
    var samples = Shapes.sweep.enumerated().map { sample([$1], .float32, $0) }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([[5, 3, 4]], .float32, 100 + index, views: [view])
          .with { $0.runsEverywhere = isModel && view == .permuted })
    }
    for (number, type) in types.enumerated() {
      for (index, shape) in Shapes.few.enumerated() {
        samples.append(
          sample([shape], type, 200 + 10 * number + index).with {
            $0.differentiable = []
            $0.runsEverywhere = isModel || type == .float64
          })
      }
    }
    if !specials.isEmpty { samples.append(special(1)) }
    return samples
  }

  var binarySamples: [Sample] {
    var samples = Shapes.pairs.enumerated().map { index, pair in
      sample([pair.0, pair.1], .float32, index)
        .with { $0.runsEverywhere = pair.0 == pair.1 || (isModel && Shapes.isCommon(pair)) }
    }
    for (index, view) in Input.View.allCases.dropFirst().enumerated() {
      samples.append(
        sample([[5, 3, 4], [3, 4]], .float32, 100 + index, views: [view, .plain])
          .with { $0.runsEverywhere = isModel && view == .sliced })
      samples.append(
        sample([[4, 5], [4, 5]], .float32, 150 + index, views: [.plain, view])
          .with { $0.runsEverywhere = false })
    }
    for (number, type) in types.enumerated() {
      for (index, shape) in Shapes.few.enumerated() {
        samples.append(
          sample([shape, shape], type, 200 + 10 * number + index).with {
            $0.differentiable = []
            $0.runsEverywhere = isModel || type == .float64 || type == .int32
          })
      }
    }
    if !specials.isEmpty { samples.append(special(2)) }
    return samples
  }

  func benchmarks(_ shapes: [[[Int]]]) -> [Sample] {
    shapes.enumerated().map { sample($1, .float32, 800 + $0) }
  }

  func unary(
    functions: [String]? = nil, rejecting types: [ScalarType] = [.int32, .int64, .uint8, .bool]
  ) -> OperationRecord {
    OperationRecord(
      name, family: family, functions: functions, samples: unarySamples,
      badCalls: BadCall.types(types, shapes: types.count < 2 ? Self.shapes : Self.fewShapes) {
        [call] in _ = try call($0)
      },
      benchmarks: benchmarks([[[4096]], [[1 << 22]]]))
  }

  func binary(
    functions: [String]? = nil, errorName: String? = nil, rejecting types: [ScalarType] = [.bool],
    others: [ScalarType] = [.float64, .int32, .bool, .float16]
  ) -> OperationRecord {
    let call: @Sendable ([Tensor]) throws -> Void = { [call] in _ = try call($0) }
    return OperationRecord(
      name, family: family, functions: functions, samples: binarySamples,
      badCalls: BadCall.pairs(others: others, call: call)
        + BadCall.types(types, arity: 2, call: call),
      benchmarks: benchmarks([
        [[1 << 22], [1 << 22]], [[2048, 2048], [2048]], [[2048, 2048], [2048, 1]],
      ]), errorName: errorName)
  }
}
