internal import Foundation
internal import Geometry
internal import Tensors

/// Attention whose scores are sums of hyperbolic tangents.
enum AdditiveAttentionCases {
  static let record = OperationRecord(
    "additiveAttention", family: "Attention",
    samples: forms.enumerated().map { sample($1, $0) }, badCalls: badCalls,
    benchmarks: [
      sample(Form(batch: 16, queries: 32, keys: 64, units: 64, values: 64), 800)
    ])

  private struct Form {
    var batch: Int, queries: Int, keys: Int, units: Int, values: Int
    /// The widths of queries and keys before they are projected.
    var widths: (Int, Int)?
    var mask: [Int]?
    var type = ScalarType.float32
  }

  private static func form(
    _ batch: Int, _ queries: Int, _ keys: Int, _ units: Int, _ values: Int,
    widths: (Int, Int)? = nil, mask: [Int]? = nil, _ type: ScalarType = .float32
  ) -> Form {
    Form(
      batch: batch, queries: queries, keys: keys, units: units, values: values, widths: widths,
      mask: mask, type: type)
  }

  private static let forms: [Form] = [
    form(1, 1, 1, 1, 1), form(2, 3, 5, 4, 4), form(2, 3, 5, 4, 6), form(1, 1, 7, 3, 2),
    form(3, 2, 1, 2, 2), form(1, 5, 3, 8, 1), form(2, 2, 33, 5, 3), form(1, 9, 9, 7, 2),
    form(0, 3, 4, 2, 2), form(1, 2, 0, 3, 2), form(1, 1, 2, 0, 3), form(1, 4, 65, 2, 2),
    form(2, 1, 6, 5, 3, widths: (4, 3)), form(2, 3, 4, 2, 2, widths: (1, 5)),
    form(2, 3, 5, 4, 4, mask: [2, 5]), form(3, 2, 4, 2, 2, mask: [3, 4]),
    form(2, 3, 5, 2, 2, mask: [2, 3, 5]), form(2, 3, 5, 2, 2, mask: [2, 1, 5]),
    form(2, 3, 5, 2, 2, mask: [1, 3, 5]), form(2, 3, 5, 2, 2, mask: [5]),
    form(1, 2, 3, 2, 2, widths: (3, 3), mask: [1, 3]), form(1, 2, 3, 4, 2, .float64),
    form(1, 2, 3, 4, 2, .float16), form(1, 2, 3, 4, 2, .bfloat16),
  ]

  private static func sample(_ form: Form, _ index: Int) -> Sample {
    func input(_ shape: [Int], _ number: Int) -> Input {
      Input(shape, form.type, .normal(1), seed: seeded("additiveAttention", 8 * index + number))
    }
    let widths = form.widths ?? (form.units, form.units)
    var inputs = [
      input([form.batch, form.queries, widths.0], 0), input([form.batch, form.keys, widths.1], 1),
      input([form.batch, form.keys, form.values], 2), input([form.units], 3),
    ]
    let isProjected = form.widths != nil
    if isProjected {
      inputs += [input([widths.0, form.units], 4), input([widths.1, form.units], 5)]
    }
    let differentiable = Array(inputs.indices)
    if let mask = form.mask {
      // The second of the batch sees nothing.
      let allowed: [Double] = [1, 0, 1, 1, 1, 0, 0, 0, 0, 0]
      inputs.append(Input(mask, .bool, .list(allowed)))
    }
    let hasMask = form.mask != nil
    return Sample(
      "additiveAttention", "", inputs, differentiable: differentiable,
      tolerance: .scaled(64 + Double(form.keys)),
      operations: 10 * Double(form.batch * form.queries * form.keys * form.units),
      call: {
        let (result, weights) = try additiveAttention(
          $0[0], $0[1], $0[2], scoreWeights: $0[3], queryProjection: isProjected ? $0[4] : nil,
          keyProjection: isProjected ? $0[5] : nil, mask: hasMask ? $0[$0.count - 1] : nil)
        return [result, weights]
      },
      reference: { naive($0, isProjected: isProjected, hasMask: hasMask) }
    ).with {
      $0.gradientTolerance = .scaled(256 + 4 * Double(form.keys))
      $0.mayBeZero = hasMask || form.keys < 2 || form.units == 0
    }
  }

