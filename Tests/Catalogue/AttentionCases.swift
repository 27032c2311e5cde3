internal import Foundation
internal import Geometry
internal import Tensors

/// Attention by products and by sums.
enum AttentionCases {
  static let records: [OperationRecord] = [scaled, AdditiveAttentionCases.record]

  /// Sizes of a call.
  private struct Form {
    var lead: [Int]
    var queries: Int, keys: Int, width: Int, values: Int
    var mask: (shape: [Int], type: ScalarType)?
    var isCausal = false
    var scale: Double?
    var type = ScalarType.float32
    var view = Input.View.plain
    var size = 1.0
  }

  private static func form(
    _ lead: [Int], _ queries: Int, _ keys: Int, _ width: Int, _ values: Int,
    _ change: (inout Form) -> Void = { _ in }
  ) -> Form {
    var form = Form(lead: lead, queries: queries, keys: keys, width: width, values: values)
    change(&form)
    return form
  }

  private static let forms: [Form] = [
    form([1, 1], 1, 1, 1, 1), form([2, 2], 4, 4, 5, 5), form([2, 2], 4, 6, 5, 3),
    form([1, 2], 3, 7, 8, 9), form([2, 1], 9, 5, 4, 4), form([1, 1], 65, 33, 16, 8),
    form([0, 2], 3, 3, 4, 4), form([1, 1], 2, 0, 3, 3), form([3], 5, 4, 2, 6), form([], 3, 4, 5, 2),
    form([1, 1], 1, 64, 3, 2),
    form([2, 2], 4, 4, 5, 5) { $0.isCausal = true },
    form([1, 2], 3, 6, 2, 2) { $0.isCausal = true },
    form([1, 1], 6, 3, 2, 2) { $0.isCausal = true }, form([2], 5, 5, 3, 3) { $0.isCausal = true },
    form([2, 2], 4, 6, 5, 5) { $0.mask = ([2, 1, 1, 6], .bool) },
    form([2, 3], 4, 5, 3, 3) { $0.mask = ([2, 3, 4, 5], .bool) },
    form([2, 2], 4, 5, 3, 3) { $0.mask = ([4, 5], .bool) },
    form([2, 2], 4, 5, 3, 3) { $0.mask = ([4, 1], .bool) },
    form([2, 2], 4, 5, 3, 3) { $0.mask = ([2, 1, 4, 5], .float32) },
    form([2, 2], 4, 4, 3, 3) {
      $0.mask = ([4], .float32)
      $0.isCausal = true
    },
    form([2], 4, 5, 3, 3) { $0.mask = ([2, 1, 5], .bool) },
    form([1, 1], 2, 3, 2, 2) {
      $0.mask = ([1, 1, 2, 3], .bool)
      $0.isCausal = true
    },
    form([2, 2], 4, 4, 5, 5) { $0.scale = 0.5 }, form([1, 2], 3, 3, 2, 2) { $0.scale = -1 },
    form([1, 2], 3, 4, 4, 4) { $0.size = 100 },
    form([2, 1], 3, 4, 2, 5) { $0.view = .permuted },
    form([2, 1], 3, 4, 2, 5) { $0.view = .sliced },
    form([1, 2], 3, 4, 5, 2) { $0.type = .float64 },
    form([1, 2], 3, 4, 5, 2) { $0.type = .float16 },
    form([1, 2], 3, 4, 5, 2) { $0.type = .bfloat16 },
    form([1, 1], 3, 4, 5, 2) {
      $0.type = .float64
      $0.mask = ([3, 4], .float64)
    },
  ]

  private static let scaled: OperationRecord = OperationRecord(
    "scaledDotProductAttention", family: "Attention",
    samples: forms.enumerated().map { sample($1, $0) }, badCalls: badCalls,
    benchmarks: [sample(form([8, 8], 256, 256, 64, 64), 800)])

