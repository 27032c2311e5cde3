internal import Foundation
internal import Geometry
internal import Tensors

/// Losses of classifications.
enum LossCases {
  static let records: [OperationRecord] =
    [crossEntropy("softmaxCrossEntropy"), crossEntropy("nll")] + BinaryLossCases.records
    + [CTCCases.record]

  /// A call of a cross-entropy.
  private struct Form {
    var positions: [Int]
    var classes: Int
    var isDense = false
    var hasClassWeights = false
    var hasSampleWeights = false
    var smoothing = 0.0
    var ignored: Int?
    var reduction = LossReduction.mean
    var type = ScalarType.float32
    var labels = ScalarType.int32
    var values = Values.normal(2)
  }

  private static func form(
    _ positions: [Int], _ classes: Int, _ change: (inout Form) -> Void = { _ in }
  ) -> Form {
    var form = Form(positions: positions, classes: classes)
    change(&form)
    return form
  }

  /// Rows that are turned over and rows that are not, every option alone and some together.
  private static let forms: [Form] = [
    form([1], 1), form([1], 2), form([3], 5), form([65], 10), form([130], 3), form([7], 24),
    form([7], 25), form([5], 33), form([3], 257), form([2], 1000), form([2, 3], 4),
    form([2, 3, 4], 5), form([], 6), form([0], 3), form([2, 0], 3), form([9], 64),
    form([2], 70_000),
    form([4], 7) { $0.reduction = .none }, form([3, 30], 40) { $0.reduction = .none },
    form([4], 7) { $0.reduction = .sum }, form([4], 7) { $0.isDense = true },
    form([3, 2], 40) { $0.isDense = true },
    form([6], 5) { $0.hasClassWeights = true }, form([3], 30) { $0.hasClassWeights = true },
    form([6], 5) {
      $0.hasClassWeights = true
      $0.reduction = .none
    },
    form([6], 5) { $0.hasSampleWeights = true },
    form([6], 5) { $0.ignored = 2 }, form([40], 3) { $0.ignored = 0 },
    form([3], 4) {
      // Every label is ignored: the mean of nothing.
      $0.ignored = -7
      $0.labels = .int64
      $0.positions = [0]
    },
    form([6], 5) {
      $0.ignored = 1
      $0.hasClassWeights = true
      $0.hasSampleWeights = true
    },
    form([5], 4) {
      $0.isDense = true
      $0.hasClassWeights = true
      $0.hasSampleWeights = true
    },
    form([6], 5) { $0.labels = .int64 }, form([6], 5) { $0.labels = .uint8 },
    form([6], 5) { $0.type = .float64 }, form([6], 30) { $0.type = .float64 },
    form([6], 5) { $0.type = .float16 }, form([6], 5) { $0.type = .bfloat16 },
  ]

  private static let softmaxForms: [Form] = [
    form([6], 5) { $0.smoothing = 0.1 }, form([3], 30) { $0.smoothing = 1 },
    form([4], 5) {
      $0.smoothing = 0.2
      $0.isDense = true
    },
    form([6], 5) {
      $0.smoothing = 0.25
      $0.hasClassWeights = true
      $0.ignored = 0
    },
    form([3], 30) {
      $0.smoothing = 0.25
      $0.hasClassWeights = true
    },
    form([4], 7) { $0.values = .list([1e4, -1e4, 9999, 0, 3, 1e4]) },
    form([3], 35) { $0.values = .list([1e4, -1e4, 9999, 0, 3, 1e4]) },
  ]

  private static func crossEntropy(_ name: String) -> OperationRecord {
    let all = name == "nll" ? forms : forms + softmaxForms
    return OperationRecord(
      name, family: "Loss", samples: all.enumerated().map { sample(name, $1, $0) },
      badCalls: badCalls(name),
      benchmarks: [
        sample(name, form([4096], 1000), 800), sample(name, form([128], 10), 801),
        sample(name, form([256], 50000), 802),
      ])
  }

  /// `nll` or `softmaxCrossEntropy` of the operands in the order of a sample's.
  private static func call(_ name: String, _ x: [Tensor], _ form: Form) throws -> Tensor {
    let weights = form.hasClassWeights ? x[2] : nil
    let samples = form.hasSampleWeights ? x[x.count - 1] : nil
    if name == "nll" {
      return try nll(
        x[0], x[1], classWeights: weights, sampleWeights: samples, ignoreIndex: form.ignored,
        reduction: form.reduction)
    }
    return try softmaxCrossEntropy(
      x[0], x[1], classWeights: weights, sampleWeights: samples, labelSmoothing: form.smoothing,
      ignoreIndex: form.ignored, reduction: form.reduction)
  }

