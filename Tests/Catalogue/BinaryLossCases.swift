internal import Foundation
internal import Geometry
internal import Tensors

/// Losses of yes and no.
enum BinaryLossCases {
  static let records: [OperationRecord] = [
    record("sigmoidCrossEntropy"), record("binaryCrossEntropy"),
  ]

  private struct Form {
    var shape: [Int]
    var weights: [Int]?
    var positive: [Int]?
    var smoothing = 0.0
    var reduction = LossReduction.mean
    var type = ScalarType.float32
    var values = Values.normal(2)
    var targets = Values.uniform(0, 1)
  }

  private static func form(_ shape: [Int], _ change: (inout Form) -> Void = { _ in }) -> Form {
    var form = Form(shape: shape)
    change(&form)
    return form
  }

  private static let forms: [Form] = [
    form([1]), form([]), form([7]), form([64]), form([257]), form([1025]), form([3, 5]),
    form([2, 3, 4]), form([0]), form([3, 0]), form([17, 33]),
    form([6]) { $0.targets = .bools }, form([4, 3]) { $0.reduction = .none },
    form([4, 3]) { $0.reduction = .sum }, form([4, 3]) { $0.smoothing = 0.1 },
    form([4, 3]) { $0.smoothing = 1 }, form([4, 3]) { $0.weights = [4, 3] },
    form([4, 3]) { $0.weights = [4, 1] },
    form([4, 3]) {
      $0.weights = [3]
      $0.reduction = .none
    },
    form([5, 4]) { $0.type = .float64 }, form([5, 4]) { $0.type = .float16 },
    form([5, 4]) { $0.type = .bfloat16 },
  ]

  private static let logitForms: [Form] = [
    form([4, 3]) { $0.positive = [3] }, form([4, 3]) { $0.positive = [] },
    form([4, 3]) {
      $0.positive = [3]
      $0.weights = [4, 1]
      $0.smoothing = 0.2
    },
    form([6]) {
      $0.values = .list([1e4, -1e4, 0, -50, 50, 1])
      $0.targets = .list([1, 0, 1, 0, 0])
      $0.reduction = .none
    },
    form([9]) {
      $0.values = .constant(0)
      $0.targets = .list([1, 0, 0.5])
    },
  ]

  private static func record(_ name: String) -> OperationRecord {
    let isLogit = name == "sigmoidCrossEntropy"
    return OperationRecord(
      name, family: "Loss",
      samples: (isLogit ? forms + logitForms : forms).enumerated().map { sample(name, $1, $0) },
      badCalls: badCalls(name), benchmarks: [sample(name, form([1 << 20]), 800)])
  }

  private static func call(_ name: String, _ x: [Tensor], _ form: Form) throws -> Tensor {
    let weights = form.weights == nil ? nil : x[2]
    if name == "sigmoidCrossEntropy" {
      return try sigmoidCrossEntropy(
        x[0], x[1], weights: weights, positiveWeight: form.positive == nil ? nil : x[x.count - 1],
        labelSmoothing: form.smoothing, reduction: form.reduction)
    }
    return try binaryCrossEntropy(
      x[0], x[1], weights: weights, labelSmoothing: form.smoothing, reduction: form.reduction)
  }

