internal import Foundation
internal import Geometry
internal import Tensors

/// Connectionist temporal classification.
enum CTCCases {
  static let record = OperationRecord(
    "ctcLoss", family: "Loss", samples: forms.enumerated().map { sample($1, $0) },
    badCalls: badCalls,
    benchmarks: [
      sample(
        form(
          32, 100, 32, 20, steps: [Int](repeating: 100, count: 32),
          labels: [Int](repeating: 20, count: 32)), 800)
    ])

  private struct Form {
    var batch: Int, time: Int, classes: Int, room: Int
    var steps: [Int], labels: [Int]
    var blank = 0
    var reduction = LossReduction.mean
    var type = ScalarType.float32
    var integers = ScalarType.int32
    var targets: Values?
    var size = 1.0
  }

  private static func form(
    _ batch: Int, _ time: Int, _ classes: Int, _ room: Int, steps: [Int], labels: [Int],
    _ change: (inout Form) -> Void = { _ in }
  ) -> Form {
    var form = Form(
      batch: batch, time: time, classes: classes, room: room, steps: steps, labels: labels)
    change(&form)
    return form
  }

  private static let forms: [Form] = [
    form(1, 1, 2, 1, steps: [1], labels: [1]), form(1, 1, 2, 1, steps: [1], labels: [0]),
    form(1, 3, 3, 2, steps: [3], labels: [2]), form(2, 4, 3, 2, steps: [4, 3], labels: [2, 1]),
    form(2, 6, 4, 3, steps: [6, 5], labels: [3, 2]),
    // Repeats, which need a blank between.
    form(2, 5, 3, 3, steps: [5, 5], labels: [2, 3]) { $0.targets = .list([1, 1, 2, 2, 2, 1]) },
    form(1, 5, 3, 3, steps: [5], labels: [3]) { $0.targets = .list([2, 2, 2]) },
    // Too short for their labels, and for two equal ones.
    form(2, 4, 3, 3, steps: [2, 4], labels: [3, 3]) { $0.reduction = .none },
    form(1, 2, 3, 2, steps: [2], labels: [2]) { $0.targets = .list([1, 1]) },
    form(3, 4, 3, 2, steps: [0, 0, 4], labels: [0, 1, 2]) { $0.reduction = .none },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 2]) { $0.reduction = .sum },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 2]) { $0.reduction = .none },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 1]) { $0.blank = 3 },
    form(2, 5, 4, 0, steps: [5, 2], labels: [0, 0]), form(0, 5, 4, 2, steps: [], labels: []),
    form(2, 12, 5, 4, steps: [12, 9], labels: [4, 2]),
    form(1, 40, 7, 10, steps: [40], labels: [10]),
    form(3, 33, 3, 12, steps: [33, 30, 20], labels: [12, 3, 7]),
    form(1, 70, 40, 34, steps: [70], labels: [34]),
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 2]) { $0.integers = .int64 },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 2]) { $0.integers = .uint8 },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 1]) { $0.type = .float64 },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 1]) { $0.type = .float16 },
    form(2, 5, 4, 2, steps: [5, 4], labels: [2, 1]) { $0.type = .bfloat16 },
    form(2, 6, 4, 3, steps: [6, 5], labels: [3, 2]) { $0.size = 30 },
  ]

  private static func sample(_ form: Form, _ index: Int) -> Sample {
    func numbers(_ list: [Int]) -> Input {
      Input([form.batch], form.integers, .list(list.isEmpty ? [0] : list.map { Double($0) }))
    }
    let labels: Values = form.blank == 0 ? .integers(1, form.classes - 1) : .integers(0, 2)
    let inputs = [
      Input(
        [form.batch, form.time, form.classes], form.type, .normal(form.size),
        seed: seeded("ctcLoss", 2 * index)),
      Input(
        [form.batch, form.room], form.integers, form.targets ?? labels,
        seed: seeded("ctcLoss", 2 * index + 1)),
      numbers(form.steps), numbers(form.labels),
    ]
    return Sample(
      "ctcLoss", words(form),
      inputs, differentiable: [0], tolerance: .scaled(16 + 2 * Double(form.time) * form.size),
      operations: 60 * Double(form.batch * form.time * (2 * form.room + 1)),
      call: {
        [
          try ctcLoss(
            $0[0], $0[1], inputLengths: $0[2], targetLengths: $0[3], blank: form.blank,
            reduction: form.reduction)
        ]
      }, reference: { [naive($0, form)] }
    ).with {
      $0.gradientTolerance = .scaled(64 + 4 * Double(form.time) * form.size)
      $0.isTwiceDifferentiable = false
      $0.mayBeZero = true
      // Differences of infinities show nothing.
      let isImpossible = form.reduction == .none || form.labels.contains { 2 * $0 > form.time + 1 }
      $0.isSmooth = !isImpossible && form.size == 1
      $0.mayBeNaN = false
    }
  }

  private static func words(_ form: Form) -> String {
    let lengths = form.batch > 4 ? "" : " steps \(form.steps) labels \(form.labels)"
    return "\(form.reduction)\(lengths) blank \(form.blank)"
  }

  private static func naive(_ operands: [Reference], _ form: Form) -> Reference {
    let losses = (0..<form.batch).map { item -> Double in
      let steps = form.steps[item]
      let labels = (0..<form.labels[item]).map { Int(operands[1][[item, $0]]) }
      let rows = (0..<steps).map { t -> [Double] in
        let row = (0..<form.classes).map { operands[0][[item, t, $0]] }
        let largest = row.max() ?? 0
        let total = Foundation.log(row.reduce(0) { $0 + Foundation.exp($1 - largest) })
        return row.map { $0 - largest - total }
      }
      return -spelled(labels, by: rows, form)
    }
    let sum = losses.reduce(0, +)
    switch form.reduction {
    case .none: return Reference([form.batch], losses)
    case .sum: return Reference([], [sum])
    case .mean: return Reference([], [sum / Double(max(form.batch, 1))])
    }
  }

  /// The logarithm of the probability of `labels`: of all ways to choose a class a step where those
  /// are few, else label by label.
  private static func spelled(_ labels: [Int], by rows: [[Double]], _ form: Form) -> Double {
    func sum(_ logarithms: [Double]) -> Double {
      let largest = logarithms.max() ?? -.infinity
      guard largest.isFinite else { return -.infinity }
      return largest + Foundation.log(logarithms.reduce(0) { $0 + Foundation.exp($1 - largest) })
    }
    let ways = Foundation.pow(Double(form.classes), Double(rows.count))
    if ways <= 5000 {
      var found: [Double] = []
      forEachIndex(of: [Int](repeating: form.classes, count: rows.count)) { path in
        let merged = path.enumerated().filter {
          $0.offset == 0 || path[$0.offset - 1] != $0.element
        }
        guard merged.map(\.element).filter({ $0 != form.blank }) == labels else { return }
        found.append(zip(rows, path).reduce(0) { $0 + $1.0[$1.1] })
      }
      return sum(found)
    }
    // begun[k]: the first k labels are out, the step before was blank, or the last of them.
    var blank = [Double](repeating: -.infinity, count: labels.count + 1)
    var label = blank
    blank[0] = 0
    for row in rows {
      var nextBlank = blank
      var nextLabel = label
      for k in 0...labels.count {
        nextBlank[k] = sum([blank[k], label[k]]) + row[form.blank]
        guard k > 0 else { continue }
        let repeats = k > 1 && labels[k - 1] == labels[k - 2]
        let from = [label[k], blank[k - 1], repeats ? -.infinity : label[k - 1]]
        nextLabel[k] = sum(from) + row[labels[k - 1]]
      }
      blank = nextBlank
      label = nextLabel
    }
    return sum([blank[labels.count], label[labels.count]])
  }

  private static let badCalls: [BadCall] = {
    func bad(
      _ what: String, _ kind: TensorError.Kind, _ logits: [Int], _ targets: [Int],
      labels: [Double] = [1, 2], steps: [Double] = [4, 4], lengths: [Double] = [2, 1],
      _ types: [ScalarType] = [.float32, .int32, .int32, .int32], stranger: Int? = nil,
      blank: Int = 0
    ) -> BadCall {
      let inputs = [
        Input(logits, types[0], types[0].isFloatingPoint ? .normal(1) : .integers(0, 1)),
        Input(targets, types[1], .list(labels)), Input([steps.count], types[2], .list(steps)),
        Input([lengths.count], types[3], .list(lengths)),
      ]
      return BadCall(what, [kind], inputs, stranger: stranger) {
        _ = try ctcLoss(
          $0[0], $0[1], inputLengths: $0[2], targetLengths: $0[3], blank: blank
        ).scalars()
      }
    }
    let (x, y) = ([2, 4, 3], [2, 2])
    return [
      bad("label", .index, x, y, labels: [1, 3]), bad("label", .index, x, y, labels: [-1, 1]),
      bad("steps", .index, x, y, steps: [4, 5]), bad("steps", .index, x, y, steps: [-1, 4]),
      bad("lengths", .index, x, y, lengths: [3, 1]),
      bad("lengths", .index, x, y, lengths: [1, -1]),
      bad("blank", .argument, x, y, blank: 3), bad("blank", .argument, x, y, blank: -1),
      bad("rank", .shape, [2, 4], y), bad("rank", .shape, x, [4]),
      bad("batches", .shape, x, [3, 2]), bad("steps", .shape, x, y, steps: [4]),
      bad("lengths", .shape, x, y, lengths: [1, 1, 1]),
      bad("types", .dtype, x, y, [.int32, .int32, .int32, .int32]),
      bad("types", .dtype, x, y, [.float32, .float32, .int32, .int32]),
      bad("types", .dtype, x, y, [.float32, .int32, .float32, .int32]),
      bad("types", .dtype, x, y, [.float32, .int32, .int32, .bool]),
      bad("devices", .device, x, y, stranger: 1),
    ]
  }()
}