  private static func sample(_ name: String, _ form: Form, _ index: Int) -> Sample {
    func input(_ shape: [Int], _ type: ScalarType, _ values: Values, _ number: Int) -> Input {
      Input(shape, type, values, seed: seeded(name, 4 * index + number))
    }
    let whole = form.positions + [form.classes]
    let scores: Values = name == "nll" ? .uniform(-4, -0.1) : form.values
    var inputs = [
      input(whole, form.type, scores, 0),
      form.isDense
        ? input(whole, form.type, .uniform(0, 1), 1)
        : input(form.positions, form.labels, .integers(0, form.classes - 1), 1),
    ]
    if form.hasClassWeights {
      inputs.append(input([form.classes], form.type, .uniform(0.5, 2), 2))
    }
    if form.hasSampleWeights {
      inputs.append(input(form.positions, form.type, .uniform(0.5, 2), 3))
    }
    var words = ["\(form.reduction)"]
    if form.smoothing > 0 { words.append("smoothing \(form.smoothing)") }
    if let ignored = form.ignored { words.append("ignoring \(ignored)") }
    if form.hasClassWeights { words.append("class weights") }
    let terms = Double(form.positions.reduce(1, *) + form.classes)
    var differentiable = [0]
    if form.isDense { differentiable.append(1) }
    if form.hasSampleWeights { differentiable.append(inputs.count - 1) }
    return Sample(
      name, words.joined(separator: " "), inputs, differentiable: differentiable,
      tolerance: .scaled(32 + terms / 16), operations: 12 * Double(whole.reduce(1, *)),
      call: { [try call(name, $0, form)] },
      reference: { [naive($0, form, isLogarithm: name == "nll")] }
    ).with {
      let isExtreme = form.values != .normal(2)
      $0.gradientTolerance = .scaled(128 + terms / 8)
      $0.mayBeZero =
        name == "nll" || form.classes < 2 || inputs[0].count == 0 || isExtreme
        || form.ignored != nil
      $0.isSmooth = !isExtreme
      $0.comparesGradients = inputs[0].count > 0
    }
  }

  private static func naive(
    _ operands: [Reference], _ form: Form, isLogarithm: Bool
  ) -> Reference {
    let (x, targets) = (operands[0], operands[1])
    let classWeights = form.hasClassWeights ? operands[2] : nil
    let samples = form.hasSampleWeights ? operands[operands.count - 1] : nil
    var weight = 0.0
    let losses = Reference(form.positions) { index in
      let row = (0..<form.classes).map { x[index + [$0]] }
      let largest = row.max() ?? 0
      let total = Foundation.log(row.reduce(0) { $0 + Foundation.exp($1 - largest) })
      var loss = 0.0
      let label = form.isDense ? -1 : Int(targets[index])
      if label == form.ignored { return 0 }
      weight += form.isDense ? 1 : classWeights?[[label]] ?? 1
      for c in 0..<form.classes {
        let target = form.isDense ? targets[index + [c]] : c == label ? 1 : 0
        let q = target * (1 - form.smoothing) + form.smoothing / Double(form.classes)
        if q == 0 { continue }
        let logarithm = isLogarithm ? row[c] : row[c] - largest - total
        loss -= (classWeights?[[c]] ?? 1) * q * logarithm
      }
      return loss * (samples?[index] ?? 1)
    }
    let sum = losses.values.reduce(0, +)
    switch form.reduction {
    case .none: return losses
    case .sum: return Reference([], [sum])
    case .mean: return Reference([], [weight == 0 ? 0 : sum / weight])
    }
  }

  private static func badCalls(_ name: String) -> [BadCall] {
    func bad(
      _ what: String, _ kind: TensorError.Kind, _ scores: [Int], _ labels: Input,
      more: [Input] = [], type: ScalarType = .float32, stranger: Int? = nil,
      _ change: (inout Form) -> Void = { _ in }
    ) -> BadCall {
      let form = form([], 0, change)
      let values: Values = type.isFloatingPoint ? .normal(1) : .integers(0, 1)
      return BadCall(
        what, [kind], [Input(scores, type, values), labels] + more, stranger: stranger
      ) { operands in
        _ = try call(name, operands, form).scalars()
      }
    }
    func labels(_ list: [Double], _ shape: [Int]? = nil, _ type: ScalarType = .int32) -> Input {
      Input(shape ?? [list.count], type, .list(list))
    }
    let good = labels([0, 1, 2])
    var calls = [
      bad("label too large", .index, [3, 4], labels([0, 4, 1])),
      bad("label below zero", .index, [3, 4], labels([0, 1, -1])),
      bad("label far off", .index, [3, 40], labels([1, 2, 1_000_000_000])),
      bad("long label", .index, [3, 4], labels([0, 1, 4_294_967_297], nil, .int64)),
      bad("byte", .index, [3, 4], labels([0, 255, 1], nil, .uint8)),
      bad("label besides an ignored one", .index, [3, 4], labels([-1, 2, 4])) { $0.ignored = -1 },
      bad("shape of labels", .shape, [3, 4], labels([0, 1])),
      bad("shape of labels", .shape, [3, 4], labels([0], [3, 4])),
      bad("shape of targets", .shape, [3, 4], Input([3])),
      bad("shape of targets", .shape, [3, 4], Input([4, 3])),
      bad("scores without classes", .shape, [], labels([0], [])),
      bad("no classes", .shape, [3, 0], good),
      bad("class weights", .shape, [3, 4], good, more: [Input([3])]) { $0.hasClassWeights = true },
      bad("class weights", .dtype, [3, 4], good, more: [Input([4], .float64)]) {
        $0.hasClassWeights = true
      },
      bad("class weights", .dtype, [3, 4], good, more: [Input([4], .int32, .constant(1))]) {
        $0.hasClassWeights = true
      },
      bad("sample weights", .shape, [3, 4], good, more: [Input([4])]) {
        $0.hasSampleWeights = true
      },
      bad("integers", .dtype, [3, 4], good, type: .int32),
      bad("bools", .dtype, [3, 4], Input([3], .bool, .bools)),
      bad("types", .dtype, [3, 4], Input([3, 4], .float64)),
      bad("ignoring a distribution", .argument, [3, 4], Input([3, 4])) { $0.ignored = 1 },
      bad("devices", .device, [3, 4], good, stranger: 1),
    ]
    if name != "nll" {
      for smoothing in [-0.1, 1.5, .nan] {
        calls.append(
          bad("smoothing \(smoothing)", .argument, [3, 4], good) { $0.smoothing = smoothing })
      }
    }
    return calls
  }
}