  private static func sample(_ name: String, _ form: Form, _ index: Int) -> Sample {
    func input(_ shape: [Int], _ values: Values, _ number: Int) -> Input {
      Input(shape, form.type, values, seed: seeded(name, 4 * index + number))
    }
    let isLogit = name == "sigmoidCrossEntropy"
    var inputs = [
      input(form.shape, isLogit ? form.values : .uniform(0.05, 0.95), 0),
      input(form.shape, form.targets, 1),
    ]
    if let weights = form.weights { inputs.append(input(weights, .uniform(0.5, 2), 2)) }
    if let positive = form.positive { inputs.append(input(positive, .uniform(0.5, 3), 3)) }
    var words = ["\(form.reduction)"]
    if form.smoothing > 0 { words.append("smoothing \(form.smoothing)") }
    if form.positive != nil { words.append("positive weight") }
    let count = form.shape.reduce(1, *)
    return Sample(
      name, words.joined(separator: " "), inputs, differentiable: Array(inputs.indices),
      tolerance: .scaled(32 + Double(count) / 64), operations: 30 * Double(count),
      call: { [try call(name, $0, form)] }, reference: { [naive($0, form, isLogit)] }
    ).with {
      let isExtreme = form.values != .normal(2)
      $0.gradientTolerance = .scaled(128)
      $0.mayBeZero = count == 0 || isExtreme || form.smoothing == 1
      $0.isSmooth = !isExtreme
    }
  }

  private static func naive(_ operands: [Reference], _ form: Form, _ isLogit: Bool) -> Reference {
    let losses = Reference(form.shape) { index in
      let x = operands[0][index]
      let t = operands[1][index] * (1 - form.smoothing) + form.smoothing / 2
      let positive =
        form.positive == nil ? 1 : operands[operands.count - 1].broadcast(at: index)
      let weight = form.weights == nil ? 1 : operands[2].broadcast(at: index)
      func softplus(_ x: Double) -> Double {
        max(x, 0) + Foundation.log1p(Foundation.exp(-abs(x)))
      }
      let yes = isLogit ? softplus(-x) : -Foundation.log(x)
      let no = isLogit ? softplus(x) : -Foundation.log1p(-x)
      return weight * (positive * t * yes + (1 - t) * no)
    }
    let sum = losses.values.reduce(0, +)
    switch form.reduction {
    case .none: return losses
    case .sum: return Reference([], [sum])
    case .mean: return Reference([], [sum / Double(max(losses.count, 1))])
    }
  }

  private static func badCalls(_ name: String) -> [BadCall] {
    func bad(
      _ what: String, _ kind: TensorError.Kind, _ shapes: [[Int]], _ types: [ScalarType]? = nil,
      stranger: Int? = nil, _ change: (inout Form) -> Void = { _ in }
    ) -> BadCall {
      let inputs = shapes.enumerated().map { number, shape in
        let type = types?[number] ?? .float32
        return Input(shape, type, type.isFloatingPoint ? .uniform(0, 1) : .integers(0, 1))
      }
      let form = form([], change)
      return BadCall(what, [kind], inputs, stranger: stranger) { _ = try call(name, $0, form) }
    }
    var calls = [
      bad("targets", .shape, [[3, 4], [4, 3]]), bad("targets", .shape, [[3, 4], [4]]),
      bad("targets", .shape, [[], [1]]), bad("types", .dtype, [[3], [3]], [.float32, .float64]),
      bad("types", .dtype, [[3], [3]], [.float32, .int32]),
      bad("integers", .dtype, [[3], [3]], [.int32, .int32]),
      bad("bools", .dtype, [[3], [3]], [.bool, .bool]),
      bad("weights", .shape, [[3, 4], [3, 4], [3]]) { $0.weights = [3] },
      bad("weights", .shape, [[4], [4], [3, 4]]) { $0.weights = [3, 4] },
      bad("weights", .dtype, [[4], [4], [4]], [.float32, .float32, .bool]) { $0.weights = [4] },
      bad("devices", .device, [[4], [4]], stranger: 1),
      bad("devices", .device, [[4], [4], [4]], stranger: 2) { $0.weights = [4] },
    ]
    for smoothing in [-0.1, 1.5, .nan] {
      calls.append(
        bad("smoothing", .argument, [[3], [3]]) { $0.smoothing = smoothing })
    }
    if name == "sigmoidCrossEntropy" {
      calls.append(bad("positive weight", .shape, [[3, 4], [3, 4], [3]]) { $0.positive = [3] })
    }
    return calls
  }
}