  private static func naive(
    _ operands: [Reference], isProjected: Bool, hasMask: Bool
  ) -> [Reference] {
    func projected(_ x: Reference, _ matrix: Reference?) -> Reference {
      guard let matrix else { return x }
      return Reference(Array(x.shape.dropLast()) + [matrix.shape[1]]) { index in
        (0..<matrix.shape[0]).reduce(0) {
          $0 + x[[index[0], index[1], $1]] * matrix[[$1, index[2]]]
        }
      }
    }
    let query = projected(operands[0], isProjected ? operands[4] : nil)
    let key = projected(operands[1], isProjected ? operands[5] : nil)
    let (value, v) = (operands[2], operands[3])
    let mask = hasMask ? operands.last : nil
    let keys = key.shape[1]
    var weights = Reference([query.shape[0], query.shape[1], keys], repeating: 0)
    forEachIndex(of: [query.shape[0], query.shape[1]]) { index in
      let (b, t) = (index[0], index[1])
      let scores = (0..<keys).map { s -> Double in
        if let mask {
          let place = mask.rank == 2 ? [b, s] : [b, t, s]
          if mask.broadcast(at: place) == 0 { return -.infinity }
        }
        return (0..<v.shape[0]).reduce(0) {
          $0 + v[[$1]] * Foundation.tanh(query[[b, t, $1]] + key[[b, s, $1]])
        }
      }
      let largest = scores.max() ?? 0
      guard largest.isFinite else { return }
      let total = scores.reduce(0) { $0 + Foundation.exp($1 - largest) }
      for s in 0..<keys { weights[[b, t, s]] = Foundation.exp(scores[s] - largest) / total }
    }
    let result = Reference([query.shape[0], query.shape[1], value.shape[2]]) { index in
      (0..<keys).reduce(0) {
        $0 + weights[[index[0], index[1], $1]] * value[[index[0], $1, index[2]]]
      }
    }
    return [result, weights]
  }

  private static let badCalls: [BadCall] = {
    func bad(
      _ what: String, _ kind: TensorError.Kind, _ shapes: [[Int]], mask: Bool = false,
      _ types: [ScalarType]? = nil, stranger: Int? = nil
    ) -> BadCall {
      let inputs = shapes.enumerated().map { number, shape in
        let type = types?[number] ?? .float32
        return Input(shape, type, type.isFloatingPoint ? .normal(1) : .integers(0, 1))
      }
      return BadCall(what, [kind], inputs, stranger: stranger) {
        _ = try additiveAttention(
          $0[0], $0[1], $0[2], scoreWeights: $0[3],
          queryProjection: !mask && $0.count > 4 ? $0[4] : nil, mask: mask ? $0[4] : nil)
      }
    }
    let (q, k, v, u) = ([2, 3, 4], [2, 5, 4], [2, 5, 6], [4])
    return [
      bad("rank", .shape, [[3, 4], k, v, u]), bad("rank", .shape, [q, [5, 4], v, u]),
      bad("rank", .shape, [q, k, [5, 6], u]), bad("batches", .shape, [q, [1, 5, 4], v, u]),
      bad("batches", .shape, [q, k, [3, 5, 6], u]), bad("keys", .shape, [q, k, [2, 4, 6], u]),
      bad("units", .shape, [q, [2, 5, 3], v, u]), bad("score weights", .shape, [q, k, v, [3]]),
      bad("score weights", .shape, [q, k, v, [4, 1]]),
      bad("projection", .shape, [q, k, v, u, [3, 4]]),
      bad("projection", .shape, [q, k, v, u, [4, 5]]),
      bad("mask", .shape, [q, k, v, u, [3, 5]], mask: true, Self.types(.bool)),
      bad("mask", .shape, [q, k, v, u, [2, 4, 5]], mask: true, Self.types(.bool)),
      bad("mask", .dtype, [q, k, v, u, [2, 5]], mask: true, Self.types(.int32)),
      bad("types", .dtype, [q, k, v, u], [.float32, .float32, .float64, .float32]),
      bad("types", .dtype, [q, k, v, u], [.int32, .int32, .int32, .int32]),
      bad("devices", .device, [q, k, v, u], stranger: 3),
    ]
  }()

  private static func types(_ mask: ScalarType) -> [ScalarType] {
    [.float32, .float32, .float32, .float32, mask]
  }
}