  private static func sample(_ form: Form, _ index: Int) -> Sample {
    func input(_ shape: [Int], _ number: Int, _ values: Values = .normal(1)) -> Input {
      Input(
        form.lead + shape, form.type, values, view: form.view,
        seed: seeded("scaledDotProductAttention", 4 * index + number))
    }
    var inputs = [
      input([form.queries, form.width], 0, .normal(form.size)),
      input([form.keys, form.width], 1), input([form.keys, form.values], 2),
    ]
    if let mask = form.mask {
      // Every third row of bools allows nothing.
      let allowed: [Double] = [1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
      inputs.append(
        Input(
          mask.shape, mask.type, mask.type == .bool ? .list(allowed) : .normal(1),
          seed: seeded("scaledDotProductAttention", 4 * index + 3)))
    }
    var words: [String] = []
    if form.isCausal { words.append("causal") }
    if let scale = form.scale { words.append("scale \(scale)") }
    let scale = form.scale ?? 1 / Double(max(form.width, 1)).squareRoot()
    let lengths = Double(form.width + form.keys)
    return Sample(
      "scaledDotProductAttention", words.joined(separator: " "), inputs,
      differentiable: Array(inputs.indices), tolerance: .scaled(64 + lengths * form.size),
      operations: 2 * Double(form.lead.reduce(1, *) * form.queries * form.keys)
        * Double(form.width + form.values),
      call: {
        [
          try scaledDotProductAttention(
            $0[0], $0[1], $0[2], mask: $0.count > 3 ? $0[3] : nil, isCausal: form.isCausal,
            scale: form.scale)
        ]
      },
      reference: { operands in
        [naive(operands, isCausal: form.isCausal, scale: scale, isBool: form.mask?.type == .bool)]
      }
    ).with {
      $0.gradientTolerance = .scaled(128 + 4 * lengths * form.size)
      $0.mayBeZero = form.mask != nil || form.keys < 2 || form.size > 1
      // Where one weight is nearly all, what is left of the others is lost in scores this large.
      $0.comparesGradients = form.size == 1
      $0.runsEverywhere = form.view != .sliced
    }
  }

  private static func naive(
    _ operands: [Reference], isCausal: Bool, scale: Double, isBool: Bool
  ) -> Reference {
    let (query, key, value) = (operands[0], operands[1], operands[2])
    let keys = key.shape[key.rank - 2]
    let width = query.shape[query.rank - 1]
    return Reference(query.shape.dropLast() + [value.shape[value.rank - 1]]) { index in
      let lead = Array(index.dropLast(2))
      let (row, column) = (index[index.count - 2], index[index.count - 1])
      let scores = (0..<keys).map { k -> Double in
        if isCausal, k > row { return -.infinity }
        var score = 0.0
        for d in 0..<width { score += query[lead + [row, d]] * key[lead + [k, d]] }
        score *= scale
        guard operands.count > 3 else { return score }
        let mask = operands[3].broadcast(at: lead + [row, k])
        return isBool ? (mask == 0 ? -.infinity : score) : score + mask
      }
      let largest = scores.max() ?? 0
      guard largest.isFinite else { return 0 }
      let weights = scores.map { Foundation.exp($0 - largest) }
      let total = weights.reduce(0, +)
      return (0..<keys).reduce(0) { $0 + weights[$1] / total * value[lead + [$1, column]] }
    }
  }

  private static let badCalls: [BadCall] = {
    func bad(
      _ what: String, _ kind: TensorError.Kind, _ shapes: [[Int]],
      _ types: [ScalarType] = [.float32, .float32, .float32, .float32], stranger: Int? = nil,
      scale: Double? = nil
    ) -> BadCall {
      let inputs = zip(shapes, types).map {
        Input($0.0, $0.1, $0.1.isFloatingPoint ? .normal(1) : .integers(0, 1))
      }
      return BadCall(what, [kind], inputs, stranger: stranger) {
        _ = try scaledDotProductAttention(
          $0[0], $0[1], $0[2], mask: $0.count > 3 ? $0[3] : nil, scale: scale)
      }
    }
    let (q, k, v) = ([2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 6])
    return [
      bad("rank", .shape, [[4], [4], [4]]), bad("rank", .shape, [[], [], []]),
      bad("rank", .shape, [[1, 2, 2, 3, 4], [1, 2, 2, 5, 4], [1, 2, 2, 5, 6]]),
      bad("ranks", .shape, [q, [2, 5, 4], v]), bad("batches", .shape, [q, [1, 2, 5, 4], v]),
      bad("heads", .shape, [q, k, [2, 1, 5, 6]]), bad("width", .shape, [q, [2, 2, 5, 3], v]),
      bad("keys", .shape, [q, k, [2, 2, 4, 6]]), bad("mask", .shape, [q, k, v, [2, 2, 3, 4]]),
      bad("mask", .shape, [q, k, v, [1, 2, 2, 3, 5]]),
      bad("mask", .dtype, [q, k, v, [3, 5]], [.float32, .float32, .float32, .int32]),
      bad("mask", .dtype, [q, k, v, [3, 5]], [.float32, .float32, .float32, .float64]),
      bad("types", .dtype, [q, k, v], [.float32, .float64, .float32]),
      bad("types", .dtype, [q, k, v], [.int32, .int32, .int32]),
      bad("devices", .device, [q, k, v], stranger: 1),
      bad("devices", .device, [q, k, v, [3, 5]], stranger: 3),
      bad("scale", .argument, [q, k, v], scale: .infinity),
      bad("scale", .argument, [q, k, v], scale: .nan),
    ]
  }()
}
